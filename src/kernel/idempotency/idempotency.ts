import type { Kernel, Step } from "../../core/kernel.js";

/** How long things last, and what an operation counts as whose lease ran out before anybody heard how it ended. */
export interface IdempotencyConfig {
  readonly leaseMs: number;
  /** How long the operation is remembered, from its beginning and again from its end. */
  readonly ttlMs: number;
  /**
   * `rerun`: it may begin anew; `resume`: likewise, and whoever begins is told that it isn't the first time; `unknown`:
   * nobody may, for it may have happened.
   */
  readonly onLeaseExpired: "rerun" | "resume" | "unknown";
}

/** What an operation's cell holds. */
export type IdempotencyState<R> =
  | { readonly phase: "inflight"; readonly fingerprint: string; readonly fence: number; readonly leaseUntil: number }
  | { readonly phase: "unknown"; readonly fingerprint: string; readonly fence: number }
  | { readonly phase: "done"; readonly fingerprint: string; readonly record: R };

/** What is asked of an operation's cell. `fence` is a random whole number when it begins, afterwards the permit's. */
export type IdempotencyInput<R> =
  | { readonly op: "begin"; readonly fingerprint: string; readonly fence: number }
  | { readonly op: "complete"; readonly fence: number; readonly record: R }
  | { readonly op: "renew" | "release"; readonly fence: number };

/** What an operation's cell answers. */
export type IdempotencyDecision<R> =
  | { readonly outcome: "first"; readonly fence: number; readonly resumed: boolean }
  | { readonly outcome: "replay"; readonly record: R }
  | { readonly outcome: "in_flight"; readonly retryAfterMs: number }
  | { readonly outcome: "mismatch" | "unknown" }
  | { readonly outcome: "kept" | "lost" };

/** The kernel of operations that happen once, with records of the type `R`. */
export type IdempotencyKernel<R> = Kernel<
  IdempotencyState<R>,
  IdempotencyConfig,
  IdempotencyInput<R>,
  IdempotencyDecision<R>
>;

/**
 * An operation that happens once: absent → in flight, under a lease → done, with its record. Whoever holds the lease
 * has a fence; one whose lease was taken over meanwhile has a stale one, and changes nothing. Another request under
 * the same key is a mismatch, whatever the phase.
 *
 * A lease that ran out is still its holder's until somebody else begins: a late end is better than none.
 */
export function idempotencyKernel<R>(): IdempotencyKernel<R> {
  type Decided = Step<IdempotencyState<R>, IdempotencyDecision<R>>;
  const told = (decision: IdempotencyDecision<R>): Decided => ({
    granted: false,
    decision,
    state: undefined,
    ttlMs: 0,
  });

  const begin = (
    state: IdempotencyState<R> | undefined,
    now: number,
    config: IdempotencyConfig,
    { fingerprint, fence }: { readonly fingerprint: string; readonly fence: number },
  ): Decided => {
    const first = (resumed: boolean): Decided => ({
      granted: true,
      decision: { outcome: "first", fence, resumed },
      state: { phase: "inflight", fingerprint, fence, leaseUntil: now + config.leaseMs },
      ttlMs: config.ttlMs,
    });
    if (state === undefined) return first(false);
    if (state.fingerprint !== fingerprint) return told({ outcome: "mismatch" });
    if (state.phase === "done") return told({ outcome: "replay", record: state.record });
    if (state.phase === "unknown") return told({ outcome: "unknown" });
    // A clock that went back makes no lease longer than a lease is.
    const left = Math.min(state.leaseUntil - now, config.leaseMs);
    if (left > 0) return told({ outcome: "in_flight", retryAfterMs: left });
    if (config.onLeaseExpired !== "unknown") return first(config.onLeaseExpired === "resume");
    const unknown = { phase: "unknown", fingerprint, fence: state.fence } as const;
    return { granted: false, decision: { outcome: "unknown" }, state: unknown, ttlMs: config.ttlMs };
  };

  return {
    name: "idempotency",
    version: 1,
    step(state, now, config, input) {
      if (input.op === "begin") return begin(state, now, config, input);
      if (state === undefined || state.phase === "done" || state.fence !== input.fence)
        return told({ outcome: "lost" });
      const kept = { granted: true, decision: { outcome: "kept" }, ttlMs: config.ttlMs } as const;
      const { fingerprint, fence } = state;
      if (input.op === "complete") return { ...kept, state: { phase: "done", fingerprint, record: input.record } };
      if (input.op === "release") return { ...kept, state: null };
      return { ...kept, state: { phase: "inflight", fingerprint, fence, leaseUntil: now + config.leaseMs } };
    },
  };
}
