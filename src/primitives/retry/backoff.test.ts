import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoff } from "./backoff.js";

describe("backoff", () => {
  it("stays within its bounds however long it goes on", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("full", "decorrelated", "none" as const),
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (jitter, base, more, failed, chance) => {
          const cap = Math.min(base + more, Number.MAX_SAFE_INTEGER);
          const wait = backoff(jitter, base, cap, failed, cap, () => chance);
          expect(wait).toBeGreaterThanOrEqual(jitter === "decorrelated" ? Math.min(base, cap) : 0);
          expect(wait).toBeLessThanOrEqual(cap);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("draws from nothing to the doubled base, or from the base to three times the last wait", () => {
    expect([1, 2, 3, 9].map((failed) => backoff("full", 100, 1000, failed, 0, () => 0.5))).toEqual([50, 100, 200, 500]);
    expect(backoff("decorrelated", 100, 1000, 1, 0, () => 0.9)).toBe(100);
    expect(backoff("decorrelated", 100, 1000, 2, 100, () => 0.5)).toBe(200);
  });
});
