import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { holm } from "./holm.js";

describe("holm", () => {
  it("rejects the first and the fourth of 0.01, 0.04, 0.03, 0.005 at 0.05 (Wikipedia, Holm–Bonferroni method, example)", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    expect(adjusted.map((p) => p < 0.05)).toEqual([true, false, false, true]);
    for (const [at, p] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[at]).toBeCloseTo(p, 12);
  });

  it("never goes down a step, nor beyond 1", () => {
    expect(holm([0.02, 0.021, 0.9, 0.8])).toEqual([0.08, 0.08, 1, 1]);
    expect(holm([0.5])).toEqual([0.5]);
    expect(holm([])).toEqual([]);
  });

  it("refuses what is no p-value", () => {
    expect(() => holm([0.1, Number.NaN])).toThrow(ConfigError);
    expect(() => holm([1.1])).toThrow(/holm\(pValues\[0\]\): got 1\.1/);
  });
});
