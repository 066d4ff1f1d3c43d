import { describe, expect, it } from "vitest";
import { seeded } from "../../../core/seeded.js";
import type { Artefact } from "../../artefact/envelope.js";
import { sloBaselineSchema } from "../../config/slo.js";
import type { Verdict } from "../../verdict.js";
import type { Run } from "../collect.js";
import { dashboardSchema } from "../data.js";
import { listed, sampleArtefact, sampleCheck, sampleExperiment, sampleScenario } from "../parts.fixture.js";
import { SAMPLE_BASELINE, SAMPLE_NOW } from "../policies.fixture.js";
import { sampleSnapshot } from "../sample.fixture.js";
import { drillSource, gameDaySource, type SnapshotPart } from "../sources.js";
import { BURN_PAIRS } from "./burn-pairs.js";
import { dashboardOf, type Given } from "./model.js";

const ago = (days: number) => new Date(SAMPLE_NOW.getTime() - days * 86_400_000);

function dashboard(runs: readonly Run[], more: Partial<Given> & { readonly snapshots?: readonly SnapshotPart[] } = {}) {
  const { snapshots = [], ...given } = more;
  return dashboardOf({
    service: "shop",
    now: SAMPLE_NOW,
    since: ago(30),
    baseline: sloBaselineSchema.parse(SAMPLE_BASELINE),
    collected: { runs, snapshots, unreadable: [], older: 0 },
    live: [],
    pairs: BURN_PAIRS,
    contact: (owner) => `#${owner}`,
    ...given,
  });
}

function run(artefact: Artefact): Run {
  const { kind } = artefact;
  return {
    file: `${artefact.id}.json`,
    kind: kind as Run["kind"],
    artefact,
    drill: kind === "load-drill" ? drillSource.parse(artefact.data) : null,
    gameDay: kind === "game-day" ? gameDaySource.parse(artefact.data) : null,
  };
}

function drill(days: number, profile: string, medianMs: number, verdict: Verdict = "pass", more = {}): Run {
  const chat = sampleScenario(seeded(days + 1), 2_000, medianMs, 0.5, { "5xx": 4 });
  return run(sampleArtefact("load-drill", ago(days), verdict, [], { profile, scenarios: listed({ chat }), ...more }));
}

/** A snapshot in which the last hour and 5 minutes are as said, and all else is well. */
function snapshot(
  hour: { valid: number; bad: number; coveredSec?: number },
  five: { valid: number; bad: number },
): SnapshotPart {
  const window = (sec: number, of: { valid: number; bad: number; coveredSec?: number }) => ({
    sec,
    coveredSec: sec,
    ...of,
  });
  return {
    version: 1,
    service: "shop",
    bootId: "a",
    at: SAMPLE_NOW.getTime(),
    slis: { endpoints: { chat: { windows: [window(300, five), window(3_600, hour)] } }, upstreams: {} },
  };
}

const chatOf = (data: ReturnType<typeof dashboard>) => data.slos.find(({ id }) => id === "chat-availability");
const signal = (data: ReturnType<typeof dashboard>, title: string) =>
  chatOf(data)?.signals.find((each) => each.title === title);

