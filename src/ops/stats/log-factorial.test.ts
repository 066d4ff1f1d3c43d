import { describe, expect, it } from "vitest";
import { logChoose, logFactorial } from "./log-factorial.js";

describe("logFactorial", () => {
  // Abramowitz and Stegun (1964), table 6.3: n! to eleven figures.
  it.each([
    [0, 1],
    [1, 1],
    [10, 3_628_800],
    [15, 1_307_674_368_000],
    [16, 2.092_278_988_8e13],
    [20, 2.432_902_008_176_64e18],
    [50, 3.041_409_320_171_3e64],
    [100, 9.332_621_544_394e157],
  ])("of %d", (n, factorial) => {
    expect(logFactorial(n)).toBeCloseTo(Math.log(factorial), 11);
  });

  it("goes on where n! is beyond a double", () => {
    expect(logFactorial(1_000_000) - logFactorial(999_999)).toBeCloseTo(Math.log(1_000_000), 7);
  });
});

describe("logChoose", () => {
  it("counts the hands of bridge: 52 over 13 is 635,013,559,600", () => {
    expect(Math.exp(logChoose(52, 13)) / 635_013_559_600).toBeCloseTo(1, 12);
  });
});
