import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { binomialAtLeast } from "./binomial.js";

describe("binomialAtLeast", () => {
  it("has the limits of Clopper and Pearson for Mendel's peas: 682 of 925 (Conover 1971; R, example of binom.test)", () => {
    // R: 95 percent confidence interval 0.7076683 0.7654066. Each leaves 2.5 % outside.
    expect(binomialAtLeast(682, 925, 0.707_668_3)).toBeCloseTo(0.025, 6);
    expect(binomialAtLeast(683, 925, 0.765_406_6)).toBeCloseTo(0.975, 6);
  });

  it("agrees with tables: 8 or more of 10 coins 56/1024, 3 or more of 20 at 0.05 0.0755", () => {
    expect(binomialAtLeast(8, 10, 0.5)).toBeCloseTo(56 / 1024, 14);
    expect(binomialAtLeast(3, 20, 0.05)).toBeCloseTo(0.0755, 4);
  });

  it("knows its ends", () => {
    expect(binomialAtLeast(0, 5, 0)).toBe(1);
    expect(binomialAtLeast(1, 5, 0)).toBe(0);
    expect(binomialAtLeast(5, 5, 1)).toBe(1);
    expect(binomialAtLeast(0, 0, 0.5)).toBe(1);
    expect(binomialAtLeast(1, 1_000_000, 0.5)).toBe(1);
  });

  it("refuses what is no count or no share", () => {
    expect(() => binomialAtLeast(6, 5, 0.5)).toThrow(ConfigError);
    expect(() => binomialAtLeast(1, 5, 1.5)).toThrow(ConfigError);
  });
});
