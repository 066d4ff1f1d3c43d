import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../core/seeded.js";
import { quantile } from "../stats/quantile.js";
import { histogramOf, Latencies } from "./latencies.js";

function of(values: readonly number[]): Latencies {
  const latencies = new Latencies();
  for (const value of values) latencies.record(value);
  return latencies;
}

/** Log-normal, like latencies: by Box and Muller's transform. */
function logNormal(n: number, seed: number): number[] {
  const random = seeded(seed);
  return Array.from({ length: n }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.round(Math.exp(Math.log(50_000) + 1.5 * normal));
  });
}

describe("latencies", () => {
  it.each([50, 75, 90, 95, 99])("have a p%i within 0.1 %% of the exact one", (percentile) => {
    for (const seed of [1, 2, 3]) {
      const values = logNormal(20_000, seed);
      const exact = quantile(Float64Array.from(values).sort(), percentile / 100);
      const measured = (of(values).percentileMs(percentile) ?? 0) * 1000;
      expect(Math.abs(measured - exact) / exact).toBeLessThan(0.001);
    }
  });

  it("keep every value to three digits, up to an hour", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_600_000_000 }), (us) => {
        const hdr = histogramOf(of([us]).summary().hdr ?? "");
        expect(Math.abs(hdr.getValueAtPercentile(50) - us) / us).toBeLessThan(0.001);
      }),
    );
  });

  it("added up are as if they had been recorded together, also by way of the artefact", () => {
    const [a, b] = [logNormal(1000, 4), logNormal(500, 5)];
    const together = of([...a, ...b]).summary();
    const added = of(a);
    added.add(of(b));
    expect(added.summary()).toEqual(together);
    const hdr = histogramOf(of(a).summary().hdr ?? "");
    hdr.add(histogramOf(of(b).summary().hdr ?? ""));
    expect(hdr.totalCount).toBe(1500);
    expect(hdr.getValueAtPercentile(95)).toBeCloseTo((together.p95Ms ?? 0) * 1000, 6);
  });

  it("have nothing to say without samples", () => {
    const none = { meanMs: null, p50Ms: null, p75Ms: null, p90Ms: null, p95Ms: null, p99Ms: null, maxMs: null };
    expect(new Latencies().summary()).toEqual({ n: 0, ...none, censored: 0, clamped: 0, hdr: null });
    expect(new Latencies().percentileMs(95)).toBeNull();
  });

  it("above an hour are counted as an hour, and said to be", () => {
    const summary = of([7_200_000_000, 1_000]).summary();
    expect(summary).toMatchObject({ n: 2, clamped: 1, maxMs: 3_600_000 });
  });

  it("round fractions, and take what a clock gives as less than nothing for nothing", () => {
    const latencies = of([1.6, -3]);
    expect(latencies.summary()).toMatchObject({ n: 2, maxMs: 0.002, p50Ms: 0 });
  });

  it("say how many ended at their time-out", () => {
    const latencies = new Latencies();
    latencies.record(10_000_000, true);
    expect(latencies.summary()).toMatchObject({ n: 1, censored: 1, p95Ms: 10_000 });
  });
});
