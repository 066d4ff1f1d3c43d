import { describe, expect, it } from "vitest";
import { normalAbove } from "./normal.js";

describe("normalAbove", () => {
  // Abramowitz and Stegun (1964), tables 26.1 and 26.2.
  it.each([
    [0, 0.5],
    [1, 0.158_655_253_931_457],
    [1.96, 0.024_997_895_148_22],
    [3, 1.349_898_031_63e-3],
    [4, 3.167_124_183_3e-5],
    [6, 9.865_876_45e-10],
    [-1, 0.841_344_746_068_543],
  ])("%d is %d", (z, above) => {
    expect(normalAbove(z) / above).toBeCloseTo(1, 8);
  });

  it("has no step where one method hands over to the other", () => {
    expect(normalAbove(3 - 1e-12) / normalAbove(3)).toBeCloseTo(1, 10);
  });

  it("ends at nothing", () => {
    expect(normalAbove(60)).toBe(0);
    expect(normalAbove(Number.POSITIVE_INFINITY)).toBe(0);
  });
});
