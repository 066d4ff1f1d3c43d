import { describe, expect, it } from "vitest";
import { seeded } from "../../core/seeded.js";
import { compareArms } from "./analysis.js";
import { DEFAULT_CANARY_POLICY as policy } from "./policy.js";
import { type Simulated, simulatedArm } from "./simulated.fixture.js";

/** Canaries of 1000 calls an arm, each with another seed: how many came to which verdict. */
function verdicts(trials: number, candidate: Partial<Simulated>) {
  const count = { promote: 0, hold: 0, rollback: 0 };
  for (let seed = 1; seed <= trials; seed++) {
    const random = seeded(seed);
    const control = simulatedArm({ random, n: 1_000 });
    count[compareArms(control, simulatedArm({ random, n: 1_000, side: 1, ...candidate }), { policy, seed }).verdict]++;
  }
  return count;
}

describe("a canary of 1000 calls an arm, log-normal latencies with sigma 0.5", () => {
  it("rolls back at most 1 % of 1000 candidates that are no different, and promotes the others", () => {
    const { rollback, promote, hold } = verdicts(1_000, {});
    expect(rollback).toBeLessThanOrEqual(10);
    expect(promote).toBe(1_000 - rollback);
    expect(hold).toBe(0);
  });

  it("rolls back at least 95 % of 1000 candidates whose p95 is 1.25 times as long", () => {
    expect(verdicts(1_000, { times: 1.25 }).rollback).toBeGreaterThanOrEqual(950);
  });

  it("sees a p95 of 1.25 times as long where only the slowest tenth is slower", () => {
    expect(verdicts(300, { tailTimes: 1.25 }).rollback).toBeGreaterThanOrEqual(285);
  });
});
