import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { seeded } from "../../core/seeded.js";
import { ascending, quantile } from "../stats/quantile.js";
import { type CompareOptions, compareArms } from "./analysis.js";
import type { Arm, BadOutcome, ProbeMeasured } from "./arms.js";
import { EarlyAbort } from "./early-abort.js";
import { canaryPolicySchema, DEFAULT_CANARY_POLICY as policy } from "./policy.js";
import { measured, type Simulated, simulatedSamples } from "./simulated.fixture.js";

const samples = (n: number, more: Partial<Simulated> = {}) => simulatedSamples({ random: seeded(1), n, ...more });
const arm = (
  n: number,
  {
    bad = {},
    probes = [],
    ...more
  }: Partial<Simulated> & Partial<Arm> & { bad?: Partial<Record<BadOutcome, number>> } = {},
  rest: Parameters<typeof measured>[2] = {},
): Arm => ({ scenarios: [measured(samples(n, more), bad, rest)], probes });
const compare = (control: Arm, candidate: Arm, options: Partial<CompareOptions> = {}) =>
  compareArms(control, candidate, { policy, ...options });
const checkOf = ({ checks }: ReturnType<typeof compare>, id: string) =>
  checks.find((check) => check.id === `canary:${id}`);
const metOf = ({ criteria }: ReturnType<typeof compare>) => criteria.filter(({ met }) => met).map(({ id }) => id);

