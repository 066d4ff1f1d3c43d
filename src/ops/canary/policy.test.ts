import { describe, expect, it } from "vitest";
import { problemsOf } from "../problems.js";
import { canaryPolicySchema, DEFAULT_CANARY_POLICY } from "./policy.js";

const problems = (policy: unknown) => {
  const { error } = canaryPolicySchema.safeParse(policy);
  return error === undefined ? [] : problemsOf(error, policy);
};

describe("canaryPolicySchema", () => {
  it("has a default for everything but its version", () => {
    expect(DEFAULT_CANARY_POLICY).toEqual({
      schemaVersion: "1.0",
      samples: { inconclusiveBelow: 200, promoteFrom: 1_000, minBlocks: 2 },
      p95: { lowerBound: 1.05, ratio: 1.1, minDeltaMs: 5, outside: 0.025, resamples: 1_000 },
      rates: { alpha: 0.01, minDelta: 0.005 },
      slo: { alpha: 0.01 },
      earlyAbort: { within: 200, bad: 10, share: 0.05 },
      load: { pairs: 20, block: 3_000, rate: 50, maxInFlight: 500, warmUp: 3_000 },
      scenarios: {},
    });
  });

  it("takes a later minor version, and single settings", () => {
    const policy = canaryPolicySchema.parse({
      schemaVersion: "1.3",
      p95: { ratio: 1.2, blockLength: 50 },
      scenarios: { export: { critical: false } },
    });
    expect(policy.p95).toEqual({ ...DEFAULT_CANARY_POLICY.p95, ratio: 1.2, blockLength: 50 });
    expect(policy.scenarios).toEqual({ export: { critical: false } });
  });

  it.each([
    [{}, "schemaVersion: got nothing; expected string"],
    [{ schemaVersion: "2.0" }, 'schemaVersion: got "2.0"; expected 1.x'],
    [{ schemaVersion: "1.0", p59: {} }, "p59: there is no such setting"],
    [{ schemaVersion: "1.0", p95: { ration: 1.2 } }, "p95.ration: there is no such setting"],
    [{ schemaVersion: "1.0", p95: { ratio: 0.9 } }, "p95.ratio: got 0.9; too small: expected number to be >=1"],
    [{ schemaVersion: "1.0", rates: { minDelta: 5 } }, "rates.minDelta: got 5; too big: expected number to be <=1"],
    [
      { schemaVersion: "1.0", samples: { promoteFrom: 100 } },
      "samples.promoteFrom: got 100; expected at least inconclusiveBelow",
    ],
    [
      { schemaVersion: "1.0", scenarios: { chat: { critical: "yes" } } },
      'scenarios.chat.critical: got "yes"; expected boolean',
    ],
  ])("says of %j: %s", (policy, problem) => {
    expect(problems(policy)).toEqual([problem]);
  });
});
