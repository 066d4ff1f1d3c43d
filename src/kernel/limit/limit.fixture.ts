/** What the tests of limit kernels share. */
import fc from "fast-check";
import { fixedWindow } from "./fixed-window.js";
import { gcra } from "./gcra.js";
import type { LimitConfig, LimitDecision, LimitInput, LimitKernel, LimitState } from "./limit.js";
import { slidingLog } from "./sliding-log.js";
import { slidingWindow } from "./sliding-window.js";
import { tokenBucket } from "./token-bucket.js";

export const KERNELS = {
  "fixed-window": fixedWindow,
  "sliding-window": slidingWindow,
  "sliding-log": slidingLog,
  "token-bucket": tokenBucket,
  gcra,
} as const satisfies Record<string, LimitKernel>;

export type Name = keyof typeof KERNELS;
export const NAMES = Object.keys(KERNELS) as Name[];

/** Units that an unused limiter holds. */
export function capacityOf(name: Name, { limit, burst }: LimitConfig): number {
  return name === "gcra" || name === "token-bucket" ? burst : limit;
}

/** A cell as a store holds it: it forgets a state whose time is up, unless it is one that never does. */
export class Cell {
  state: LimitState | undefined;
  expiresAt = 0;

  constructor(
    readonly kernel: LimitKernel,
    readonly forgets = true,
  ) {}

  step(now: number, config: LimitConfig, input: Partial<LimitInput>): LimitDecision {
    const live = this.forgets && this.expiresAt <= now ? undefined : this.state;
    const step = this.kernel.step(live, now, config, { op: "take", amount: 1, at: -1, ...input });
    if (step.state === null) this.state = undefined;
    else if (step.state !== undefined) {
      // Frozen: a kernel must leave what it was given as it was.
      this.state = Object.freeze([...step.state]);
      this.expiresAt = now + step.ttlMs;
    }
    const unsafe = [...(step.state ?? []), step.ttlMs, ...Object.values(step.decision)].filter(
      (value) => typeof value === "number" && (!Number.isSafeInteger(value) || value < 0),
    );
    if (unsafe.length > 0) throw new RangeError(`not a whole number: ${unsafe} in ${JSON.stringify(step)}`);
    if (this.kernel.width !== undefined && step.state && step.state.length !== this.kernel.width)
      throw new RangeError(`${step.state.length} numbers, not ${this.kernel.width}`);
    return step.decision;
  }

  take(now: number, config: LimitConfig, cost = 1): LimitDecision {
    return this.step(now, config, { amount: cost });
  }

  peek(now: number, config: LimitConfig, cost = 1): LimitDecision {
    return this.step(now, config, { op: "peek", amount: cost });
  }
}

/** Limits so small that a short trace meets every edge of theirs. */
export const smallConfig: fc.Arbitrary<LimitConfig> = fc.record({
  limit: fc.integer({ min: 1, max: 7 }),
  windowMs: fc.integer({ min: 1, max: 40 }),
  burst: fc.integer({ min: 1, max: 9 }),
  blockMs: fc.constant(0),
});

/** One request of a trace: how long after the one before, and for what part of the capacity. */
export interface Request {
  readonly wait: number;
  readonly part: number;
}

const part = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 0.6, noNaN: true }));

/** Requests in the order of time: often at once, often on an edge, sometimes after everything has run out. */
export const forward: fc.Arbitrary<readonly Request[]> = fc.array(
  fc.record({ wait: fc.oneof(fc.constant(0), fc.nat(12), fc.nat(100)), part }),
  { minLength: 1, maxLength: 60 },
);

/** The same with a clock that is set back, by a little or by hours, and that jumps ahead. */
export const jumpy: fc.Arbitrary<readonly Request[]> = fc.array(
  fc.record({
    wait: fc.oneof(fc.nat(12), fc.nat(100), fc.integer({ min: -50, max: 0 }), fc.constantFrom(-7_200_000, 86_400_000)),
    part,
  }),
  { minLength: 1, maxLength: 60 },
);

/** What a request asks for. */
export function costOf({ part }: Request, capacity: number): number {
  return Math.floor(part * capacity);
}

/** Something that was admitted, at a time of a clock that never goes back. */
export interface Admitted {
  readonly at: number;
  cost: number;
}

/**
 * What an algorithm promises: the most that it admits between two moments, both of them included.
 */
export function mostWithin(name: Name, config: LimitConfig, spanMs: number): number {
  const { limit, windowMs, burst } = config;
  if (name === "token-bucket") return burst + Math.floor((limit * spanMs) / windowMs);
  if (name === "gcra") return burst + Math.floor((spanMs * 1000) / Math.ceil((windowMs * 1000) / limit));
  if (spanMs >= windowMs) return Number.POSITIVE_INFINITY;
  return name === "sliding-log" ? limit : 2 * limit;
}

/** The first stretch of time over which more was admitted than promised; `undefined`: there is none. */
export function brokenPromise(name: Name, config: LimitConfig, admitted: readonly Admitted[]): string | undefined {
  for (const [i, first] of admitted.entries()) {
    let sum = 0;
    for (const last of admitted.slice(i)) {
      sum += last.cost;
      const most = mostWithin(name, config, last.at - first.at);
      if (sum > most) return `${sum} from ${first.at} to ${last.at}, more than ${most}`;
    }
  }
  return undefined;
}
