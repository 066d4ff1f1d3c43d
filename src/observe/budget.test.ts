import { describe, expect, it } from "vitest";
import { ConfigError } from "../core/config.js";
import { budgetLeft, budgetUsed, burnRate, callsNeeded } from "./budget.js";

describe("burnRate", () => {
  it("is 1 when exactly as many calls are bad as the objective allows", () => {
    expect(burnRate({ valid: 1000, bad: 1 }, 0.999)).toBe(1);
  });

  it("is what part of the allowed share the bad share makes", () => {
    expect(burnRate({ valid: 1000, bad: 36 }, 0.9975)).toBeCloseTo(14.4, 10);
    expect(burnRate({ valid: 10, bad: 0 }, 0.99)).toBe(0);
  });

  it("is null where nothing was counted, so that silence never passes for health", () => {
    expect(burnRate({ valid: 0, bad: 0 }, 0.999)).toBeNull();
  });

  it.each([1, 0, -0.5, 99.9, Number.NaN])("refuses an objective of %d", (objective) => {
    expect(() => burnRate({ valid: 1, bad: 0 }, objective)).toThrow(ConfigError);
  });
});

describe("budgetLeft and budgetUsed", () => {
  it("can be overspent", () => {
    expect(budgetLeft({ valid: 1000, bad: 3 }, 0.999)).toBe(-2);
    expect(budgetLeft({ valid: 1000, bad: 0 }, 0.999)).toBe(1);
    expect(budgetLeft({ valid: 0, bad: 0 }, 0.999)).toBeNull();
  });

  it("14.4 over an hour uses 2 % of thirty days", () => {
    expect(budgetUsed(14.4, 3600)).toBeCloseTo(0.02, 12);
  });
});

describe("callsNeeded", () => {
  it.each([
    [14.4, 0.999, 695],
    [1, 0.999, 10_000],
    [10, 0.99, 100],
  ])("at %d times %d asks for %d calls", (threshold, objective, calls) => {
    expect(callsNeeded(threshold, objective)).toBe(calls);
  });

  it("refuses a threshold that nothing could reach", () => {
    expect(() => callsNeeded(101, 0.99)).toThrow(/callsNeeded\(threshold\): got 101; allowed: above 0 and at most 100/);
    expect(() => callsNeeded(0, 0.99)).toThrow(ConfigError);
  });
});
