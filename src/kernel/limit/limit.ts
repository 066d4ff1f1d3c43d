import type { Kernel, Step } from "../../core/kernel.js";

/** What a limiter allows. Whole numbers throughout. */
export interface LimitConfig {
  /** Units per window. */
  readonly limit: number;
  /** The window's length in milliseconds. */
  readonly windowMs: number;
  /** Units that may be taken at once, where the algorithm knows such a thing (token bucket, GCRA). */
  readonly burst: number;
  /** Milliseconds for which a refusal blocks the key; 0: it doesn't. */
  readonly blockMs: number;
}

/** What is asked of a limiter's cell. */
export interface LimitInput {
  readonly op: "take" | "peek" | "refund" | "reset" | "block";
  /** Units; for `block` milliseconds. */
  readonly amount: number;
  /** For `refund`: the `at` of the decision that it takes back. */
  readonly at: number;
}

/** What a limiter's cell answers. */
export interface LimitDecision {
  readonly allowed: boolean;
  /** Units that the limiter holds when unused. */
  readonly limit: number;
  /** Units left after this decision. */
  readonly remaining: number;
  /** Milliseconds until the same request could be allowed; 0 when it was. */
  readonly retryAfterMs: number;
  /** Milliseconds until the limiter is unused again, if nothing more is taken. */
  readonly resetMs: number;
  /** The store's time of the decision, which a refund names. */
  readonly at: number;
  /**
   * Where the decision came from. A kernel's is always the store's; a limiter whose store failed says which way its
   * policy went.
   */
  readonly source: "store" | "open" | "closed" | "local";
  /** Whether the store could not decide. Never so for a kernel's own decision. */
  readonly degraded: boolean;
}

/** A cell's state: `[blockedUntil, …the algorithm's own numbers]`. */
export type LimitState = readonly number[];

/** The kernel of a limiter. */
export type LimitKernel = Kernel<LimitState, LimitConfig, LimitInput, LimitDecision>;

type LimitStep = Step<LimitState, LimitDecision>;

/** What is left after something was taken, or would have been. */
export interface Usage {
  /** The algorithm's numbers, in full width, behind the place of `blockedUntil`; `undefined` when nothing changed. */
  readonly state: LimitState | undefined;
  readonly granted: boolean;
  readonly remaining: number;
  readonly retryAfterMs: number;
  /** Milliseconds until the limiter is unused again: also how long the state matters. */
  readonly resetMs: number;
}

/**
 * What one algorithm decides. Blocking, peeking and resetting are the same for all, see {@link limitKernel}. Each
 * keeps in its state what it needs to go on when limit, window or burst change, and says how.
 */
export interface Algorithm {
  readonly name: string;
  /** Length of the state where it is fixed, with the place of `blockedUntil`. */
  readonly width?: number;
  /** Units that an unused limiter holds: no request may ask for more. */
  capacity(config: LimitConfig): number;
  /** Takes `cost` units, or says why not; a refusal has no state. With a cost of 0 it tells how things stand. */
  take(state: LimitState | undefined, now: number, config: LimitConfig, cost: number): Usage;
  /** Gives back units that were taken at `at`; never so many that more than the definition could be admitted. */
  refund(state: LimitState, now: number, config: LimitConfig, cost: number, at: number): LimitState;
  /** The state of nothing taken. */
  empty(now: number, config: LimitConfig): LimitState;
}

/**
 * Makes the kernel of an algorithm.
 *
 * A blocked key is refused whatever its units say, and takes none. A key is blocked by `block`, and by every refusal
 * of a take when `blockMs` is set; a block under way isn't made longer by what it refuses.
 */
export function limitKernel(algorithm: Algorithm): LimitKernel {
  const decide = (usage: Usage, now: number, config: LimitConfig): LimitDecision => ({
    allowed: usage.granted,
    limit: algorithm.capacity(config),
    remaining: usage.remaining,
    retryAfterMs: usage.retryAfterMs,
    resetMs: usage.resetMs,
    at: now,
    source: "store",
    degraded: false,
  });

  /** A decision that changes nothing. */
  const told = (usage: Usage, now: number, config: LimitConfig): LimitStep => ({
    granted: usage.granted,
    state: undefined,
    ttlMs: 0,
    decision: decide(usage, now, config),
  });

  const blocked = (state: LimitState | undefined, now: number, config: LimitConfig, forMs: number): LimitStep => {
    const { resetMs } = algorithm.take(state, now, config, 0);
    const usage = {
      state: undefined,
      granted: false,
      remaining: 0,
      retryAfterMs: forMs,
      resetMs: Math.max(forMs, resetMs),
    };
    const [, ...numbers] = state ?? algorithm.empty(now, config);
    return {
      granted: false,
      state: [now + forMs, ...numbers],
      ttlMs: usage.resetMs,
      decision: decide(usage, now, config),
    };
  };

  const refund = (state: LimitState | undefined, now: number, config: LimitConfig, input: LimitInput): LimitStep => {
    if (state === undefined) return told(algorithm.take(undefined, now, config, 0), now, config);
    const after = algorithm.refund(state, now, config, input.amount, input.at);
    const usage = algorithm.take(after, now, config, 0);
    const ttlMs = Math.max(usage.resetMs, (state[0] as number) - now);
    return { granted: true, state: ttlMs > 0 ? after : null, ttlMs, decision: decide(usage, now, config) };
  };

  return {
    name: `limit/${algorithm.name}`,
    version: 1,
    ...(algorithm.width !== undefined && { width: algorithm.width }),
    step(state, now, config, input) {
      if (input.op === "take" && (state === undefined || (state[0] as number) <= now)) {
        const usage = algorithm.take(state, now, config, input.amount);
        if (usage.granted || config.blockMs === 0)
          return {
            granted: usage.granted,
            state: usage.state,
            ttlMs: usage.resetMs,
            decision: decide(usage, now, config),
          };
        return blocked(state, now, config, Math.max(config.blockMs, usage.retryAfterMs));
      }
      if (input.op === "reset") return { ...told(algorithm.take(undefined, now, config, 0), now, config), state: null };
      if (input.op === "block") return { ...blocked(state, now, config, input.amount), granted: true };
      if (input.op === "refund") return refund(state, now, config, input);
      const left = state === undefined ? 0 : (state[0] as number) - now;
      if (left > 0) {
        const { resetMs } = algorithm.take(state, now, config, 0);
        return told(
          { state: undefined, granted: false, remaining: 0, retryAfterMs: left, resetMs: Math.max(left, resetMs) },
          now,
          config,
        );
      }
      const usage = algorithm.take(state, now, config, 0);
      return told(
        usage.remaining >= input.amount
          ? usage
          : { ...algorithm.take(state, now, config, input.amount), remaining: usage.remaining },
        now,
        config,
      );
    },
  };
}
