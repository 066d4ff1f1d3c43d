import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../core/seeded.js";
import { compareArms } from "./analysis.js";
import type { Arm, BadOutcome, ScenarioMeasured } from "./arms.js";
import { BAD_OUTCOMES } from "./arms.js";
import { DEFAULT_CANARY_POLICY as policy } from "./policy.js";
import { measured, simulatedSamples } from "./simulated.fixture.js";

/** From good to bad. */
const ORDER = ["promote", "hold", "rollback"] as const;
const limits = { chat: { p95Ms: 260, maxErrorRate: 0.02 } };

const shape = fc.record({
  seed: fc.nat(),
  n: fc.constantFrom(50, 200, 400, 1_000),
  times: fc.constantFrom(0.8, 1, 1.1, 1.3),
  bad: fc.constantFrom(0, 1, 5, 12, 30),
  kind: fc.constantFrom<BadOutcome>(...BAD_OUTCOMES),
  critical: fc.boolean(),
  passed: fc.boolean(),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

const armOf = ({ seed, n, times, bad, kind, critical, passed }: Shape): Arm => ({
  scenarios: [
    measured(simulatedSamples({ random: seeded(seed), n, times, blockCalls: 20 }), { [kind]: bad }, { critical }),
  ],
  probes: [{ id: "login", critical: true, passed }],
});
const compare = (control: Arm, candidate: Arm) => compareArms(control, candidate, { policy, limits, seed: 1 });

describe("compareArms, whatever was measured", () => {
  it("never rolls back an arm that is the same as control", () => {
    fc.assert(
      fc.property(shape, (one) => {
        expect(compare(armOf(one), armOf(one)).verdict).not.toBe("rollback");
      }),
    );
  });

  it("never finds the same regression both ways round", () => {
    fc.assert(
      fc.property(shape, shape, (one, other) => {
        const there = compare(armOf(one), armOf(other)).criteria.flatMap(({ by }) => by);
        const back = compare(armOf(other), armOf(one)).criteria.flatMap(({ by }) => by);
        expect(there.filter((id) => back.includes(id))).toEqual([]);
      }),
    );
  });

  it("never judges a candidate better for having got worse", () => {
    const worsening = fc.record({
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      slower: fc.constantFrom(1, 1.05, 1.2, 2),
      more: fc.constantFrom(0, 1, 8, 40),
      kind: fc.constantFrom<BadOutcome>(...BAD_OUTCOMES),
      breaks: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, shape, worsening, (one, other, { from, slower, more, kind, breaks }) => {
        const control = armOf(one);
        const candidate = armOf(other);
        const worse: Arm = {
          scenarios: candidate.scenarios.map((scenario) => worsened(scenario, from, slower, more, kind)),
          probes: candidate.probes.map((probe) => ({ ...probe, passed: probe.passed && !breaks })),
        };
        const rank = (arm: Arm) => ORDER.indexOf(compare(control, arm).verdict);
        expect(rank(worse)).toBeGreaterThanOrEqual(rank(candidate));
      }),
      { numRuns: 300 },
    );
  });
});

/** Calls from some point on slower, and more of the good ones bad. */
function worsened(
  { samples, counts, ...rest }: ScenarioMeasured,
  from: number,
  slower: number,
  more: number,
  kind: BadOutcome,
): ScenarioMeasured {
  const turned = Math.min(more, counts.success);
  return {
    ...rest,
    samples: samples.map(({ ms, block }, at) => ({ ms: at >= from * samples.length ? ms * slower : ms, block })),
    counts: { ...counts, success: counts.success - turned, [kind]: counts[kind] + turned },
  };
}
