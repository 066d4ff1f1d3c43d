/** Prove a service before each release: probes, drills, gates, canaries, game days. For Node alone. */

export { type Artefact, type ArtefactKind, artefactName } from "./artefact/envelope.js";
export { readArtefact, readArtefactOf } from "./artefact/read.js";
export { compareArtefacts } from "./compare/compare.js";
export type { ComparisonData, Tolerance } from "./compare/data.js";
export { TOLERANCE } from "./compare/drills.js";
export { comparisonMarkdown } from "./compare/markdown.js";
export { type Config, type ConfigInput, defineConfig } from "./config/config.js";
export { type Overrides, openWorkspace, type Workspace } from "./config/load.js";
export { buildDashboard, type DashboardOptions } from "./dashboard/build.js";
export type { DashboardData } from "./dashboard/data.js";
export { dashboardMarkdown } from "./dashboard/markdown.js";
export { BURN_PAIRS, type BurnPair } from "./dashboard/model/burn-pairs.js";
export type { SnapshotPart } from "./dashboard/sources.js";
export { type DashboardFiles, writeDashboard } from "./dashboard/write.js";
export { EXIT, OpsError, UnavailableError, UsageError } from "./failure.js";
export { type Io, processIo } from "./io.js";
export { type Check, type CheckVerdict, exitCodeOf, type Verdict, worst } from "./verdict.js";
