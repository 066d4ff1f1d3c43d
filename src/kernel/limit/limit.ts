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
  /** Units, at most what an unused limiter holds; 0 is refused only while blocked. For `block` milliseconds; 0 ends it. */
  readonly amount: number;
  /** For `refund`: the `at` of the decision that it takes back. Negative: the units count as taken just now. */
  readonly at: number;
}

/** What a limiter's cell answers. */
export interface LimitDecision {
  readonly allowed: boolean;
  /** Units that the limiter holds when unused. */
  readonly limit: number;
  /** Units left after this decision; none while the key is blocked. */
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

/**
 * A cell's state: `[writtenAt, blockedMs, …the algorithm's own numbers]`. Everything behind the first number is
 * relative to it: how long from then on the key is blocked, how old a window was then. So a clock that went back needs
 * no care but here: it means that no time has passed, and the state is written again at the earlier time. Otherwise the
 * key would stand still until the clock had come back, which may take hours.
 */
export type LimitState = readonly number[];

/** A state that has been brought to the present, to be changed and kept, or to be dropped. */
export type PresentState = number[];

/** The kernel of a limiter. */
export type LimitKernel = Kernel<LimitState, LimitConfig, LimitInput, LimitDecision>;

type LimitStep = Step<LimitState, LimitDecision>;

/**
 * What one algorithm counts. Blocking, peeking, resetting and clocks that go back are the same for all: see
 * {@link limitKernel}. Each keeps in its state what it needs to go on when limit, window or burst change, and says
 * how. A state whose time is up (see `resetMs`) counts like none, whatever the configuration is now: so it doesn't
 * matter when a store drops it.
 */
export interface Algorithm {
  readonly name: string;
  /** Length of the state where it is fixed. */
  readonly width?: number;
  /** Units that an unused limiter holds: no request may ask for more. */
  capacity(config: LimitConfig): number;
  /**
   * The state `elapsed` milliseconds after it was written, for this configuration: `[now, blockedMs, …]`, a new array.
   * Without a state that of nothing taken.
   */
  present(
    state: LimitState | undefined,
    elapsed: number,
    now: number,
    blockedMs: number,
    config: LimitConfig,
  ): PresentState;
  /** Takes `cost` units (1 or more) and returns 0; or leaves the state alone and says in how many milliseconds it could. */
  take(state: PresentState, config: LimitConfig, cost: number): number;
  /** Units left. */
  remaining(state: PresentState, config: LimitConfig): number;
  /** Milliseconds until nothing of what was taken counts; 0 when nothing does. */
  resetMs(state: PresentState, config: LimitConfig): number;
  /**
   * Gives back `cost` units that were taken `age` milliseconds ago; `undefined`: just now. Leaves at least what would
   * be taken now had they never been, so that more than the definition allows is never admitted.
   */
  refund(state: PresentState, config: LimitConfig, cost: number, age: number | undefined): void;
}

/**
 * Makes the kernel of an algorithm.
 *
 * A blocked key is refused whatever its units say, and takes none. A key is blocked by `block`, which replaces a block
 * under way, and by every refusal of a take when `blockMs` is set; what a block refuses doesn't make it longer. Units
 * taken before go on running out meanwhile.
 */
export function limitKernel(algorithm: Algorithm): LimitKernel {
  const { name, width } = algorithm;
  return {
    name: `limit/${name}`,
    version: 1,
    ...(width !== undefined && { width }),
    step(state, now, config, input) {
      let elapsed = 0;
      let blockedMs = 0;
      let back = false;
      if (state !== undefined) {
        const at = state[0] as number;
        back = at > now;
        elapsed = back ? 0 : now - at;
        blockedMs = Math.max(0, (state[1] as number) - elapsed);
      }
      const present = algorithm.present(state, elapsed, now, blockedMs, config);
      if (input.op !== "take") return manage(algorithm, present, state, back, config, input);
      if (blockedMs > 0) return refusedByBlock(algorithm, present, back, config, input.amount);

      const cost = input.amount;
      const waitMs = cost === 0 ? 0 : algorithm.take(present, config, cost);
      const granted = waitMs === 0;
      const blocks = !granted && config.blockMs > 0;
      if (blocks) present[1] = config.blockMs;
      const resetMs = Math.max(algorithm.resetMs(present, config), present[1] as number);
      return {
        granted,
        state: (granted && cost > 0) || blocks ? present : back ? kept(present, resetMs) : undefined,
        ttlMs: resetMs,
        decision: {
          allowed: granted,
          limit: algorithm.capacity(config),
          remaining: blocks ? 0 : algorithm.remaining(present, config),
          retryAfterMs: blocks ? Math.max(waitMs, config.blockMs) : waitMs,
          resetMs,
          at: now,
          source: "store",
          degraded: false,
        },
      };
    },
  };
}

/** How things stand, as a decision on `cost` more units which changes nothing. */
function told(algorithm: Algorithm, present: PresentState, config: LimitConfig, cost: number): LimitDecision {
  const blockedMs = present[1] as number;
  const remaining = algorithm.remaining(present, config);
  const resetMs = Math.max(blockedMs, algorithm.resetMs(present, config));
  const waitMs = cost === 0 ? 0 : algorithm.take([...present], config, cost);
  const retryAfterMs = Math.max(blockedMs, waitMs);
  return {
    allowed: retryAfterMs === 0,
    limit: algorithm.capacity(config),
    remaining: blockedMs > 0 ? 0 : remaining,
    retryAfterMs,
    resetMs,
    at: present[0] as number,
    source: "store",
    degraded: false,
  };
}

function refusedByBlock(
  algorithm: Algorithm,
  present: PresentState,
  back: boolean,
  config: LimitConfig,
  cost: number,
): LimitStep {
  const decision = told(algorithm, present, config, cost);
  return { granted: false, state: back ? present : undefined, ttlMs: decision.resetMs, decision };
}

/** Everything but taking. */
function manage(
  algorithm: Algorithm,
  present: PresentState,
  state: LimitState | undefined,
  back: boolean,
  config: LimitConfig,
  { op, amount, at }: LimitInput,
): LimitStep {
  const now = present[0] as number;
  if (op === "peek") {
    const decision = told(algorithm, present, config, amount);
    return { granted: decision.allowed, state: undefined, ttlMs: 0, decision };
  }
  if (op === "reset") {
    const decision = told(algorithm, algorithm.present(undefined, 0, now, 0, config), config, 0);
    return { granted: true, state: null, ttlMs: 0, decision };
  }
  let changed = back;
  if (op === "block") {
    present[1] = amount;
    changed = true;
  } else if (state !== undefined && at <= now) {
    // What was taken later than now was taken before the clock went back: nobody can say when that was.
    algorithm.refund(present, config, Math.min(amount, algorithm.capacity(config)), at < 0 ? undefined : now - at);
    changed = true;
  }
  const decision = told(algorithm, present, config, 0);
  const { resetMs } = decision;
  return { granted: true, state: changed ? kept(present, resetMs) : undefined, ttlMs: resetMs, decision };
}

/** A state that says nothing more goes. */
function kept(present: PresentState, resetMs: number): LimitState | null {
  return resetMs === 0 ? null : present;
}
