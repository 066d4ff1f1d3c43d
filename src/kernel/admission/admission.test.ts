import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AdmissionConfig,
  type AdmissionState,
  freshAdmission,
  loopSeen,
  refusalOf,
  stretchSeen,
} from "./admission.js";
import { levelFor, shareOf } from "./level.js";
import { nextLimit } from "./limit.js";

const CLASSES = 4;
const config: AdmissionConfig = {
  minLimit: 20,
  initialLimit: 100,
  maxLimit: 1000,
  tolerance: 2,
  targetDelayMs: 30,
  intervalMs: 100,
};
const rates = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: CLASSES, maxLength: CLASSES });
const count = fc.integer({ min: 0, max: 2000 });

/** What may happen in a while, whether or not it makes sense together. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant("stretch" as const),
    ms: fc.double({ min: 100, max: 60_000, noNaN: true }),
    arrived: fc.array(count, { minLength: CLASSES, maxLength: CLASSES }),
    admitted: count,
    turnedAway: count,
    peak: count,
    samples: count,
    logRatios: fc.double({ min: -5000, max: 5000, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant("loop" as const),
    ms: fc.double({ min: 0, max: 1000, noNaN: true }),
    lateMs: fc.double({ min: 0, max: 5000, noNaN: true }),
  }),
);

function statesAfter(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): AdmissionState[] {
  let now = 0;
  let state = freshAdmission(config, CLASSES);
  return steps.map((one) => {
    now += one.ms;
    state = one.kind === "loop" ? loopSeen(state, now, one.lateMs, config) : stretchSeen(state, one, config);
    return state;
  });
}

const calm = { ms: 100, arrived: [0, 0, 10, 0], admitted: 10, turnedAway: 0, peak: 1, samples: 10, logRatios: 0 };
const full = { ...calm, arrived: [0, 0, 150, 0], admitted: 50, turnedAway: 100, samples: 50 };

describe("levels of priorities", () => {
  it("let in just as much as they are to, and from the top", () => {
    fc.assert(
      fc.property(rates, fc.double({ min: 0, max: 500, noNaN: true }), (all, target) => {
        const level = levelFor(all, target);
        const shares = all.map((_, at) => shareOf(level, at));
        const through = all.reduce((sum, rate, at) => sum + rate * (shares[at] ?? 0), 0);
        const total = all.reduce((sum, rate) => sum + rate, 0);
        expect(through).toBeCloseTo(Math.min(total, target), 6);
        expect(shares).toEqual([...shares].sort((a, b) => b - a));
        expect(shares.filter((share) => share > 0 && share < 1).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("admission", () => {
  it("keeps its limit and level within their bounds, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        for (const { limit, level, logRatio } of statesAfter(steps)) {
          expect(limit).toBeGreaterThanOrEqual(config.minLimit);
          expect(limit).toBeLessThanOrEqual(config.maxLimit);
          expect(level).toBeGreaterThanOrEqual(0);
          expect(level).toBeLessThanOrEqual(CLASSES);
          expect(Number.isFinite(logRatio)).toBe(true);
        }
      }),
    );
  });

  it("refuses nobody whom it would let in with a lower priority, all else alike", () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const lateMs = fc.double({ min: 0, max: 300, noNaN: true });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), chance, lateMs, fc.nat(1000), (steps, roll, late, inFlight) => {
        const state = statesAfter(steps).at(-1) ?? freshAdmission(config, CLASSES);
        const refused = [0, 1, 2, 3].map((at) => refusalOf(state, config, at, inFlight, late, roll) !== undefined);
        expect(refused).toEqual([...refused].sort((a, b) => Number(a) - Number(b)));
      }),
    );
  });

  it("lets everybody in again once all has been well for a while, whatever happened before", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const quiet = Array.from({ length: 200 }, () => [
          { kind: "stretch" as const, ...calm },
          { kind: "loop" as const, ms: 10, lateMs: 0 },
        ]).flat();
        const state = statesAfter([...steps, ...quiet]).at(-1) as AdmissionState;
        expect(state).toMatchObject({ level: CLASSES, standing: false, blameless: false });
        expect(state.limit).toBeGreaterThanOrEqual(config.initialLimit);
      }),
    );
  });

  it("finds its capacity again after a while in which it let in nobody at all", () => {
    const shut = { ...calm, ms: 380, arrived: [0, 0, 0, 1], admitted: 0, turnedAway: 1, samples: 0 };
    let state = stretchSeen(freshAdmission(config, CLASSES), shut, config);
    expect(state.level).toBeLessThan(CLASSES);
    for (let i = 0; i < 100; i++) state = stretchSeen(state, calm, config);
    expect(state).toMatchObject({ level: CLASSES, taking: { capacity: Infinity } });
  });

  it("takes lateness for overload only when it goes on, and until it is gone", () => {
    const seen = (...late: (readonly [number, number])[]) =>
      late.reduce((state, [now, lateMs]) => loopSeen(state, now, lateMs, config), freshAdmission(config, CLASSES));
    expect(seen([0, 500], [50, 40]).standing).toBe(false);
    expect(seen([0, 500], [50, 40], [100, 31]).standing).toBe(true);
    expect(seen([0, 500], [50, 5], [100, 31]).standing).toBe(false);
    expect(seen([0, 500], [100, 31], [110, 20]).standing).toBe(true);
    expect(seen([0, 500], [100, 31], [110, 7]).standing).toBe(false);
    expect(seen([0, 20], [200, 20]).standing).toBe(false);
  });

  it("cuts by priority to what was let in, and a little more to find out", () => {
    let state = freshAdmission(config, CLASSES);
    for (let i = 0; i < 20; i++) state = stretchSeen(state, full, config);
    expect(state.level).toBeGreaterThan(2.33);
    expect(state.level).toBeLessThan(2.4);
    expect(refusalOf(state, config, 3, 0, 0, 0)).toBe("priority");
    expect(refusalOf(state, config, 2, 0, 0, 0.5)).toBe("priority");
    expect(refusalOf(state, config, 2, 0, 31, 0)).toBe("loop");
    expect(refusalOf(state, config, 1, 0, 31, 0.99)).toBe(undefined);
    expect(refusalOf(state, config, 1, 0, 101, 0)).toBe("loop");
    expect(refusalOf(state, config, 1, Math.floor(state.limit), 0, 0)).toBe("limit");
  });
});

describe("the limit", () => {
  const well = { ratio: 1, loop: 1, peak: 1000 };

  it("falls by latency and by the event loop's delay, and grows while it is used", () => {
    expect(nextLimit(100, well, config)).toBe(110);
    expect(nextLimit(100, { ...well, ratio: 4 }, config)).toBe(92);
    expect(nextLimit(100, { ...well, loop: 0.5 }, config)).toBe(92);
    expect(nextLimit(100, { ...well, ratio: 1.9 }, config)).toBe(110);
  });

  it("stays while half of it is free, except that it goes back to where it began", () => {
    expect(nextLimit(200, { ...well, peak: 99 }, config)).toBe(200);
    expect(nextLimit(50, { ...well, peak: 0 }, config)).toBeGreaterThan(50);
  });
});
