import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { ascending, nearestRank, quantile } from "./quantile.js";

describe("quantile", () => {
  // Wikipedia, Percentile, the nearest-rank method: the three worked examples.
  it.each([
    [[15, 20, 35, 40, 50], 0.05, 15],
    [[15, 20, 35, 40, 50], 0.3, 20],
    [[15, 20, 35, 40, 50], 0.4, 20],
    [[15, 20, 35, 40, 50], 0.5, 35],
    [[15, 20, 35, 40, 50], 1, 50],
    [[3, 6, 7, 8, 8, 10, 13, 15, 16, 20], 0.25, 7],
    [[3, 6, 7, 8, 8, 10, 13, 15, 16, 20], 0.5, 8],
    [[3, 6, 7, 8, 8, 10, 13, 15, 16, 20], 0.75, 15],
    [[3, 6, 7, 8, 8, 9, 10, 13, 15, 16, 20], 0.25, 7],
    [[3, 6, 7, 8, 8, 9, 10, 13, 15, 16, 20], 0.5, 9],
    [[3, 6, 7, 8, 8, 9, 10, 13, 15, 16, 20], 0.75, 15],
  ])("of %j at %d is %d", (values, q, expected) => {
    expect(quantile(values, q)).toBe(expected);
  });

  it("is not led astray by binary fractions", () => {
    expect(nearestRank(100, 0.07)).toBe(7);
    expect(nearestRank(1000, 0.95)).toBe(950);
    expect(nearestRank(1001, 0.95)).toBe(951);
  });

  it("refuses to say without values, and what is no share", () => {
    expect(() => quantile([], 0.5)).toThrow(ConfigError);
    expect(() => quantile([1], 1.5)).toThrow(ConfigError);
  });
});

describe("ascending", () => {
  it("sorts a copy by size, not by spelling", () => {
    const given = [10, 9, 100];
    expect([...ascending(given, "x")]).toEqual([9, 10, 100]);
    expect(given).toEqual([10, 9, 100]);
  });

  it("names what is no number", () => {
    expect(() => ascending([1, Number.NaN], "samples")).toThrow("samples[1]: got NaN; allowed: a finite number");
  });
});