describe("compareArms", () => {
  it("promotes what is no worse, with 1000 calls or more", () => {
    const analysis = compare(arm(1_000), arm(1_000));
    expect(analysis).toMatchObject({ verdict: "promote", reasons: [] });
    expect(analysis.criteria.map(({ id, met }) => [id, met])).toEqual([
      ["critical-probe", false],
      ["confirmed-regression", false],
      ["slo-breach", false],
      ["early-abort", false],
    ]);
    expect(analysis.checks.every(({ verdict }) => verdict === "pass")).toBe(true);
  });

  it("holds what looks well on 200 to 999 calls, and says nothing below 200", () => {
    const some = compare(arm(999), arm(999));
    expect(some.verdict).toBe("hold");
    expect(checkOf(some, "chat:p95")).toMatchObject({ verdict: "inconclusive", observed: 1, n: 999 });
    const few = compare(arm(5_000), arm(199, { times: 10, bad: { "5xx": 199 } }));
    expect(few.verdict).toBe("hold");
    expect(few.checks.every(({ verdict }) => verdict === "inconclusive")).toBe(true);
    expect(few.scenarios[0]).toMatchObject({ latency: null, rates: [], n: { control: 5_000, candidate: 199 } });
  });

  it("rolls back for a slower p95 from 200 calls on", () => {
    const analysis = compare(arm(200), arm(200, { times: 2 }));
    expect(analysis.verdict).toBe("rollback");
    expect(metOf(analysis)).toEqual(["confirmed-regression"]);
    expect(analysis.criteria[1]?.by).toEqual(["canary:chat:p95"]);
    expect(analysis.reasons).toEqual([expect.stringMatching(/^p95 of chat: \d+(\.\d)? ms against .*: slower$/)]);
    expect(checkOf(analysis, "chat:p95")).toMatchObject({ verdict: "fail", metric: "p95Ratio", threshold: 1.1 });
  });

  it("lets a p95 grow by less than 5 ms, however many times that is", () => {
    expect(compare(arm(1_000, { median: 1 }), arm(1_000, { median: 2 })).verdict).toBe("promote");
    expect(compare(arm(1_000, { median: 0 }), arm(1_000, { median: 0 })).verdict).toBe("promote");
    const fromNothing = compare(arm(1_000, { median: 0 }), arm(1_000));
    expect(fromNothing.verdict).toBe("rollback");
    expect(checkOf(fromNothing, "chat:p95")?.observed).toBeNull();
  });

  it("warns of a p95 that may have grown, and promotes: chance does as much", () => {
    const slower = compare(arm(1_000), arm(1_000, { times: 1.12 }));
    expect(checkOf(slower, "chat:p95")).toMatchObject({ verdict: "warn" });
    expect(slower.verdict).toBe("promote");
    expect(slower.scenarios[0]?.latency?.interval?.lower).toBeLessThanOrEqual(1.05);
  });

  it("rolls back for more bad calls of a kind: significant, and half a point", () => {
    const worse = compare(arm(1_000), arm(1_000, { bad: { timeout: 20 } }));
    expect(worse.verdict).toBe("rollback");
    expect(worse.criteria[1]?.by).toEqual(["canary:chat:timeout"]);
    // 4 of 1000 more are no half point, though of 100,000 calls certain.
    const certain = compare(arm(100_000, { bad: { "5xx": 100 } }), arm(100_000, { bad: { "5xx": 500 } }));
    expect(certain.scenarios[0]?.rates.find(({ outcome }) => outcome === "5xx")?.pAdjusted).toBeLessThan(1e-9);
    expect(certain.verdict).toBe("promote");
    // 8 of 1000 against none: p is 0.00385 alone, and 0.0154 as one of four.
    const adjusted = compare(arm(1_000), arm(1_000, { bad: { "5xx": 8 } }));
    expect(adjusted.scenarios[0]?.rates[0]?.p).toBeCloseTo(0.003_852, 6);
    expect(adjusted.scenarios[0]?.rates[0]?.pAdjusted).toBeCloseTo(0.015_407, 6);
    expect(adjusted.verdict).toBe("promote");
  });

  it("holds for a regression where it isn't critical, which the policy may overrule", () => {
    const mild = { critical: false };
    const [control, candidate] = [arm(1_000, {}, mild), arm(1_000, { times: 2 }, mild)];
    const held = compare(control, candidate);
    expect(held).toMatchObject({ verdict: "hold", reasons: [expect.stringContaining("slower")] });
    expect(metOf(held)).toEqual([]);
    const strict = canaryPolicySchema.parse({ schemaVersion: "1.0", scenarios: { chat: { critical: true } } });
    expect(compare(control, candidate, { policy: strict }).verdict).toBe("rollback");
  });

  it("tells of more refusals that count as expected, without rolling back for them", () => {
    const analysis = compare(arm(1_000), arm(1_000, {}, { expected4xx: 300 }));
    expect(checkOf(analysis, "chat:expected4xx")).toMatchObject({ verdict: "warn", n: 1_000 });
    expect(analysis.verdict).toBe("promote");
  });

  it("holds what was measured in one block, or in one arm alone", () => {
    const oneBlock = compare(arm(1_000), arm(1_000, { blockCalls: 1_000 }));
    expect(oneBlock).toMatchObject({ verdict: "hold", reasons: [expect.stringContaining("of 1 block;")] });
    const missing = compare(arm(1_000), { scenarios: [], probes: [] });
    expect(missing).toMatchObject({ verdict: "hold", scenarios: [{ n: { control: 1_000, candidate: 0 } }] });
    expect(compare({ scenarios: [], probes: [] }, { scenarios: [], probes: [] })).toMatchObject({
      verdict: "hold",
      reasons: ["no scenario was compared"],
    });
  });

  describe("absolute limits", () => {
    it("are broken by the candidate alone: rollback", () => {
      const slow = compare(arm(1_000), arm(1_000, { times: 1.3 }), { limits: { chat: { p95Ms: 250 } } });
      expect(metOf(slow)).toEqual(["confirmed-regression", "slo-breach"]);
      const bad = compare(arm(1_000), arm(1_000, { bad: { "5xx": 4, network: 4, timeout: 3, unknown: 3 } }), {
        limits: { chat: { maxErrorRate: 0.005 } },
      });
      expect(bad.verdict).toBe("rollback");
      expect(bad.criteria[2]).toMatchObject({ id: "slo-breach", met: true, by: ["canary:chat:slo-errors"] });
    });

    it("are broken by both: hold", () => {
      const both = compare(arm(1_000), arm(1_000), { limits: { chat: { p95Ms: 100 } } });
      expect(both).toMatchObject({ verdict: "hold", reasons: [expect.stringContaining("control is over it as well")] });
      const better = compare(arm(1_000), arm(1_000, { times: 0.5 }), { limits: { chat: { p95Ms: 200 } } });
      expect(better.verdict).toBe("promote");
    });

    it("are just passed, as chance may have it: hold", () => {
      const sorted = ascending(
        samples(1_000).map(({ ms }) => ms),
        "samples",
      );
      const p95Ms = quantile(sorted, 0.95) + 0.1;
      const near = compare(arm(1_000), arm(1_000, { times: 1.02 }), { limits: { chat: { p95Ms } } });
      expect(checkOf(near, "chat:slo-p95")).toMatchObject({ verdict: "inconclusive", threshold: p95Ms });
      expect(near).toMatchObject({ verdict: "hold", reasons: [expect.stringContaining("may be over it by chance")] });
    });
  });

  describe("probes", () => {
    const probe = (passed: boolean, critical = true): ProbeMeasured => ({ id: "login", critical, passed });
    const verdict = (control: ProbeMeasured[], candidate: ProbeMeasured[]) =>
      compare(arm(1_000, { probes: control }), arm(1_000, { probes: candidate })).verdict;

    it("roll back where a critical one fails on the candidate alone", () => {
      const few = compare(arm(10, { probes: [probe(true)] }), arm(10, { probes: [probe(false)] }));
      expect(few.verdict).toBe("rollback");
      expect(metOf(few)).toEqual(["critical-probe"]);
    });

    it("hold where both arms fail, or one was not asked; others warn", () => {
      expect(verdict([probe(false)], [probe(false)])).toBe("hold");
      expect(verdict([], [probe(false)])).toBe("hold");
      expect(verdict([probe(true)], [])).toBe("hold");
      expect(verdict([probe(true, false)], [probe(false, false)])).toBe("promote");
      expect(verdict([probe(false)], [probe(true)])).toBe("promote");
    });
  });

  it("takes an early abort's decision over", () => {
    const watch = new EarlyAbort(policy.earlyAbort);
    for (let call = 0; call < 10; call++) watch.record("candidate", true);
    expect(compare(arm(1_000), arm(1_000), { earlyAbort: watch.report() }).verdict).toBe("hold");
    for (let call = 0; call < 10; call++) watch.record("control", false);
    const analysis = compare(arm(10), arm(10, { bad: { "5xx": 10 } }), { earlyAbort: watch.report() });
    expect(analysis.verdict).toBe("rollback");
    expect(metOf(analysis)).toEqual(["early-abort"]);
  });

  it("gives the same answer twice, and a scenario the same one beside others", () => {
    const [control, candidate] = [arm(400), arm(400, { random: seeded(3), times: 1.2 })];
    const alone = compare(control, candidate, { seed: 4 });
    expect(compare(control, candidate, { seed: 4 })).toEqual(alone);
    const other = measured(samples(300), {}, { scenario: "about" });
    const beside = compare(
      { ...control, scenarios: [other, ...control.scenarios] },
      { ...candidate, scenarios: [other, ...candidate.scenarios] },
      { seed: 4 },
    );
    expect(checkOf(beside, "chat:p95")).toEqual(checkOf(alone, "chat:p95"));
  });

  it("survives JSON, infinities and all", () => {
    const analysis = compare(arm(300, { median: 0 }), arm(300));
    expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis);
  });

  it("refuses what can't have been measured, naming it", () => {
    const [good] = arm(10).scenarios;
    if (good === undefined) throw new Error("no scenario");
    const withOne = (change: object): Arm => ({ scenarios: [{ ...good, ...change }], probes: [] });
    const run = (candidate: Arm) => () => compare(arm(10), candidate);
    expect(run(withOne({ counts: { ...good.counts, valid: 11 } }))).toThrow(
      "candidate.chat.counts.valid: got 11; allowed: success and bad calls together, 10",
    );
    expect(run(withOne({ counts: { ...good.counts, timeout: -1 } }))).toThrow(ConfigError);
    expect(run(withOne({ samples: samples(11) }))).toThrow("candidate.chat.samples: got 11");
    expect(run(withOne({ samples: [{ ms: Number.NaN, block: 0 }] }))).toThrow("candidate.chat.samples[0].ms: got NaN");
    expect(run({ scenarios: [good, good], probes: [] })).toThrow('candidate.scenarios: got "chat"');
  });
});
