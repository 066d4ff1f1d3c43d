/**
 * A latency histogram with few buckets: log-linear, as Gil Tene's HdrHistogram (https://hdrhistogram.org) lays them
 * out. Times are counted in eighths of a millisecond; below one millisecond each has a bucket of its own, above it
 * every doubling is cut into eight equal ones. Histograms of two processes are merged by adding them up.
 *
 * A value is read back as the middle of its bucket: at most 6.25 % off from 1 ms to 131 s, at most 0.0625 ms below.
 * What takes longer than 131 s counts as 131 s.
 */

/** Buckets of a latency histogram. */
export const LATENCY_BUCKETS = 144;

/** Eighths of a millisecond. */
const UNITS = 8;
/** Units that lie past the last bucket: 2^20, 131 s. */
const BEYOND = 1_048_576;

/** The bucket of a latency in milliseconds. What is not a positive number counts as 0. */
export function latencyBucket(ms: number): number {
  const units = ms * UNITS;
  if (units >= UNITS) {
    if (units >= BEYOND) return LATENCY_BUCKETS - 1;
    // 28 = 31 − log2(8): how far the leading bit lies above the three that tell the eighths apart.
    const shift = 28 - Math.clz32(units);
    return (shift << 3) + (units >> shift);
  }
  return units > 0 ? units | 0 : 0;
}

/** The latency in milliseconds that a bucket stands for: its middle. */
export function latencyOf(bucket: number): number {
  const shift = Math.max(0, (bucket >> 3) - 1);
  return ((bucket - (shift << 3) + 0.5) * 2 ** shift) / UNITS;
}

/** The latency in milliseconds that a bucket's calls stay below. */
export function latencyCeiling(bucket: number): number {
  const shift = Math.max(0, (bucket >> 3) - 1);
  return ((bucket - (shift << 3) + 1) * 2 ** shift) / UNITS;
}

/** Calls whose bucket lies above this one. */
export function slowerThan(bucket: number, counts: ArrayLike<number>): number {
  let slow = 0;
  for (let above = bucket + 1; above < LATENCY_BUCKETS; above++) slow += counts[above] ?? 0;
  return slow;
}

/**
 * The smallest latency that at least `share` of the counted ones don't exceed (nearest rank), in milliseconds.
 *
 * @param counts calls by bucket, `LATENCY_BUCKETS` of them
 * @param total the sum of `counts`
 * @returns `null` when nothing was counted
 */
export function latencyPercentile(counts: ArrayLike<number>, total: number, share: number): number | null {
  if (total <= 0) return null;
  let left = Math.max(1, Math.ceil(share * total));
  let bucket = 0;
  for (; bucket < LATENCY_BUCKETS - 1; bucket++) {
    left -= counts[bucket] ?? 0;
    if (left <= 0) break;
  }
  return latencyOf(bucket);
}
