import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { hodgesLehmann } from "./hodges-lehmann.js";

describe("hodgesLehmann", () => {
  it("finds 0.305 for the chorioamnion at term against earlier (Hollander and Wolfe 1999, example 4.3)", () => {
    const atTerm = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const early = [1.15, 0.88, 0.9, 0.74, 1.21];
    expect(hodgesLehmann(early, atTerm)).toBeCloseTo(0.305, 12);
  });

  it("is the median of all differences", () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(values, values, fc.constantFrom(1, 0.1, 1e-9), (a, b, unit) => {
        const first = a.map((value) => value * unit);
        const second = b.map((value) => value * unit);
        const all = second.flatMap((y) => first.map((x) => y - x)).sort((x, y) => x - y);
        const [low, high] = [all[Math.ceil(all.length / 2) - 1], all[Math.floor(all.length / 2)]] as [number, number];
        expect(hodgesLehmann(first, second)).toBe(low === high ? low : (low + high) / 2);
      }),
    );
  });

  it("takes a million pairs without storing them", () => {
    const first = Float64Array.from({ length: 1_000 }, (_, at) => Math.exp(at / 200));
    expect(
      hodgesLehmann(
        first,
        first.map((value) => value + 7),
      ),
    ).toBeCloseTo(7, 9);
  });

  it("refuses samples without a value", () => {
    expect(() => hodgesLehmann([1], [])).toThrow(ConfigError);
  });
});
