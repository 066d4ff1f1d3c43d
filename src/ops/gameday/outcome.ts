import type { LeverRun, Outcome, State } from "./journal.js";
import type { Loaded } from "./load.js";

/** A state that was looked for, and after how long it was found, or given up. */
export interface Found {
  readonly state: State;
  readonly ms: number;
}

/** What an experiment came to. */
export interface Seen {
  /** Looks at the steady state while the fault was on. */
  readonly looks: readonly State[];
  readonly deviated: boolean;
  readonly detection: Found | null;
  readonly rolledBack: boolean | null;
  readonly recovery: Found | null;
  readonly levers: readonly LeverRun[];
}

/** What a team wants to know of it; what the experiment doesn't say itself, its runbook says. */
export function outcomeOf({ reliability, runbook }: Pick<Loaded, "reliability" | "runbook">, seen: Seen): Outcome {
  const { owner, metric, alert } = reliability;
  const { detection, recovery } = seen;
  return {
    owner: owner ?? runbook?.owner ?? null,
    runbook: runbook?.name ?? null,
    metric: metric ?? runbook?.metric ?? null,
    expectedAlert: alert ?? runbook?.alert ?? null,
    hypothesisHeld: seen.looks.length > 0 ? !seen.deviated : null,
    detected: detection?.state.steady_state_met ?? null,
    detectedMs: metAfter(detection),
    rolledBack: seen.rolledBack,
    recovered: recovery?.state.steady_state_met ?? null,
    recoveredMs: metAfter(recovery),
    levers: [...seen.levers],
  };
}

function metAfter(found: Found | null): number | null {
  return found?.state.steady_state_met === true ? Math.round(found.ms) : null;
}
