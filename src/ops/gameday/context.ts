import type { OperatorClient } from "../operate/client.js";
import type { ROLLBACK_STRATEGIES } from "./experiment.js";
import type { CommandRun } from "./journal.js";
import type { Loaded } from "./load.js";
import type { Surroundings } from "./providers.js";

/** When faults are taken back: `deviated`: only when the steady state did not hold. */
export type RollbackStrategy = (typeof ROLLBACK_STRATEGIES)[number];

/** What is told while an experiment runs. */
export interface GameDayStep {
  readonly experiment: string;
  readonly kind:
    | "experiment"
    | "steady-state"
    | "activity"
    | "detection"
    | "runbook"
    | "lever"
    | "rollback"
    | "recovery";
  /** Of the activity, the command, the lever; in words for the others. */
  readonly name: string;
  readonly ok: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** What an experiment is run with. */
export interface RunContext {
  readonly around: Surroundings;
  /** Pulls the runbook's levers. Not stopped by Ctrl-C. */
  readonly operator: OperatorClient;
  /** Of Ctrl-C. What takes faults and levers back is not stopped by it. */
  readonly signal: AbortSignal;
  /** Instead of what the experiment says. */
  readonly rollbacks: RollbackStrategy | undefined;
  readonly dryRun: boolean;
  runCommand(command: Loaded["commands"][number], signal: AbortSignal | undefined): Promise<CommandRun>;
  step(step: GameDayStep): void;
}
