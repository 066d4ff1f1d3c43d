import type { Kernel } from "../../core/kernel.js";

/**
 * What was counted: `[valid, bad, bucket, count, bucket, count, …]`, buckets (of the latency histogram) ascending and
 * without the empty ones. A quiet minute takes a handful of numbers, no minute more than 290.
 */
export type SliCounts = readonly number[];

/** Options of a cell. */
export interface SliCellConfig {
  /** How long the counts matter, in milliseconds: the longest window. */
  readonly ttlMs: number;
}

/** Counts to add; `[0, 0]` only reads. */
export interface SliCellInput {
  readonly counts: SliCounts;
}

/** What the cell holds now. */
export interface SliCellDecision {
  readonly counts: SliCounts;
}

/** Nothing counted. */
const NOTHING: SliCounts = [0, 0];

/**
 * One time bucket of one service-level indicator, which several processes add their counts to: a minute, say, with
 * the minute in the cell's key. Adding is commutative and associative, so it doesn't matter who comes first or how
 * finely a process slices what it adds.
 */
export const sliCell: Kernel<SliCounts, SliCellConfig, SliCellInput, SliCellDecision> = {
  name: "sli",
  version: 1,
  step(state, _now, config, input) {
    const held = state ?? NOTHING;
    if (input.counts[0] === 0) return { granted: true, state: undefined, ttlMs: 0, decision: { counts: held } };
    const counts = mergeCounts(held, input.counts);
    return { granted: true, state: counts, ttlMs: config.ttlMs, decision: { counts } };
  },
};

/** Adds two counts. */
export function mergeCounts(a: SliCounts, b: SliCounts): SliCounts {
  const sum = [at(a, 0) + at(b, 0), at(a, 1) + at(b, 1)];
  for (let i = 2, j = 2; i < a.length || j < b.length; ) {
    const left = i < a.length ? at(a, i) : Number.POSITIVE_INFINITY;
    const right = j < b.length ? at(b, j) : Number.POSITIVE_INFINITY;
    const bucket = Math.min(left, right);
    let count = 0;
    if (left === bucket) {
      count += at(a, i + 1);
      i += 2;
    }
    if (right === bucket) {
      count += at(b, j + 1);
      j += 2;
    }
    sum.push(bucket, count);
  }
  return sum;
}

function at(counts: SliCounts, index: number): number {
  return counts[index] ?? 0;
}
