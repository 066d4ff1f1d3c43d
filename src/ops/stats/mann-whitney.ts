import { ConfigError } from "../../core/config.js";
import { normalAbove } from "./normal.js";
import { ascending } from "./quantile.js";

/** Up to here the exact distribution is counted out: its numbers are whole in a double. */
const EXACT_TO = 20;

/** What {@link mannWhitney} answers. */
export interface RankTest {
  /** Pairs in which the second sample's value is the larger one; ties count half. */
  readonly u: number;
  /**
   * The common-language effect size: how likely a value of the second sample is above one of the first, ties counted
   * half. 0.5 is no difference.
   */
  readonly effect: number;
  /** How likely such a `u`, or a larger one, is without a difference. */
  readonly pAbove: number;
  /** How likely one as far from the middle is, on either side. */
  readonly pTwoSided: number;
  readonly method: "exact" | "normal";
}

/**
 * The Mann–Whitney U test: does the second sample tend to larger values than the first? Exact for at most 20 values each
 * without ties, otherwise by the normal approximation with the corrections for ties and continuity. It says little of
 * tails: a p95 that moves while the middle stays is lost on it.
 *
 * H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947), 50–60; tie correction as in M. Hollander and
 * D. A. Wolfe, Nonparametric Statistical Methods (1999), 4.1; effect size by K. O. McGraw and S. P. Wong, Psychological
 * Bulletin 111 (1992), as U over the number of pairs.
 *
 * @throws {ConfigError} when a sample is empty or holds something that is no finite number
 */
export function mannWhitney(first: ArrayLike<number>, second: ArrayLike<number>): RankTest {
  const a = ascending(first, "mannWhitney(first)");
  const b = ascending(second, "mannWhitney(second)");
  if (a.length === 0 || b.length === 0) throw new ConfigError("mannWhitney", [], "at least one value in each sample");
  const { u, ties } = pairsAbove(a, b);
  const pairs = a.length * b.length;
  const effect = u / pairs;
  if (ties === 0 && a.length <= EXACT_TO && b.length <= EXACT_TO) {
    const above = exactAtLeast(u, a.length, b.length);
    const far = exactAtLeast(Math.max(u, pairs - u), a.length, b.length);
    return { u, effect, pAbove: above, pTwoSided: Math.min(1, 2 * far), method: "exact" };
  }
  const n = a.length + b.length;
  const deviation = Math.sqrt((pairs / 12) * (n + 1 - ties / (n * (n - 1))));
  // All values alike: no order to judge by.
  if (!(deviation > 0)) return { u, effect, pAbove: 1, pTwoSided: 1, method: "normal" };
  const off = u - pairs / 2;
  return {
    u,
    effect,
    pAbove: normalAbove((off - 0.5) / deviation),
    pTwoSided: Math.min(1, 2 * normalAbove((Math.abs(off) - 0.5) / deviation)),
    method: "normal",
  };
}

/** U of the second sample, and the sum of t³ − t over groups of t tied values. */
function pairsAbove(a: Float64Array, b: Float64Array): { readonly u: number; readonly ties: number } {
  let u = 0;
  let ties = 0;
  let i = 0;
  for (let j = 0; j < b.length; ) {
    const value = b[j] as number;
    while (i < a.length && (a[i] as number) < value) i = endOfRun(a, i, (t) => (ties += t ** 3 - t));
    const below = i;
    const ofA = i < a.length && a[i] === value ? endOfRun(a, i) - i : 0;
    const ofB = endOfRun(b, j) - j;
    u += ofB * (below + ofA / 2);
    const tied = ofA + ofB;
    ties += tied ** 3 - tied;
    i += ofA;
    j += ofB;
  }
  while (i < a.length) i = endOfRun(a, i, (t) => (ties += t ** 3 - t));
  return { u, ties };
}

/** Where the run of equal values that starts at `from` has ended. */
function endOfRun(sorted: Float64Array, from: number, length?: (length: number) => void): number {
  let end = from + 1;
  while (end < sorted.length && sorted[end] === sorted[from]) end++;
  length?.(end - from);
  return end;
}

/**
 * How likely U is at least `u`: out of the Gaussian binomial coefficient, whose coefficients count the orders with each
 * U. It is a product of (1 − q^(n+i)) over one of (1 − q^i).
 */
function exactAtLeast(u: number, n: number, m: number): number {
  const orders = new Float64Array(n * m + 1);
  orders[0] = 1;
  for (let i = 1; i <= m; i++) {
    for (let at = n * m; at >= n + i; at--) orders[at] = (orders[at] as number) - (orders[at - n - i] as number);
    for (let at = i; at <= n * m; at++) orders[at] = (orders[at] as number) + (orders[at - i] as number);
  }
  let all = 0;
  let atLeast = 0;
  for (const [value, count] of orders.entries()) {
    all += count;
    if (value >= u) atLeast += count;
  }
  return atLeast / all;
}
