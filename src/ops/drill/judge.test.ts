import { describe, expect, it } from "vitest";
import { profileSchema } from "../config/scenario.js";
import { type Slo, sloBaselineSchema } from "../config/slo.js";
import type { RawCheck } from "../verdict.js";
import { believed, fitnessOf, generatorCheck, type Health } from "./health.js";
import { judgeShare } from "./judge-rate.js";
import { type Figures, judgeSlo, type SloEvidence } from "./judge-slo.js";
import { burstsOf, judgeRecovery } from "./recovery.js";
import { plan } from "./schedule.js";
import { judgeTrend } from "./trend.js";

const COUNTS = { success: 1000, expected4xx: 0, "5xx": 0, network: 0, timeout: 0, unknown: 0, aborted: 0 };
const figures = (parts: Partial<Figures> = {}): Figures => ({
  outcomes: COUNTS,
  valid: 1000,
  bad: 0,
  p95Ms: 80,
  p99Ms: 120,
  ...parts,
});
const slo = (parts: object): Slo =>
  sloBaselineSchema.parse({
    schemaVersion: "1.0",
    slos: [{ id: "chat", owner: "chat-team", objective: 0.99, runbook: "docs/chat.md", ...parts }],
  }).slos[0] as Slo;
const judged = (of: object, evidence: Partial<SloEvidence> = {}) =>
  judgeSlo(slo(of), { figures: figures(), basis: "response", planned: 1000, sustained: undefined, ...evidence });
const verdicts = (checks: readonly RawCheck[]) => checks.map(({ id, verdict }) => `${id} ${verdict}`);

describe("an SLO", () => {
  it("is judged by everything that it says, and by nothing else", () => {
    expect(verdicts(judged({}))).toEqual(["drill:chat:availability pass"]);
    const all = { p95Ms: 100, p99Ms: 100, maxRates: { "5xx": 0.01, timeout: 0 }, capacityRps: 20 };
    expect(verdicts(judged(all))).toEqual([
      "drill:chat:availability pass",
      "drill:chat:p95 pass",
      "drill:chat:p99 fail",
      "drill:chat:rate:5xx pass",
      "drill:chat:rate:timeout pass",
      "drill:chat:capacity skipped",
    ]);
    expect(judged(all)[2]).toMatchObject({
      owner: "chat-team",
      runbook: "docs/chat.md",
      metric: "p99Ms",
      observed: 120,
      threshold: 100,
      n: 1000,
      reason: "120 ms; allowed: 100 ms",
    });
  });

  it("says that times are service times where clients waited for their answers", () => {
    expect(judged({ p95Ms: 100 }, { basis: "service" })[1]).toMatchObject({
      metric: "p95ServiceMs",
      title: "chat: 95 % of service times are short",
    });
  });

  it("is inconclusive with too few requests, and without any", () => {
    const few = figures({ outcomes: { ...COUNTS, success: 99 }, valid: 99 });
    expect(verdicts(judged({ p95Ms: 100 }, { figures: few }))).toEqual([
      "drill:chat:availability inconclusive",
      "drill:chat:p95 inconclusive",
    ]);
    const none = figures({ outcomes: { ...COUNTS, success: 0 }, valid: 0, p95Ms: null });
    expect(judged({ p95Ms: 100, maxRates: { "5xx": 0.1 } }, { figures: none })).toMatchObject([
      { verdict: "inconclusive", observed: null },
      { verdict: "inconclusive", observed: null },
      { verdict: "inconclusive", observed: null },
    ]);
  });

  it("has no p99 judged in a profile that never has enough requests for it", () => {
    const [, check] = judged({ p99Ms: 500 }, { planned: 300, figures: figures({ valid: 300 }) });
    expect(check).toMatchObject({ verdict: "skipped", reason: expect.stringContaining("about 300 requests") });
    expect(judged({ p99Ms: 500 }, { figures: figures({ valid: 300 }) })[1]?.verdict).toBe("inconclusive");
  });
});

describe("a share", () => {
  it.each([
    [{ hits: 0, n: 100 }, 0.001, "pass"],
    [{ hits: 1, n: 600 }, 0.001, "inconclusive"],
    [{ hits: 4, n: 600 }, 0.001, "fail"],
    [{ hits: 1, n: 1000 }, 0.001, "pass"],
    [{ hits: 1, n: 100 }, 0, "fail"],
    [{ hits: 0, n: 20 }, 0.01, "inconclusive"],
    [{ hits: 20, n: 20 }, 0.01, "fail"],
    [{ hits: 0, n: 0 }, 0.01, "inconclusive"],
  ])("of %j against %d: %s", (part, limit, verdict) => {
    expect(judgeShare(part, limit).verdict).toBe(verdict);
  });
});

describe("declared capacity", () => {
  const sustained = (parts: Partial<Figures> = {}, askedRps = 50) => ({
    sustained: { stage: "steady", sec: 20, askedRps, figures: figures(parts) },
  });
  const capacity = (evidence: Partial<SloEvidence>, of: object = {}) =>
    judged({ capacityRps: 50, p95Ms: 100, maxRates: { "5xx": 0.01 }, ...of }, evidence).at(-1);

  it("is kept when as many good answers come as were asked for", () => {
    expect(capacity(sustained())).toMatchObject({ verdict: "pass", observed: 50, threshold: 50, n: 1000 });
  });

  it.each([
    [{ outcomes: { ...COUNTS, success: 900 } }, /at 50\.0 a second \(steady\): 45 good answers a second/],
    [{ p95Ms: 140 }, /p95 of 140 ms/],
    [{ outcomes: { ...COUNTS, "5xx": 40 } }, /40 of 1000 requests ended in 5xx/],
  ])("is not with %j", (parts, reason) => {
    expect(capacity(sustained(parts))).toMatchObject({ verdict: "fail", reason: expect.stringMatching(reason) });
  });

  it("is not judged where nobody asks for as much", () => {
    expect(capacity(sustained({}, 20))).toMatchObject({
      verdict: "skipped",
      reason: expect.stringContaining("at most 20.0 requests a second"),
    });
  });
});

