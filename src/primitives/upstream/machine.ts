import type { Context } from "../../core/context.js";
import type { Deadlines } from "../../core/deadlines.js";
import type { Runtime, SliRecorder } from "../../core/runtime.js";
import type { Breaker } from "../breaker/breaker.js";
import type { Bulkhead } from "../bulkhead/bulkhead.js";
import type { FallbackPlan } from "../fallback/plan.js";
import type { HedgePlan } from "../hedge/plan.js";
import type { CallOutcome } from "../outcome.js";
import type { RetryPlan } from "../retry/plan.js";
import type { UpstreamLimiter } from "./options.js";

/** What all calls of one upstream share, for as long as it lives. */
export interface Machine {
  readonly name: string;
  readonly rt: Runtime;
  readonly breaker: Breaker | undefined;
  readonly bulkhead: Bulkhead | undefined;
  readonly limiter: UpstreamLimiter | undefined;
  readonly fallback: FallbackPlan<unknown> | undefined;
  readonly sli: SliRecorder | undefined;
  readonly counts: UpstreamCounts;
  /** Told when the last call has settled; set while draining. */
  drained: (() => void) | undefined;
}

/** What depends on knobs. A call keeps to the plan that it began with. */
export interface UpstreamPlan {
  /** Total time-outs of calls that go straight through. */
  readonly totals: Deadlines | undefined;
  /** Time-outs of attempts. */
  readonly attempts: Deadlines | undefined;
  readonly retry: RetryPlan | undefined;
  readonly hedge: HedgePlan | undefined;
}

/** What has happened so far. */
export interface UpstreamCounts extends Record<`${CallOutcome}`, number> {
  running: number;
  retries: number;
  hedges: number;
  timeouts: number;
  fallbacks: number;
}

/** Counts a call that has ended, and tells those who listen. */
export function settled(
  machine: Machine,
  outcome: CallOutcome,
  durationMs: number,
  attempts: number,
  context: Context | undefined,
): void {
  const { counts, sli, rt, name } = machine;
  counts[outcome]++;
  if (sli !== undefined) {
    const blameless = outcome === "ignored" || outcome === "cancelled";
    sli.record(blameless ? undefined : outcome !== "success", durationMs);
  }
  if (rt.events.wants("upstream.settled"))
    rt.events.emit("upstream.settled", { name, context, outcome, durationMs, attempts });
  if (--counts.running === 0) machine.drained?.();
}
