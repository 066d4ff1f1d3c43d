import { describe, expect, it } from "vitest";
import { seeded } from "../../core/seeded.js";
import { type CanaryAnalysis, compareArms } from "./analysis.js";
import { DEFAULT_CANARY_POLICY as policy } from "./policy.js";
import { type Simulated, simulatedArm } from "./simulated.fixture.js";

/** Canaries of 1000 calls an arm, each with another seed. */
function canaries(trials: number, candidate: Partial<Simulated>): CanaryAnalysis[] {
  return Array.from({ length: trials }, (_, trial) => {
    const random = seeded(trial);
    const control = simulatedArm({ random, n: 1_000 });
    const other = simulatedArm({ random, n: 1_000, side: 1, ...candidate });
    return compareArms(control, other, { policy, seed: trial });
  });
}

function shareOf(all: readonly CanaryAnalysis[], is: (analysis: CanaryAnalysis) => boolean): number {
  return all.filter(is).length / all.length;
}

/** Some ten seconds of resampling, on a machine that has nothing else to do. */
const PATIENCE = { timeout: 180_000 };

describe("a canary of 1000 calls an arm, log-normal latencies with sigma 0.5", () => {
  it("rolls back at most 1 % of 1000 candidates that are no different, and promotes the others", PATIENCE, () => {
    const all = canaries(1_000, {});
    const rolledBack = shareOf(all, ({ verdict }) => verdict === "rollback");
    expect(rolledBack).toBeLessThanOrEqual(0.01);
    expect(shareOf(all, ({ verdict }) => verdict === "promote")).toBeCloseTo(1 - rolledBack, 12);
  });

  it("rolls back at least 95 % of 1000 candidates whose p95 is 1.25 times as long", PATIENCE, () => {
    const all = canaries(1_000, { times: 1.25 });
    expect(shareOf(all, ({ verdict }) => verdict === "rollback")).toBeGreaterThanOrEqual(0.95);
  });

  it("sees a slower tail, which the Mann–Whitney test misses", PATIENCE, () => {
    const all = canaries(100, { tailTimes: 1.25 });
    expect(shareOf(all, ({ verdict }) => verdict === "rollback")).toBeGreaterThanOrEqual(0.9);
    expect(shareOf(all, ({ scenarios: [chat] }) => (chat?.latency?.shift.p ?? 1) < 0.05)).toBeLessThan(0.2);
  });
});
