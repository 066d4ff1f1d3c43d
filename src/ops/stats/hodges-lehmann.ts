import { ConfigError } from "../../core/config.js";
import { ascending } from "./quantile.js";

/**
 * The Hodges–Lehmann shift: the median of all differences between a value of the second sample and one of the first. By
 * so much the second lies above the first, and no outlier moves it. The differences are counted, never stored: a million
 * pairs take no memory. J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34 (1963), 598–611.
 *
 * @returns in the unit of the samples
 * @throws {ConfigError} when a sample is empty or holds something that is no finite number
 */
export function hodgesLehmann(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const a = ascending(first, "hodgesLehmann(first)");
  const b = ascending(second, "hodgesLehmann(second)");
  const pairs = a.length * b.length;
  if (pairs === 0) throw new ConfigError("hodgesLehmann", [], "at least one value in each sample");
  const middle = Math.ceil(pairs / 2);
  const lower = kthDifference(a, b, middle);
  if (pairs % 2 === 1) return lower;
  const { count, next } = split(a, b, lower);
  return count > middle ? lower : (lower + next) / 2;
}

/** The k-th smallest difference: bisected by value, with differences that there are as ends. */
function kthDifference(a: Float64Array, b: Float64Array, k: number): number {
  let low = (b[0] as number) - (a.at(-1) as number);
  let high = (b.at(-1) as number) - (a[0] as number);
  while (low < high) {
    const half = low + (high - low) / 2;
    const { count, last, next } = split(a, b, half < high ? half : low);
    if (count >= k) high = last;
    else low = next;
  }
  return high;
}

/** Where a bound parts the differences: how many are at most it, and those next to it on both sides. */
interface Split {
  readonly count: number;
  readonly last: number;
  readonly next: number;
}

function split(a: Float64Array, b: Float64Array, bound: number): Split {
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  let from = 0;
  for (let at = 0; at < b.length; at++) {
    const value = b[at] as number;
    // The smallest value of `a` whose difference is within the bound: as `value` grows, so does it.
    while (from < a.length && value - (a[from] as number) > bound) from++;
    count += a.length - from;
    if (from < a.length) last = Math.max(last, value - (a[from] as number));
    if (from > 0) next = Math.min(next, value - (a[from - 1] as number));
  }
  return { count, last, next };
}
