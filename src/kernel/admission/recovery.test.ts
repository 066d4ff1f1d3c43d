import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AdmissionConfig,
  type AdmissionState,
  freshAdmission,
  loopSeen,
  refusalOf,
  type Stretch,
  stretchSeen,
} from "./admission.js";
import { levelFor } from "./level.js";
import { nextLimit } from "./limit.js";

const CLASSES = 4;
const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34];

/** Options as they may be given, at their bounds above all. */
const configs: fc.Arbitrary<AdmissionConfig> = fc
  .record({
    limits: fc.tuple(
      ...[1, 2, 3].map(() => fc.oneof(fc.constantFrom(1, 2, 20, 1000), fc.integer({ min: 1, max: 1e6 }))),
    ),
    tolerance: fc.constantFrom(1.1, 2, 10),
    targetDelayMs: fc.constantFrom(1, 30, 5000),
    times: fc.constantFrom(1, 3, 100),
  })
  .map(({ limits, tolerance, targetDelayMs, times }) => {
    const [minLimit = 1, initialLimit = 1, maxLimit = 1] = [...limits].sort((a, b) => a - b);
    return { minLimit, initialLimit, maxLimit, tolerance, targetDelayMs, intervalMs: times * targetDelayMs };
  });

/** Not negative, with what divides badly and what is as large as it gets. */
const amounts = fc.oneof(
  fc.constantFrom(0, Number.MIN_VALUE, 1e-9, 0.002, 1, 1e9),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
);
const counts = fc.oneof(fc.constantFrom(0, 1, 1e9), fc.nat(5000));
const perClass = (of: fc.Arbitrary<number>) => fc.array(of, { minLength: CLASSES, maxLength: CLASSES });

