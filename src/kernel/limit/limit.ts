import type { Kernel, Step } from "../../core/kernel.js";

/** What a limiter allows. Integers throughout. */
export interface LimitConfig {
  /** Units per window. */
  readonly limit: number;
  /** The window's length in milliseconds. */
  readonly windowMs: number;
  /** Units that may be taken at once where the algorithm has such a thing; elsewhere ignored. */
  readonly burst: number;
  /** Milliseconds for which a refusal blocks the key; 0: it doesn't. */
  readonly blockMs: number;
}

/** What is asked of a limiter's cell. */
export interface LimitInput {
  readonly op: "take" | "peek" | "refund" | "reset" | "block";
  /** Units; for `block` the milliseconds. */
  readonly amount: number;
  /** For `refund`: the `at` of the decision it takes back. */
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
}

/** A cell's state: `[blockedUntil, …the algorithm's own numbers]`. */
export type LimitState = readonly number[];

/** A {@link Step} of a limiter. */
export type LimitStep = Step<LimitState, LimitDecision>;

/** The kernel of a limiter. */
export type LimitKernel = Kernel<LimitState, LimitConfig, LimitInput, LimitDecision>;

/** What one algorithm decides; blocking, peeking and resetting are the same for all. */
export interface Algorithm {
  readonly name: string;
  /** Length of the state where it is fixed. */
  readonly width?: number;
  /** Takes `cost` units, or says why not. A refusal leaves the state alone. */
  take(state: LimitState | undefined, now: number, config: LimitConfig, cost: number): LimitStep;
  /** The state without `cost` units that were taken at `at`; never frees more than the definition allows. */
  refund(
    state: LimitState,
    now: number,
    config: LimitConfig,
    cost: number,
    at: number,
  ): Pick<LimitStep, "state" | "ttlMs">;
}

/** Makes the kernel of an algorithm. */
export function limitKernel(algorithm: Algorithm): LimitKernel {
  return {
    name: `limit/${algorithm.name}`,
    version: 1,
    ...(algorithm.width === undefined ? {} : { width: algorithm.width }),
    step(state, now, config, input) {
      if (input.op === "take") {
        if (state !== undefined && (state[0] as number) > now) return blocked(state, now, config);
        const taken = algorithm.take(state, now, config, input.amount);
        if (taken.granted || config.blockMs === 0) return taken;
        return block(state, now, config, config.blockMs, taken);
      }
      return manage(algorithm, state, now, config, input);
    },
  };
}

function manage(
  algorithm: Algorithm,
  state: LimitState | undefined,
  now: number,
  config: LimitConfig,
  input: LimitInput,
): LimitStep {
  switch (input.op) {
    case "reset":
      return { granted: true, state: null, ttlMs: 0, decision: unused(algorithm, now, config) };
    case "block":
      return block(state, now, config, input.amount, peek(algorithm, state, now, config, 1));
    case "refund": {
      if (state === undefined)
        return { granted: true, state: undefined, ttlMs: 0, decision: unused(algorithm, now, config) };
      const refunded = algorithm.refund(state, now, config, input.amount, input.at);
      const after = refunded.state === undefined ? state : (refunded.state ?? undefined);
      return { granted: true, ...refunded, decision: peek(algorithm, after, now, config, 0).decision };
    }
    default:
      return peek(algorithm, state, now, config, input.amount);
  }
}

function peek(
  algorithm: Algorithm,
  state: LimitState | undefined,
  now: number,
  config: LimitConfig,
  cost: number,
): LimitStep {
  if (state !== undefined && (state[0] as number) > now) return blocked(state, now, config);
  const { decision, ttlMs } = algorithm.take(state, now, config, 0);
  if (decision.remaining >= cost) return { granted: true, state: undefined, ttlMs, decision };
  const refused = algorithm.take(state, now, config, cost).decision;
  return { granted: false, state: undefined, ttlMs, decision: refused };
}

function unused(algorithm: Algorithm, now: number, config: LimitConfig): LimitDecision {
  return algorithm.take(undefined, now, config, 0).decision;
}

function blocked(state: LimitState, now: number, config: LimitConfig): LimitStep {
  // A clock that went back must not lengthen a block past what was asked for.
  const left = Math.min((state[0] as number) - now, Math.max(config.blockMs, config.windowMs));
  return {
    granted: false,
    state: undefined,
    ttlMs: 0,
    decision: {
      allowed: false,
      limit: config.limit,
      remaining: 0,
      retryAfterMs: left,
      resetMs: left,
      at: now,
      source: "store",
    },
  };
}

function block(
  state: LimitState | undefined,
  now: number,
  config: LimitConfig,
  forMs: number,
  refused: LimitStep,
): LimitStep {
  void config;
  const until = now + forMs;
  const next = state === undefined ? [until] : [until, ...state.slice(1)];
  return {
    granted: false,
    state: next,
    ttlMs: Math.max(forMs, refused.decision.resetMs),
    decision: {
      ...refused.decision,
      allowed: false,
      remaining: 0,
      retryAfterMs: Math.max(forMs, refused.decision.retryAfterMs),
      resetMs: Math.max(forMs, refused.decision.resetMs),
    },
  };
}
