import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { theilSen } from "./theil-sen.js";

describe("theilSen", () => {
  it("finds -0.056 a year for the effect of cloud seeding (Smith 1967; Hollander and Wolfe 1999, example 9.3)", () => {
    const ratios = [1.26, 1.27, 1.12, 1.16, 1.03];
    expect(theilSen(ratios.map((y, at) => ({ x: at + 1, y })))).toBeCloseTo(-0.056_25, 12);
  });

  it("is not moved by an outlier", () => {
    const line = Array.from({ length: 21 }, (_, x) => ({ x, y: 3 * x + 1 }));
    expect(theilSen(line.with(7, { x: 7, y: 1e6 }))).toBe(3);
  });

  it("leaves out pairs on top of each other, and has no slope without others", () => {
    expect(
      theilSen([
        { x: 1, y: 1 },
        { x: 1, y: 9 },
        { x: 2, y: 4 },
      ]),
    ).toBe(-1);
    expect(theilSen([{ x: 1, y: 1 }])).toBeNull();
    expect(
      theilSen([
        { x: 1, y: 1 },
        { x: 1, y: 2 },
      ]),
    ).toBeNull();
  });

  it("refuses what is no point", () => {
    expect(() => theilSen([{ x: 0, y: Number.NaN }])).toThrow(ConfigError);
  });
});
