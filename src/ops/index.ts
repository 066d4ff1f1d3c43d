/** Prove a service before each release: probes, drills, gates, canaries, game days. For Node alone. */

export { type Artefact, type ArtefactKind, artefactName } from "./artefact/envelope.js";
export { readArtefact, readArtefactOf } from "./artefact/read.js";
export { writeArtefact } from "./artefact/write.js";
export { type Config, type ConfigInput, defineConfig } from "./config/config.js";
export { type Overrides, openWorkspace, type Workspace } from "./config/load.js";
export type { DrillData } from "./drill/data.js";
export { type DrillOptions, runDrill } from "./drill/drill.js";
export { type DrillProgress, progressLine } from "./drill/progress.js";
export { EXIT, OpsError, UnavailableError, UsageError } from "./failure.js";
export { type GameDayOptions, runGameDay } from "./gameday/game-day.js";
export { type GameDayData, gameDayDataSchema } from "./gameday/journal.js";
export type { GameDayStep, RollbackStrategy } from "./gameday/run-experiment.js";
export { type Io, processIo } from "./io.js";
export { commandText, shownCommands } from "./runbook/command-text.js";
export { type CommandOutcome, runRunbookCommand } from "./runbook/run-command.js";
export { parseRunbook, type Runbook, type RunbookCommand } from "./runbook/runbook.js";
export { type Check, type CheckVerdict, exitCodeOf, type Verdict, worst } from "./verdict.js";
