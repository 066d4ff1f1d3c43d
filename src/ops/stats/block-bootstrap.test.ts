import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { seeded } from "../../core/seeded.js";
import { binomialAtLeast } from "./binomial.js";
import { quantileRatio } from "./block-bootstrap.js";
import { nearestRank, quantile } from "./quantile.js";
import { QuantileResampler } from "./quantile-resampler.js";

describe("QuantileResampler", () => {
  // B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans (1982), 10.3: a resample's r-th smallest value is at
  // most the k-th smallest of n exactly when at least r of n draws hit one of the k, which is a binomial chance.
  it.each([
    [13, 0.5],
    [20, 0.95],
    [200, 0.95],
    [50, 0.1],
  ])("draws from the exact distribution where blocks are single values: n %d, q %d", (n, q) => {
    const values = Float64Array.from({ length: n }, (_, at) => ((at * 7) % n) + 1);
    const resampler = new QuantileResampler(values, q, 1);
    const random = seeded(1);
    const draws = Array.from({ length: 20_000 }, () => resampler.draw(random));
    for (let k = 1; k <= n; k++) {
      const atMost = draws.filter((value) => value <= k).length / draws.length;
      expect(Math.abs(atMost - binomialAtLeast(nearestRank(n, q), n, k / n))).toBeLessThan(0.015);
    }
  });

  it("says what sorting each resample says", () => {
    const sample = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 150 }).chain((values) =>
      fc.record({
        values: fc.constant(Float64Array.from(values)),
        q: fc.constantFrom(0, 0.05, 0.5, 0.9, 0.95, 0.99, 1),
        length: fc.integer({ min: 1, max: values.length }),
        seed: fc.nat(),
      }),
    );
    fc.assert(
      fc.property(sample, ({ values, q, length, seed }) => {
        const resampler = new QuantileResampler(values, q, length);
        const [random, again] = [seeded(seed), seeded(seed)];
        for (let round = 0; round < 5; round++) {
          const drawn: number[] = [];
          for (let block = 0; block < Math.ceil(values.length / length); block++) {
            const start = Math.floor(again() * (values.length - length + 1));
            drawn.push(...values.slice(start, start + length));
          }
          const sorted = Float64Array.from(drawn.slice(0, values.length)).sort();
          expect(resampler.draw(random)).toBe(quantile(sorted, q));
        }
        expect(resampler.observed).toBe(quantile(values.toSorted(), q));
      }),
    );
  });

  it("draws values that followed each other together", () => {
    // A wave of 50 slow calls among 1000: in blocks of 50 a resample holds none or many of them, alone always some.
    const values = Float64Array.from({ length: 1000 }, (_, at) => (at >= 400 && at < 450 ? 100 : 1));
    const spread = (length: number) => {
      const resampler = new QuantileResampler(values, 0.97, length);
      const random = seeded(3);
      return Array.from({ length: 400 }, () => resampler.draw(random)).filter((value) => value === 1).length;
    };
    expect(spread(1)).toBeLessThan(5);
    expect(spread(50)).toBeGreaterThan(80);
  });
});

describe("quantileRatio", () => {
  const noise = (seed: number, n: number) => {
    const random = seeded(seed);
    return Float64Array.from({ length: n }, () => 1 + random());
  };

  it("holds the true ratio in some 95 of 100 intervals", () => {
    let held = 0;
    for (let trial = 0; trial < 400; trial++) {
      const control = noise(2 * trial, 400);
      const candidate = noise(2 * trial + 1, 400).map((value) => value * 2);
      const { lower, upper } = quantileRatio(control, candidate, { q: 0.9, random: seeded(trial), resamples: 400 });
      if (lower <= 2 && 2 <= upper) held++;
    }
    expect(held / 400).toBeGreaterThan(0.92);
    expect(held / 400).toBeLessThan(0.99);
  });

  it("is the same with the same seed, and 1 for a sample against itself", () => {
    const sample = noise(5, 300);
    const once = quantileRatio(sample, sample, { q: 0.95, random: seeded(9) });
    expect(once).toEqual(quantileRatio(sample, sample, { q: 0.95, random: seeded(9) }));
    expect(once.ratio).toBe(1);
    expect(once.lower).toBeLessThan(1);
    expect(once.upper).toBeGreaterThan(1);
  });

  it("knows no ratio over nothing but infinity, and 1 where both are nothing", () => {
    const random = seeded(1);
    expect(quantileRatio([0, 0], [0, 0], { q: 0.5, random })).toMatchObject({ ratio: 1, lower: 1, upper: 1 });
    expect(quantileRatio([0], [3], { q: 0.5, random }).ratio).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    [[], [1], {}, /quantileRatio\(first\): got \[\]/],
    [[1], [-1], {}, /quantileRatio\(second\)\[0\]: got -1/],
    [[1], [1], { blockLength: 2 }, /blockLength/],
    [[1], [1], { q: 2 }, /quantileRatio\(q\)/],
    [[1], [1], { resamples: 0 }, /resamples/],
  ])("refuses %j against %j with %j", (first, second, options, message) => {
    const run = () => quantileRatio(first, second, { q: 0.5, random: seeded(1), ...options });
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(message);
  });
});
