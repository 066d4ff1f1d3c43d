import type { Interleave } from "./schedule.js";

/** What one of several threads does: every `of`th arrival, from the `at`th on. The others are the other threads'. */
export interface Share {
  readonly at: number;
  readonly of: number;
}

/** What of a number is one thread's: the parts of all threads add up to it. */
export function shareOf(total: number, { at, of }: Share): number {
  return Math.floor(total / of) + (at < total % of ? 1 : 0);
}

/** The first number from `from` on that is one thread's. */
export function firstOf(from: number, { at, of }: Share): number {
  return from + ((at - (from % of) + of) % of);
}

/** How many of some arrivals are of each lane. */
export function countsOf(from: number, end: number, step: number, interleave: Interleave, lanes: number): number[] {
  const counts = new Array<number>(lanes).fill(0);
  for (let k = from; k < end; k += step) {
    const lane = interleave.pick(k);
    counts[lane] = (counts[lane] as number) + 1;
  }
  return counts;
}