describe("the generator", () => {
  const healthy: Health = {
    due: 1000,
    unsent: 0,
    heldBack: 0,
    targetRps: 50,
    achievedRps: 50,
    loopDelayP99Ms: 3,
  };
  const pass: RawCheck = { id: "a", title: "a", verdict: "pass" };
  const fail: RawCheck = { id: "a", title: "a", verdict: "fail", reason: "slow" };

  it("is fit as long as it sends what it should, in time", () => {
    const fitness = fitnessOf({ ...healthy, unsent: 10, loopDelayP99Ms: 50 });
    expect(fitness).toEqual({ saturated: false, ours: false, reasons: [] });
    expect(generatorCheck(fitness, healthy).verdict).toBe("pass");
    expect(believed(pass, fitness)).toBe(pass);
  });

  it.each([
    [{ unsent: 11 }, /11 of 1000 requests were not sent in time/],
    [{ loopDelayP99Ms: 51 }, /event loop was 51 ms late/],
    [{ achievedRps: 47 }, /sent 47\.0 requests a second instead of 50\.0/],
  ])("is saturated with %j: nothing passes", (parts, reason) => {
    const health = { ...healthy, ...parts };
    const fitness = fitnessOf(health);
    expect(generatorCheck(fitness, health)).toMatchObject({
      id: "drill:generator",
      verdict: "inconclusive",
      reason: expect.stringMatching(reason),
    });
    expect(generatorCheck(fitness, health).reason).toMatch(/^generator-saturated: /);
    expect(believed(pass, fitness).verdict).toBe("inconclusive");
  });

  it("that was itself too slow can't accuse the service; one that the service held back can", () => {
    expect(believed(fail, fitnessOf({ ...healthy, loopDelayP99Ms: 80 }))).toMatchObject({
      verdict: "inconclusive",
      reason: "the load generator was saturated (slow)",
    });
    expect(believed(fail, fitnessOf({ ...healthy, unsent: 500, heldBack: 500 }))).toBe(fail);
    expect(believed(fail, fitnessOf({ ...healthy, unsent: 500, heldBack: 0 })).verdict).toBe("inconclusive");
  });
});

describe("recovery from bursts", () => {
  const profile = (within: string, after = "60s") =>
    profileSchema.parse({
      stages: [
        { name: "before", duration: "60s", rate: 20 },
        { name: "rise", duration: "2s", rate: [20, 200] },
        { name: "burst", duration: "20s", rate: 200 },
        { name: "after", duration: after, rate: 20 },
      ],
      recovery: { within, ratio: 1.2 },
    });

  it("is looked for in the calm after each", () => {
    const of = profile("15s");
    expect(burstsOf("p", of, plan(of.stages))).toEqual({
      before: 0,
      recoveries: [{ after: "burst", stage: 3, from: 97_000, to: 142_000 }],
    });
  });

  it("has to have a calm stage that is long enough", () => {
    const short = profile("15s", "10s");
    expect(() => burstsOf("p", short, plan(short.stages))).toThrow(/the stage after burst is over before/);
    const flat = { ...profile("1s"), stages: profile("1s").stages.slice(0, 1) };
    expect(() => burstsOf("p", flat, plan(flat.stages))).toThrow(/recovery needs a stage at an even rate/);
  });

  it.each([
    [100, 120, "pass"],
    [100, 121, "fail"],
    [1, 6, "pass"],
    [null, 6, "inconclusive"],
  ])("from a p95 of %s ms to one of %s: %s", (before, now, verdict) => {
    expect(judgeRecovery("burst 1", { p95Ms: before }, { p95Ms: now, n: 900 }, 1.2)).toMatchObject({
      id: "drill:recovery:burst-1",
      verdict,
    });
  });
});

describe("a trend", () => {
  const values = (slope: number) => Array.from({ length: 60 }, (_, at) => (at === 30 ? 900 : 100 + slope * at));
  const p95 = (of: readonly (number | null)[]) =>
    judgeTrend({ name: "p95", metric: "p95GrowthMs", values: of, slack: 5 });

  it("is none as long as it stays as it is, whatever one outlier says", () => {
    expect(p95(values(0))).toMatchObject({ id: "drill:trend:p95", verdict: "pass", observed: 0 });
    expect(p95(values(-3)).verdict).toBe("pass");
  });

  it("is one when it grows by more than a fifth", () => {
    expect(p95(values(1))).toMatchObject({ verdict: "fail", observed: expect.closeTo(59, 6) });
    expect(p95(values(0.3)).verdict).toBe("pass");
  });

  it("can't be told from few values, and where there are none it is what whoever asked says", () => {
    expect(p95([1, null, 2]).verdict).toBe("inconclusive");
    expect(p95([null]).verdict).toBe("inconclusive");
    const unknown = { verdict: "skipped", reason: "nobody knows" } as const;
    expect(judgeTrend({ name: "memory", metric: "m", values: [null], slack: 0, unknown })).toMatchObject(unknown);
    expect(judgeTrend({ name: "memory", metric: "m", values: [1, null], slack: 0, unknown }).verdict).toBe(
      "inconclusive",
    );
  });
});
