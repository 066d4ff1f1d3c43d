import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATENCY_BUCKETS, latencyBucket, latencyOf, latencyPercentile } from "./latency.js";

describe("latencyBucket", () => {
  it("reads a latency back within 6.25 % from 1 ms to 131 s, within 0.0625 ms below", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 131_071, noNaN: true }), (ms) => {
        const bucket = latencyBucket(ms);
        expect(bucket).toBeGreaterThanOrEqual(0);
        expect(bucket).toBeLessThan(LATENCY_BUCKETS);
        expect(Math.abs(latencyOf(bucket) - ms)).toBeLessThanOrEqual(Math.max(0.0625, 0.0625 * ms) + 1e-9);
      }),
      { numRuns: 1000 },
    );
  });

  it("uses every bucket, in the order of what they stand for", () => {
    const values = Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => latencyOf(bucket));
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.map(latencyBucket)).toEqual(values.map((_, bucket) => bucket));
  });

  it.each([
    [Number.NaN, 0],
    [-5, 0],
    [0, 0],
    [131_072, LATENCY_BUCKETS - 1],
    [1e300, LATENCY_BUCKETS - 1],
    [Number.POSITIVE_INFINITY, LATENCY_BUCKETS - 1],
  ])("puts %d into bucket %d", (ms, bucket) => {
    expect(latencyBucket(ms)).toBe(bucket);
  });
});

describe("latencyPercentile", () => {
  it("is the bucket of the exact nearest-rank percentile", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 200_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.95, 0.99),
        (latencies, share) => {
          const counts = new Float64Array(LATENCY_BUCKETS);
          for (const ms of latencies) {
            const bucket = latencyBucket(ms);
            counts[bucket] = (counts[bucket] ?? 0) + 1;
          }
          const exact = [...latencies].sort((a, b) => a - b)[Math.ceil(share * latencies.length) - 1] ?? Number.NaN;
          expect(latencyPercentile(counts, latencies.length, share)).toBe(latencyOf(latencyBucket(exact)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is null where nothing was counted", () => {
    expect(latencyPercentile(new Float64Array(LATENCY_BUCKETS), 0, 0.95)).toBeNull();
  });
});
