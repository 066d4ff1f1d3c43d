import { expect, it } from "vitest";
import { mergedPercentiles } from "./histograms.js";
import { encoded } from "./parts.fixture.js";

const upTo = (n: number, step = 1) => Array.from({ length: n }, (_, at) => (at + 1) * step);

it("has the percentiles of all samples together, not the average of percentiles", () => {
  const fast = upTo(900, 0.01);
  const slow = upTo(100, 10);
  const exact = [...fast, ...slow].sort((a, b) => a - b);
  const merged = mergedPercentiles([encoded(fast), encoded(slow)]);
  expect(merged?.count).toBe(1_000);
  for (const [name, at] of [
    ["p50", 500],
    ["p95", 950],
    ["p99", 990],
  ] as const)
    expect(Math.abs((merged?.[name] ?? 0) / (exact[at - 1] ?? 0) - 1)).toBeLessThan(0.001);
});

it("says nothing of no samples, nor of what is no histogram", () => {
  expect(mergedPercentiles([])).toBeNull();
  expect(mergedPercentiles([encoded([])])).toBeNull();
  expect(mergedPercentiles([encoded([1]), "SGVsbG8="])).toBeNull();
  expect(mergedPercentiles(["x".repeat(500_000)])).toBeNull();
});