/** Whatever may have become of a service, and more. */
const states = (config: AdmissionConfig): fc.Arbitrary<AdmissionState> =>
  fc.record({
    limit: fc.double({ min: config.minLimit, max: config.maxLimit, noNaN: true }),
    level: fc.double({ min: 0, max: CLASSES, noNaN: true }),
    rates: perClass(amounts),
    admitted: amounts,
    turnedAway: amounts,
    taking: fc.record({
      capacity: fc.oneof(fc.constant(Infinity), amounts),
      from: amounts,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      helplessMs: fc.constantFrom(0, 1, 10_000),
      helplessShare: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    logRatio: fc.double({ min: -700, max: 700, noNaN: true }),
    fall: fc.option(fc.record({ from: amounts, worst: fc.double({ min: -700, max: 700, noNaN: true }) }), {
      nil: undefined,
    }),
    blameless: fc.boolean(),
    lateMs: amounts,
    seenAt: fc.constantFrom(-Infinity, 0, 1e9),
    lateSince: fc.constantFrom(undefined, 0, -1e9),
    standing: fc.boolean(),
  });

const stretches: fc.Arbitrary<Stretch> = fc.record({
  ms: fc.oneof(fc.constantFrom(0, Number.MIN_VALUE, 1e-6, 1e12), fc.double({ min: 0, max: 1e5, noNaN: true })),
  arrived: perClass(counts),
  admitted: counts,
  turnedAway: counts,
  peak: counts,
  samples: counts,
  logRatios: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
});

const lateness = fc.record({
  now: fc.double({ min: 0, max: 1e12, noNaN: true }),
  lateMs: fc.oneof(fc.constantFrom(0, Number.NaN, Infinity, -1), amounts),
});

/** Everything in it is a number that decisions can be made by. */
function sound(state: AdmissionState, { minLimit, maxLimit }: AdmissionConfig): void {
  const { limit, level, rates, admitted, turnedAway, taking, logRatio, lateMs } = state;
  for (const figure of [...rates, ...Object.values(taking), admitted, turnedAway, lateMs])
    expect(figure).toBeGreaterThanOrEqual(0);
  for (const figure of [...rates, admitted, turnedAway, logRatio]) expect(Number.isFinite(figure)).toBe(true);
  expect(limit).toBeGreaterThanOrEqual(minLimit);
  expect(limit).toBeLessThanOrEqual(maxLimit);
  expect(level).toBeGreaterThanOrEqual(0);
  expect(level).toBeLessThanOrEqual(CLASSES);
}

/** A service that is well: so many requests in each stretch, all of them let in, and as fast as usual. */
const well = (requests: number, ms = 100): Stretch => ({
  ms,
  arrived: [0, 0, requests, 0],
  admitted: requests,
  turnedAway: 0,
  peak: Math.min(requests, 1),
  samples: requests,
  logRatios: 0,
});

describe.each(SEEDS)("admission, from whatever it has come to (seed %i)", (seed) => {
  it("makes no figure that is none, of stretches of any length and lateness of any kind", () => {
    const given = configs.chain((config) =>
      fc.tuple(fc.constant(config), states(config), fc.array(fc.oneof(stretches, lateness), { maxLength: 12 })),
    );
    fc.assert(
      fc.property(given, ([config, begin, steps]) => {
        let state = begin;
        for (const step of steps) {
          state = "now" in step ? loopSeen(state, step.now, step.lateMs, config) : stretchSeen(state, step, config);
          sound(state, config);
        }
      }),
      { seed, numRuns: 60 },
    );
  });

  it("is as if nothing had been, after a while of any load that can be answered in time", () => {
    // From one request in ten seconds on: also a service that is hardly used finds back.
    const loads = fc.constantFrom([1, 10_000], [1, 1_100], [1, 100], [30, 100], [3000, 100]);
    const given = configs.chain((config) => fc.tuple(fc.constant(config), states(config), loads));
    fc.assert(
      fc.property(given, fc.double({ min: 0, max: 1, noNaN: true }), ([config, begin, [requests = 1, ms]], part) => {
        const lateMs = part * config.targetDelayMs;
        let state = begin;
        for (let at = 0; at < 400; at++) {
          state = loopSeen(state, at * 100, lateMs, config);
          state = stretchSeen(state, well(requests, ms), config);
        }
        expect(state).toMatchObject({
          level: CLASSES,
          taking: { capacity: Infinity },
          standing: false,
          blameless: false,
        });
        for (const at of [0, 1, 2, 3]) expect(refusalOf(state, config, at, 0, lateMs, 0.999)).toBe(undefined);
      }),
      { seed, numRuns: 60 },
    );
  });

  it("never has a level or a limit that shuts out everybody when nothing is under way", () => {
    fc.assert(
      fc.property(configs, perClass(amounts), fc.oneof(fc.constant(Infinity), amounts), (config, rates, target) => {
        expect(levelFor(rates, target + 0.002)).toBeGreaterThan(0);
        const sample = { ratio: Infinity, loop: 0, peak: 0 };
        expect(nextLimit(config.minLimit, sample, config)).toBeGreaterThanOrEqual(1);
      }),
      { seed, numRuns: 60 },
    );
  });
});

const config: AdmissionConfig = {
  minLimit: 20,
  initialLimit: 100,
  maxLimit: 1000,
  tolerance: 2,
  targetDelayMs: 30,
  intervalMs: 100,
};

describe("what is long past", () => {
  it("doesn't count: silence says nothing of what can be taken", () => {
    const shut = { ...well(0), arrived: [0, 0, 50, 0], admitted: 5, turnedAway: 45 };
    let state = freshAdmission(config, CLASSES);
    for (let at = 0; at < 10; at++) state = stretchSeen(state, shut, config);
    expect(state.level).toBeLessThan(CLASSES);
    // The last of them were counted into the stretch that the first one after an hour has ended.
    state = stretchSeen(state, { ...shut, ms: 3_600_000 }, config);
    state = stretchSeen(state, well(10), config);
    expect(state).toMatchObject({ level: CLASSES, taking: { capacity: Infinity } });
  });

  it("doesn't make two moments that were late one long one", () => {
    const seen = (...late: (readonly [number, number])[]) =>
      late.reduce((state, [now, lateMs]) => loopSeen(state, now, lateMs, config), freshAdmission(config, CLASSES));
    expect(seen([0, 40], [3_600_000, 40]).standing).toBe(false);
    expect(seen([0, 40], [3_600_000, 40], [3_600_050, 40], [3_600_100, 40]).standing).toBe(true);
    // Turns of 400 ms, each of which is looked at once: late without a break.
    expect(seen([0, 390], [400, 390]).standing).toBe(true);
  });
});