describe("live figures", () => {
  it("miss the objective when both windows burn faster than the alert's factor", () => {
    const data = dashboard([], { live: [snapshot({ valid: 10_000, bad: 800 }, { valid: 1_000, bad: 90 })] });
    expect(signal(data, "1 h · 5 min")).toMatchObject({ verdict: "fail", observed: 16, short: 18, threshold: 14.4 });
    expect(chatOf(data)?.verdict).toBe("fail");
  });

  it("are well again once the short window is", () => {
    const data = dashboard([], { live: [snapshot({ valid: 10_000, bad: 800 }, { valid: 1_000, bad: 10 })] });
    expect(signal(data, "1 h · 5 min")?.verdict).toBe("pass");
  });

  it("prove nothing of a window that was watched too little, or that had too few calls", () => {
    const short = { valid: 1_000, bad: 0 };
    const little = dashboard([], { live: [snapshot({ valid: 10_000, bad: 0, coveredSec: 2_000 }, short)] });
    expect(signal(little, "1 h · 5 min")).toMatchObject({
      verdict: "inconclusive",
      reason: "55.6 % of the last 1 h was watched",
    });
    const few = dashboard([], { live: [snapshot({ valid: 100, bad: 0 }, { valid: 100, bad: 0 })] });
    expect(signal(few, "1 h · 5 min")).toMatchObject({ verdict: "inconclusive", reason: "100 calls; 139 are needed" });
  });

  it("of several processes are added up, and watched as long as the shortest", () => {
    const one = snapshot({ valid: 10_000, bad: 10, coveredSec: 3_600 }, { valid: 900, bad: 0 });
    const other = snapshot({ valid: 5_000, bad: 40, coveredSec: 3_000 }, { valid: 400, bad: 0 });
    const data = dashboard([], { live: [one, other] });
    expect(chatOf(data)?.budget).toMatchObject({ valid: 15_000, bad: 50, windowSec: 3_600, coveredSec: 3_000 });
    expect(data.snapshot).toMatchObject({ source: "live", processes: 2 });
  });

  it("tell how much of the period's budget is spent, and what an even pace is", () => {
    const budget = chatOf(dashboard([], { snapshots: [sampleSnapshot()] }))?.budget;
    // 0.41 % bad of the 0.5 % that are allowed, over 3 days of 30.
    expect(budget?.spent).toBeCloseTo(0.082, 3);
    expect(budget?.pace).toBeCloseTo(0.1, 9);
  });

  it("come from the newest file where there are no live ones", () => {
    const older = { ...sampleSnapshot(), at: SAMPLE_NOW.getTime() - 9_000_000 };
    const data = dashboard([], { snapshots: [sampleSnapshot(), older] });
    expect(data.snapshot).toEqual({ at: "2026-06-14T09:29:00.000Z", source: "file", processes: 1 });
  });

  it("are never taken from a drill: without a snapshot the budget isn't known", () => {
    expect(chatOf(dashboard([drill(1, "quick", 96)]))?.budget).toBeNull();
  });

  it("skip an alert that can't fire", () => {
    const baseline = sloBaselineSchema.parse({
      ...SAMPLE_BASELINE,
      slos: [{ id: "chat-availability", owner: "a", objective: 0.9, sli: "endpoint:chat" }],
    });
    const data = dashboard([], { baseline, live: [snapshot({ valid: 9, bad: 9 }, { valid: 9, bad: 9 })] });
    expect(signal(data, "1 h · 5 min")?.verdict).toBe("skipped");
    expect(chatOf(data)?.verdict).toBe("inconclusive");
  });
});

describe("drills", () => {
  it("are held to the objective's latencies and rates", () => {
    const data = dashboard([drill(1, "standard", 180)]);
    expect(signal(data, "p95")).toMatchObject({ verdict: "fail", group: "Drill, standard", threshold: 300 });
    expect(signal(data, "p99")?.verdict).toBe("fail");
    expect(signal(data, "5xx")).toMatchObject({ verdict: "pass", observed: 0.002 });
  });

  it("pass nothing when they prove nothing themselves", () => {
    const data = dashboard([drill(1, "standard", 20, "inconclusive")]);
    expect(signal(data, "p95")).toMatchObject({ verdict: "inconclusive", reason: "the drill was inconclusive" });
  });

  it("of several scenarios count together by their histograms", () => {
    const random = seeded(3);
    const scenarios = {
      gmail_push_webhook: sampleScenario(random, 1_000, 10, 0.1),
      whatsapp_webhook: sampleScenario(random, 100, 200, 0.1),
    };
    const both = run(
      sampleArtefact("load-drill", ago(1), "pass", [], { profile: "quick", scenarios: listed(scenarios) }),
    );
    const p95 = dashboard([both])
      .slos.find(({ id }) => id === "webhooks")
      ?.signals.find(({ title }) => title === "p95");
    // More than 5 % of all are of the slow one; neither's own p95 nor their mean says so.
    expect(p95?.observed).toBeGreaterThan(170);
    expect(p95).toMatchObject({ verdict: "fail", n: 1_100 });
  });

  it("tell their burn rate as they have judged it", () => {
    const check = sampleCheck("burn:chat-availability:long", "warn", { threshold: 6, reason: "close" });
    const burn = [
      { slo: "chat-availability", long: { valid: 900, bad: 30, rate: 6.7 }, short: { valid: 90, bad: 1, rate: 2.2 } },
    ];
    const data = dashboard([run(sampleArtefact("load-drill", ago(1), "warn", [check], { profile: "quick", burn }))]);
    expect(signal(data, "burn")).toMatchObject({
      verdict: "warn",
      reason: "close",
      observed: 6.7,
      short: 2.2,
      threshold: 6,
    });
  });

  it("become lines by scenario and profile, oldest first, with all samples merged", () => {
    const data = dashboard([drill(1, "standard", 110), drill(2, "quick", 90), drill(3, "standard", 90)]);
    expect(data.latency.map(({ profile, points }) => [profile, points.length])).toEqual([
      ["standard", 2],
      ["quick", 1],
    ]);
    const [standard] = data.latency;
    expect(standard?.points.map(({ at }) => at)).toEqual([ago(3), ago(1)].map((at) => at.toISOString()));
    expect(standard?.merged?.count).toBe(4_000);
    expect(standard).toMatchObject({ p95Limit: 300, p99Limit: 500 });
  });

  it("have no latency where they had no sample: 0 would look good", () => {
    const scenarios = {
      chat: { outcomes: { network: 50 }, latency: { n: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0, hdr: null } },
    };
    const data = dashboard([
      run(sampleArtefact("load-drill", ago(1), "fail", [], { profile: "quick", scenarios: listed(scenarios) })),
    ]);
    expect(data.latency[0]?.points[0]).toMatchObject({ p50: null, p95: null, p99: null });
    expect(data.latency[0]?.merged).toBeNull();
    expect(signal(data, "p95")?.verdict).toBe("inconclusive");
    expect(data.outcomes[0]?.badShare).toBe(1);
  });

  it("leave expected 4xx, unsent and aborted requests out of the bad share", () => {
    const outcomes = { success: 90, expected4xx: 500, "5xx": 6, timeout: 4, aborted: 30 };
    const data = dashboard([
      run(sampleArtefact("load-drill", ago(1), "pass", [], { scenarios: [{ name: "chat", outcomes, unsent: 70 }] })),
    ]);
    expect(data.outcomes[0]?.badShare).toBe(0.1);
  });
});

