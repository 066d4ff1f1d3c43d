import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../core/seeded.js";
import { stage } from "./fixture.js";
import { dueAt, Interleave, type OpenLoad, type PlannedStage, plan } from "./schedule.js";

const seconds = fc.integer({ min: 1, max: 200 }).map((tenths) => tenths * 100);
const rate = fc.integer({ min: 0, max: 4_000 }).map((tenths) => tenths / 10);
const stages = fc.array(
  fc.oneof(
    fc.record({ duration: seconds, rate: fc.tuple(rate, rate) }),
    fc.record({ duration: seconds, concurrency: fc.constant(1) }),
  ),
  { minLength: 1, maxLength: 6 },
);

/** All arrivals of a plan, by when they are due. */
function arrivals(planned: readonly PlannedStage[]): { readonly due: number; readonly stage: PlannedStage }[] {
  return planned.flatMap((one) => {
    const { load } = one;
    if (load.kind !== "open") return [];
    return Array.from({ length: load.end - load.first }, (_, at) => ({
      due: dueAt(one, load, load.first + at),
      stage: one,
    }));
  });
}

/** The integral of the rate up to a time: by the trapezoid that each stage is. */
function integralTo(time: number, planned: readonly PlannedStage[]): number {
  return planned.reduce((sum, { from, to, load }) => {
    if (load.kind !== "open" || time <= from) return sum;
    const part = Math.min(time, to) - from;
    const end = load.rate[0] + ((load.rate[1] - load.rate[0]) * part) / (to - from);
    return sum + (((load.rate[0] + end) / 2) * part) / 1000;
  }, 0);
}

describe("a schedule", () => {
  it("has as many arrivals as the integral of the rate, in each stage and up to each arrival", () => {
    fc.assert(
      fc.property(stages, (given) => {
        const planned = plan(given.map(stage));
        const all = arrivals(planned);
        const end = planned.at(-1)?.to ?? 0;
        expect(Math.abs(all.length - integralTo(end, planned))).toBeLessThanOrEqual(0.5 + 1e-6);
        const off = all.map(({ due }, k) => Math.abs(integralTo(due, planned) - (k + 0.5)));
        expect(Math.max(0, ...off)).toBeLessThan(1e-5);
      }),
    );
  });

  it("never goes back, and keeps every arrival within its stage", () => {
    fc.assert(
      fc.property(stages, (given) => {
        const all = arrivals(plan(given.map(stage)));
        const wrong = all.filter(
          ({ due, stage: of }, k) => due < Math.max(of.from, all[k - 1]?.due ?? 0) || due > of.to,
        );
        expect(wrong).toEqual([]);
      }),
    );
  });

  it("spaces a constant rate evenly, half a gap from the beginning", () => {
    const [only] = plan([stage({ duration: "1s", rate: 4 })]);
    expect(arrivals(only === undefined ? [] : [only]).map(({ due }) => due)).toEqual([125, 375, 625, 875]);
  });

  it("names stages, and judges those that are recorded", () => {
    const planned = plan([
      stage({ duration: "1s", rate: 1, warmUp: true }),
      stage({ duration: "1s", rate: 1, name: "steady" }),
      stage({ duration: "1s", concurrency: 2, steady: false }),
    ]);
    expect(planned.map(({ name, from, to, steady }) => [name, from, to, steady])).toEqual([
      ["stage 1", 0, 1000, false],
      ["steady", 1000, 2000, true],
      ["stage 3", 2000, 3000, false],
    ]);
  });

  it("takes exactly 5,000 arrivals of a second at that rate, and the first of a ramp late", () => {
    const [flat, ramp] = plan([stage({ duration: "1s", rate: 5000 }), stage({ duration: "10s", rate: [0, 20] })]);
    const load = ramp?.load as OpenLoad;
    expect(flat?.load).toMatchObject({ first: 0, end: 5000 });
    expect(load).toMatchObject({ first: 5000, end: 5100 });
    // t²: half an arrival is there after √½ seconds.
    expect(dueAt(ramp as PlannedStage, load, 5000)).toBeCloseTo(1000 + Math.SQRT1_2 * 1000, 6);
  });
});

describe("lanes", () => {
  it("have their shares in every stretch of arrivals, to within a few", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
        fc.nat(1_000_000),
        fc.nat(1000),
        (weights, from, seed) => {
          const interleave = new Interleave(weights, seeded(seed));
          const counts = weights.map(() => 0);
          for (let k = from; k < from + 1000; k++) {
            const at = interleave.pick(k);
            counts[at] = (counts[at] ?? 0) + 1;
          }
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          for (const [at, weight] of weights.entries())
            expect(Math.abs((counts[at] ?? 0) - (1000 * weight) / total)).toBeLessThan(6);
        },
      ),
    );
  });

  it("come in the same order with the same seed", () => {
    const order = (seed: number) => {
      const interleave = new Interleave([2, 1], seeded(seed));
      return Array.from({ length: 30 }, (_, k) => interleave.pick(k)).join("");
    };
    expect(order(1)).toBe(order(1));
    expect(order(1)).not.toBe(order(2));
  });
});
