import type { BreakerSnapshot } from "../breaker/snapshot.js";
import type { BulkheadSnapshot } from "../bulkhead/snapshot.js";
import type { RetryBudgetSnapshot } from "../retry/budget.js";
import type { Machine, UpstreamPlan } from "./machine.js";

/** An upstream as plain data: calls since it was made, by how they ended, and its parts now. */
export interface UpstreamSnapshot {
  /** Calls under way. */
  readonly running: number;
  readonly successes: number;
  readonly failures: number;
  /** Ended without blame: the request was at fault. */
  readonly ignored: number;
  /** The caller's own signal aborted. */
  readonly cancelled: number;
  /** Refused by one of the upstream's own parts. */
  readonly rejected: number;
  readonly retries: number;
  readonly hedges: number;
  /** Time-outs, of attempts and of calls. */
  readonly timeouts: number;
  readonly fallbacks: number;
  readonly budget: RetryBudgetSnapshot | null;
  readonly breaker: BreakerSnapshot | null;
  readonly bulkhead: BulkheadSnapshot | null;
  /** The options in effect that aren't a part's own; `null` where one is off. */
  readonly config: {
    readonly timeoutMs: number | null;
    readonly attemptTimeoutMs: number | null;
    readonly attempts: number;
    /** The wait before a hedge; `null` without one, or while too few calls were measured. */
    readonly hedgeDelayMs: number | null;
  };
}

/** What an upstream says of itself. */
export function upstreamSnapshot(machine: Machine, plan: UpstreamPlan): UpstreamSnapshot {
  const { success, failure, ...rest } = machine.counts;
  const { totals, attempts, retry, hedge } = plan;
  return {
    ...rest,
    successes: success,
    failures: failure,
    budget: (retry ?? hedge)?.budget?.snapshot(machine.rt.clock.monotonic()) ?? null,
    breaker: machine.breaker?.snapshot() ?? null,
    bulkhead: machine.bulkhead?.snapshot() ?? null,
    config: {
      timeoutMs: totals?.ms ?? null,
      attemptTimeoutMs: attempts?.ms ?? null,
      attempts: retry?.attempts ?? 1,
      hedgeDelayMs: hedge?.delayMs() ?? null,
    },
  };
}