describe("runs", () => {
  const gate = (days: number, verdict: Verdict, ...checks: Parameters<typeof sampleCheck>[]) =>
    run(
      sampleArtefact(
        "release-gate",
        ago(days),
        verdict,
        checks.map((check) => sampleCheck(...check)),
        {},
      ),
    );

  it("are the newest of each kind, with those before as history", () => {
    const data = dashboard([gate(9, "block"), gate(12, "release")]);
    expect(data.latest.map(({ kind, run: newest }) => [kind, newest?.verdict])).toEqual([
      ["release-gate", "block"],
      ["canary-check", undefined],
      ["synthetic-probes", undefined],
      ["load-drill", undefined],
      ["game-day", undefined],
    ]);
    expect(data.latest[0]).toMatchObject({ stale: true, history: [{ verdict: "release" }, { verdict: "block" }] });
  });

  it("tell what is open in the newest alone, the worst first, each check once", () => {
    const probes = run(sampleArtefact("synthetic-probes", ago(2), "fail", [sampleCheck("probe:a", "fail")], {}));
    const data = dashboard([
      gate(1, "block", ["z", "warn"], ["probe:a", "fail"], ["ok", "pass"], ["off", "skipped"]),
      probes,
      gate(3, "block", ["old", "fail"]),
    ]);
    expect(data.open.map(({ id, kind }) => [id, kind])).toEqual([
      ["probe:a", "release-gate"],
      ["z", "release-gate"],
    ]);
  });

  it("of game days are gathered by experiment", () => {
    const day = (days: number, deviated: boolean) =>
      run(
        sampleArtefact("game-day", ago(days), "pass", [], {
          experiments: [
            sampleExperiment({
              title: "Redis is gone",
              status: "completed",
              deviated,
              owner: "platform",
              runbook: "r.md",
              recoveredMs: 900,
            }),
          ],
        }),
      );
    const [experiment] = dashboard([day(1, true), day(8, false)]).experiments;
    expect(experiment?.runs.map(({ deviated }) => deviated)).toEqual([false, true]);
    expect(dashboard([day(1, true)]).owners.find(({ owner }) => owner === "platform")).toMatchObject({
      contact: "#platform",
      experiments: 1,
    });
  });

  it("may be none: the dashboard is whole, and proves nothing", () => {
    const data = dashboard([], { baseline: null });
    expect(dashboardSchema.parse(data)).toEqual(data);
    expect(data).toMatchObject({ slos: [], latency: [], open: [], snapshot: null });
    expect(dashboard([]).slos.map(({ verdict }) => verdict)).toEqual(["inconclusive", "inconclusive", "inconclusive"]);
  });
});
