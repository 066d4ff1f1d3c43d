import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { mannWhitney } from "./mann-whitney.js";

// Permeability constants of the human chorioamnion: Hollander and Wolfe (1999), table 4.1.
const AT_TERM = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const EARLY = [1.15, 0.88, 0.9, 0.74, 1.21];

describe("mannWhitney", () => {
  it("is exact for small samples: U 35, p 0.1272 (Hollander and Wolfe, example 4.1; R, example of wilcox.test)", () => {
    const { u, pAbove, method } = mannWhitney(EARLY, AT_TERM);
    expect({ u, method }).toEqual({ u: 35, method: "exact" });
    expect(pAbove).toBeCloseTo(0.1272, 4);
  });

  it("is two-sided where asked: U 17, p 1/9, effect 17/20 (SciPy, example of mannwhitneyu)", () => {
    const { u, pTwoSided, effect } = mannWhitney([20, 11, 17, 12], [19, 22, 16, 29, 24]);
    expect(u).toBe(17);
    expect(pTwoSided).toBeCloseTo(0.111_111_111, 8);
    expect(effect).toBe(0.85);
  });

  it("corrects for ties: ozone in May and August 1973, W 127.5, p 0.0001208 (R, example of wilcox.test)", () => {
    // Chambers et al. (1983), in R as airquality; days without a measurement are left out.
    const may = [41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37];
    const august = [
      39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85,
    ];
    const { u, pTwoSided, method } = mannWhitney(august, may);
    expect({ u, method }).toEqual({ u: 127.5, method: "normal" });
    expect(pTwoSided).toBeCloseTo(0.000_120_8, 7);
  });

  it("counts pairs as their definition has it, and both ways add up", () => {
    const values = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        let u = 0;
        for (const x of a) for (const y of b) u += y > x ? 1 : y === x ? 0.5 : 0;
        const test = mannWhitney(a, b);
        const reverse = mannWhitney(b, a);
        expect(test.u).toBe(u);
        expect(test.effect + reverse.effect).toBeCloseTo(1, 12);
        expect(test.pTwoSided).toBeCloseTo(reverse.pTwoSided, 12);
      }),
    );
  });

  it("sees no difference where all are alike", () => {
    expect(mannWhitney([5, 5, 5], [5, 5])).toMatchObject({ effect: 0.5, pAbove: 1, pTwoSided: 1 });
  });

  it("refuses samples without a value, or with one that is none", () => {
    expect(() => mannWhitney([], [1])).toThrow(ConfigError);
    expect(() => mannWhitney([1], [Number.POSITIVE_INFINITY])).toThrow(/mannWhitney\(second\)\[0\]/);
  });
});
