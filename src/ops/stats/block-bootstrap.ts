import { ConfigError, fraction, integer } from "../../core/config.js";
import { nearestRank } from "./quantile.js";
import { QuantileResampler } from "./quantile-resampler.js";

/** Options of {@link quantileRatio}. */
export interface BootstrapOptions {
  /** Which quantile: 0.95. */
  readonly q: number;
  /** From 0 to below 1, seeded, so that the same data have the same answer. */
  readonly random: () => number;
  /** Default 1000: the 2.5 % bound is then the 25th smallest of them. */
  readonly resamples?: number;
  /** Share of resamples that are left out below the interval, and as many above it. Default 0.025. */
  readonly outside?: number;
  /** Values a block. Default: the cube root of the sample's size, rounded up. */
  readonly blockLength?: number;
}

/** A quantile of one sample over that of another. */
export interface RatioInterval {
  /** The quantile of each sample. */
  readonly first: number;
  readonly second: number;
  /** The second's over the first's: above 1 where the second is the larger one; infinite where only the first is 0. */
  readonly ratio: number;
  /** The interval that resampling gives it. */
  readonly lower: number;
  readonly upper: number;
}

/**
 * The ratio of a quantile of two samples, with a percentile interval from the moving-block bootstrap: blocks of each
 * sample, in time order, are drawn with replacement (H. R. Künsch, Annals of Statistics 17, 1989, 1217–1241; the interval
 * as in B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; blocks as long as P. Hall,
 * J. L. Horowitz and B.-Y. Jing say for a variance, Biometrika 82, 1995: n to the third root).
 *
 * With the same seed the answer only grows where values of the second sample grow.
 *
 * @param first latencies, say, in the order in which they were measured; at least 0
 * @throws {ConfigError} when a sample is empty or holds something that is no finite number from 0, or an option is wrong
 */
export function quantileRatio(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  { q, random, resamples = 1_000, outside = 0.025, blockLength }: BootstrapOptions,
): RatioInterval {
  fraction(q, "quantileRatio(q)", 0, 1);
  fraction(outside, "quantileRatio(outside)", 0, 0.5);
  integer(resamples, "quantileRatio(resamples)", 1, 1_000_000);
  const of = resampler(first, "first", q, blockLength);
  const over = resampler(second, "second", q, blockLength);
  const drawn = new Float64Array(resamples);
  for (let at = 0; at < resamples; at++) {
    const below = of.draw(random);
    drawn[at] = ratioOf(below, over.draw(random));
  }
  drawn.sort();
  const low = nearestRank(resamples, outside);
  return {
    first: of.observed,
    second: over.observed,
    ratio: ratioOf(of.observed, over.observed),
    lower: drawn[low - 1] as number,
    upper: drawn[resamples - low] as number,
  };
}

function resampler(values: ArrayLike<number>, name: string, q: number, length: number | undefined): QuantileResampler {
  const copy = Float64Array.from(values);
  if (copy.length === 0) throw new ConfigError(`quantileRatio(${name})`, [], "at least one value");
  const bad = copy.findIndex((value) => !(Number.isFinite(value) && value >= 0));
  if (bad >= 0) throw new ConfigError(`quantileRatio(${name})[${bad}]`, values[bad], "a finite number, at least 0");
  // (Rounded first: the cube root of 1000 is a little more than 10 in binary.)
  const blockLength = length ?? Math.ceil(Number(Math.cbrt(copy.length).toPrecision(12)));
  return new QuantileResampler(copy, q, integer(blockLength, "quantileRatio(blockLength)", 1, copy.length));
}

function ratioOf(first: number, second: number): number {
  if (first > 0) return second / first;
  return second > 0 ? Number.POSITIVE_INFINITY : 1;
}
