import { ConfigError, fraction } from "../../core/config.js";

/**
 * Which of n sorted values is their q-quantile, from 1: the smallest rank that at least the share q of the values is
 * within. The nearest-rank definition, as HDR histograms have it: the answer is always a value that was measured
 * (definition 1 of R. J. Hyndman and Y. Fan, Sample Quantiles in Statistical Packages, The American Statistician 50, 1996).
 */
export function nearestRank(n: number, q: number): number {
  // Rounded before it is rounded up: 0.07 × 100 must not become 8 by way of a binary fraction.
  return Math.min(n, Math.max(1, Math.ceil(Number((q * n).toPrecision(12)))));
}

/**
 * The q-quantile of values that are sorted upwards, by {@link nearestRank}.
 *
 * @throws {ConfigError} without values, or when q is not from 0 to 1
 */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  fraction(q, "quantile(q)", 0, 1);
  const value = sorted[nearestRank(sorted.length, q) - 1];
  if (value === undefined) throw new ConfigError("quantile(sorted)", [], "at least one value");
  return value;
}

/**
 * A sorted copy of values that are finite numbers.
 *
 * @throws {ConfigError} naming the first one that isn't
 */
export function ascending(values: ArrayLike<number>, option: string): Float64Array {
  const copy = Float64Array.from(values);
  const bad = copy.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new ConfigError(`${option}[${bad}]`, values[bad], "a finite number");
  return copy.sort();
}
