import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { fisherExact } from "./fisher.js";

describe("fisherExact", () => {
  it("finds that the lady who tastes tea may have guessed: 17/70 (Fisher 1935; Agresti 2002, table 3.8)", () => {
    expect(fisherExact({ events: 3, of: 4 }, { events: 1, of: 4 })).toBeCloseTo(17 / 70, 14);
    expect(fisherExact({ events: 4, of: 4 }, { events: 0, of: 4 })).toBeCloseTo(1 / 70, 14);
  });

  it("finds 0.0004652 for convictions of twins (Fisher 1962; R, example of fisher.test, alternative less)", () => {
    // Of 13 identical twins 10 were convicted, of 17 fraternal ones 2: those convicted less often come second.
    expect(fisherExact({ events: 10, of: 13 }, { events: 2, of: 17 })).toBeCloseTo(0.000_465_2, 7);
  });

  it("is 1 where there is nothing to see", () => {
    expect(fisherExact({ events: 0, of: 1000 }, { events: 0, of: 1000 })).toBe(1);
    expect(fisherExact({ events: 1000, of: 1000 }, { events: 1000, of: 1000 })).toBe(1);
    expect(fisherExact({ events: 0, of: 0 }, { events: 5, of: 10 })).toBe(1);
  });

  it("keeps its digits far out, and with millions", () => {
    // Of 2n calls n are bad, all of the first arm: 1 over (2n over n).
    expect(fisherExact({ events: 10, of: 10 }, { events: 0, of: 10 }) * 184_756).toBeCloseTo(1, 10);
    expect(fisherExact({ events: 500_100, of: 1_000_000 }, { events: 499_900, of: 1_000_000 })).toBeCloseTo(
      0.389_190_9,
      7,
    );
    expect(fisherExact({ events: 1, of: 1_000_000 }, { events: 999_999, of: 1_000_000 })).toBe(1);
  });

  it("says the same as adding up every table", () => {
    const choose = (n: number, k: number): number =>
      k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
    const table = fc
      .record({ n: fc.integer({ min: 1, max: 25 }), m: fc.integer({ min: 1, max: 25 }) })
      .chain(({ n, m }) =>
        fc.record({
          n: fc.constant(n),
          m: fc.constant(m),
          a: fc.integer({ min: 0, max: n }),
          c: fc.integer({ min: 0, max: m }),
        }),
      );
    fc.assert(
      fc.property(table, ({ n, m, a, c }) => {
        let sum = 0;
        for (let k = a; k <= Math.min(n, a + c); k++) sum += choose(n, k) * choose(m, a + c - k);
        expect(fisherExact({ events: a, of: n }, { events: c, of: m })).toBeCloseTo(sum / choose(n + m, a + c), 11);
      }),
    );
  });

  it("refuses more events than occasions, and what is no count", () => {
    expect(() => fisherExact({ events: 3, of: 2 }, { events: 0, of: 2 })).toThrow(ConfigError);
    expect(() => fisherExact({ events: 0.5, of: 2 }, { events: 0, of: 2 })).toThrow(/fisherExact\(first\.events\)/);
    expect(() => fisherExact({ events: 0, of: 2 }, { events: 0, of: Number.NaN })).toThrow(ConfigError);
  });
});
