/** Prove a service before each release: probes, drills, gates, canaries, game days. For Node alone. */

export { type Artefact, type ArtefactKind, artefactName } from "./artefact/envelope.js";
export { readArtefact, readArtefactOf } from "./artefact/read.js";
export { type Config, type ConfigInput, defineConfig } from "./config/config.js";
export { type Overrides, openWorkspace, type Workspace } from "./config/load.js";
export type { DrillData } from "./drill/data.js";
export { type DrillOptions, runDrill } from "./drill/drill.js";
export { type DrillProgress, progressLine } from "./drill/progress.js";
export { EXIT, OpsError, UnavailableError, UsageError } from "./failure.js";
export { type Io, processIo } from "./io.js";
export { type Check, type CheckVerdict, exitCodeOf, type Verdict, worst } from "./verdict.js";
