import type { Profile } from "../config/scenario.js";
import type { PlannedLane, SloLanes } from "./lanes.js";
import type { Unasked } from "./memory.js";
import type { Usage } from "./monitor.js";
import type { DrillPlan } from "./plan.js";
import type { Recorder } from "./recorder.js";
import type { RunResult } from "./run.js";

/** A drill that has run. */
export interface Drilled {
  readonly profile: Profile;
  readonly plan: DrillPlan;
  readonly lanes: readonly PlannedLane[];
  readonly slos: readonly SloLanes[];
  readonly recorder: Recorder;
  readonly result: RunResult;
  readonly usage: Usage;
  /** Why the service was not asked for its memory; left out: it was. */
  readonly unasked?: Unasked;
  /** Whether it ended before its time. */
  readonly interrupted: boolean;
}
