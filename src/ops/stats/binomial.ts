import { fraction, integer } from "../../core/config.js";
import { logChoose } from "./log-factorial.js";

/**
 * How likely at least `k` of `n` are hits when each is one with the chance `p`: the exact one-sided binomial test
 * (C. J. Clopper and E. S. Pearson, Biometrika 26, 1934). The number of samples above a limit is tested so, whatever the
 * shape of their distribution: with p = 0.05 it says whether the 95th percentile is above that limit.
 *
 * @throws {ConfigError} when n is not a whole number from 0, k not one from 0 to n, or p not a share
 */
export function binomialAtLeast(k: number, n: number, p: number): number {
  integer(n, "binomialAtLeast(n)", 0);
  integer(k, "binomialAtLeast(k)", 0, n);
  fraction(p, "binomialAtLeast(p)", 0, 1);
  if (k === 0 || p === 1) return 1;
  if (p === 0) return 0;
  const chance = (x: number) => Math.exp(logChoose(n, x) + x * Math.log(p) + (n - x) * Math.log1p(-p));
  const odds = p / (1 - p);
  if (k > Math.floor((n + 1) * p)) {
    let term = chance(k);
    let sum = term;
    for (let x = k; x < n && term > sum * Number.EPSILON; x++) {
      term *= (odds * (n - x)) / (x + 1);
      sum += term;
    }
    return Math.min(1, sum);
  }
  let term = chance(k - 1);
  let below = term;
  for (let x = k - 1; x > 0 && term > below * Number.EPSILON; x--) {
    term *= x / (odds * (n - x + 1));
    below += term;
  }
  return Math.max(0, 1 - below);
}
