import type { Stage } from "../config/scenario.js";

/** A stage in its place. */
export interface PlannedStage {
  readonly name: string;
  /** Milliseconds since the start. */
  readonly from: number;
  readonly to: number;
  readonly warmUp: boolean;
  /** Whether it is judged. */
  readonly steady: boolean;
  readonly load: OpenLoad | ClosedLoad;
}

/** Arrivals a second, evenly from the first rate to the second. */
export interface OpenLoad {
  readonly kind: "open";
  readonly rate: readonly [from: number, to: number];
  readonly maxInFlight: number;
  /** Its arrivals' numbers: from the first on, below the second. */
  readonly first: number;
  readonly end: number;
  /** The integral of the rate from the start of all to the start of this stage. */
  readonly before: number;
}

export interface ClosedLoad {
  readonly kind: "closed";
  readonly concurrency: number;
}

/**
 * Lays stages one after the other. Arrival k is due when the integral of the rate since the start reaches k + ½: so
 * there are as many arrivals as the integral says, rounded, over all stages together as well as up to any moment.
 */
export function plan(stages: readonly Stage[]): PlannedStage[] {
  const planned: PlannedStage[] = [];
  let from = 0;
  let integral = 0;
  for (const [at, stage] of stages.entries()) {
    const to = from + stage.duration;
    const { warmUp, steady = !warmUp } = stage;
    const common = { name: stage.name ?? `stage ${at + 1}`, from, to, warmUp, steady: steady && !warmUp };
    if ("concurrency" in stage) {
      planned.push({ ...common, load: { kind: "closed", concurrency: stage.concurrency } });
    } else {
      const rate = typeof stage.rate === "number" ? ([stage.rate, stage.rate] as const) : stage.rate;
      const after = integral + (((rate[0] + rate[1]) / 2) * stage.duration) / 1000;
      planned.push({
        ...common,
        load: {
          kind: "open",
          rate,
          maxInFlight: stage.maxInFlight,
          first: arrivalsBy(integral),
          end: arrivalsBy(after),
          before: integral,
        },
      });
      integral = after;
    }
    from = to;
  }
  return planned;
}

/** How many arrivals are due when the integral of the rate is at `integral`. */
function arrivalsBy(integral: number): number {
  return Math.floor(integral + 0.5);
}

/**
 * When arrival `k` of an open stage is due: milliseconds since the start, never before the stage nor after it. Of a rate
 * that changes evenly from r₀ to r₁ over D seconds the integral is r₀t + (r₁ − r₀)t²/2D; it is solved for t in the form
 * that loses no digits when both rates are almost alike.
 */
export function dueAt({ from, to }: PlannedStage, { rate: [start, end], before }: OpenLoad, k: number): number {
  const seconds = (to - from) / 1000;
  const arrivals = Math.max(0, k + 0.5 - before);
  const root = Math.sqrt(Math.max(0, start * start + (2 * (end - start) * arrivals) / seconds));
  const t = start + root === 0 ? 0 : (2 * arrivals) / (start + root);
  return Math.min(to, from + t * 1000);
}

/** The mean of a stage's rate. */
export function meanRate({ rate: [start, end] }: OpenLoad): number {
  return (start + end) / 2;
}

/** The fraction of the golden ratio: multiples of it, taken modulo 1, spread more evenly than those of any other number. */
const GOLDEN = 0.618_033_988_749_894_8;

/**
 * Which of some weighted things the arrivals are of: by an additive recurrence (M. Roberts, The Unreasonable Effectiveness
 * of Quasirandom Sequences, 2018), so that every stretch of arrivals has the shares that the weights say, to within a few,
 * without a period that a service could fall in step with.
 */
export class Interleave {
  readonly #bounds: readonly number[];
  readonly #offset: number;

  /** @param random says where the sequence begins */
  constructor(weights: readonly number[], random: () => number) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    this.#bounds = weights.map((weight) => {
      sum += weight / total;
      return sum;
    });
    this.#offset = random();
  }

  /** The index of what arrival `k` is of. */
  pick(k: number): number {
    const at = (this.#offset + k * GOLDEN) % 1;
    for (let i = 0; i < this.#bounds.length - 1; i++) if (at < (this.#bounds[i] as number)) return i;
    return this.#bounds.length - 1;
  }
}
