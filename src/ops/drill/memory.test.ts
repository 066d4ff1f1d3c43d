import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { seeded } from "../../core/seeded.js";
import { openWorkspace, type Workspace } from "../config/load.js";
import { fakeIo, project, serve } from "../fixture.js";
import { assess } from "./findings.js";
import { lanesOf } from "./lanes.js";
import { memoryOf } from "./memory.js";
import { Monitor, type Usage } from "./monitor.js";
import { drillPlan } from "./plan.js";
import { profileOf } from "./profiles.js";
import { Recorder } from "./recorder.js";

const MB = 2 ** 20;
const soak = profileOf("soak", {});
const plan = drillPlan("soak", soak);

/** What a soak says of memory, when that is all that was measured. */
function judged(usage: Partial<Usage>, more: { readonly unasked?: { readonly reason: string } } = {}) {
  const recorder = new Recorder({ lanes: [], plan: plan.stages, stretches: [], everyMs: 1_000, trendMs: plan.trendMs });
  const { checks, data } = assess({
    profile: soak,
    plan,
    lanes: [],
    slos: [],
    recorder,
    result: { stages: [], loopDelayP99Ms: 1, loopDelayMaxMs: 1 },
    usage: { cpuSec: 1, rssBytes: MB, memory: [], memoryFailure: null, ...usage },
    interrupted: false,
    ...more,
  });
  return { check: checks.find(({ id }) => id === "drill:trend:memory"), trend: data.trend };
}

/** Memory of a service that has its garbage collected every seven minutes, and loses some more each minute. */
function minutes(lostMb: number): number[] {
  const random = seeded(3);
  return Array.from({ length: 62 }, (_, at) => MB * (180 + (at % 7) * 4 + random() * 6 + at * lostMb));
}

describe("a soak's look at memory", () => {
  it("finds what grows, however much garbage comes and goes", () => {
    const { check, trend } = judged({ memory: minutes(1) });
    expect(check).toMatchObject({ verdict: "fail", metric: "memoryGrowthBytes", n: 60 });
    expect((check?.observed as number) / MB).toBeGreaterThan(50);
    expect(trend?.memoryBytes).toHaveLength(60);
    expect(trend?.memoryGrowthBytes).toBe(check?.observed);
  });

  it("passes what stays as it is, also where some answers are missing", () => {
    expect(judged({ memory: minutes(0) }).check).toMatchObject({ verdict: "pass", n: 60 });
    const gaps = minutes(0).map((bytes, at) => (at % 3 === 0 ? null : bytes));
    expect(judged({ memory: gaps, memoryFailure: "answered 503" }).check).toMatchObject({ verdict: "pass", n: 40 });
  });

  it("is skipped where the service doesn't say, with the reason", () => {
    expect(judged({ memory: [null, null] }).check).toMatchObject({
      verdict: "skipped",
      reason: "the service's snapshot says nothing of its process: on Node createKit({ process: processUsage() }) does",
    });
    expect(judged({}, { unasked: { reason: "nobody knows where" } }).check).toMatchObject({
      verdict: "skipped",
      reason: "nobody knows where",
    });
  });

  it("is inconclusive where it never got an answer", () => {
    expect(judged({ memory: [null], memoryFailure: "answered 401" }).check).toMatchObject({
      verdict: "inconclusive",
      reason: "the service's memory can't be had: answered 401",
    });
  });
});

describe("the monitor", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
  afterEach(() => void vi.useRealTimers());

  it("asks for memory every so often, and keeps the place of what was not answered", async () => {
    const answers = [100, new Error("answered 503"), null, 400];
    const monitor = new Monitor({
      everyMs: 60_000,
      memory: async () => {
        const next = answers.shift();
        if (next instanceof Error) throw next;
        return next ?? null;
      },
    });
    monitor.start();
    await vi.advanceTimersByTimeAsync(240_000);
    monitor.stop();
    expect(monitor.usage()).toMatchObject({ memory: [100, null, null, 400], memoryFailure: "answered 503" });
    await vi.advanceTimersByTimeAsync(240_000);
    expect(monitor.usage().memory).toHaveLength(4);
  });

  it("gives up what is not answered when the load ends, which is no failure", async () => {
    const monitor = new Monitor({
      everyMs: 60_000,
      memory: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("given up")))),
    });
    monitor.start();
    await vi.advanceTimersByTimeAsync(60_000);
    monitor.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(monitor.usage()).toMatchObject({ memory: [null], memoryFailure: null });
  });
});

describe("a service's memory", () => {
  async function workspace(config: object): Promise<Workspace> {
    const base = { service: "shop", target: "http://127.0.0.1:1", scenarios: { a: { request: { path: "/" } } } };
    const folder = await project({ "keelson.config.json": { ...base, ...config } });
    return openWorkspace(fakeIo(folder));
  }
  const asked = async (config: object, targets?: readonly string[]) => {
    const made = await workspace(config);
    return memoryOf(made, lanesOf(made.config, undefined, targets));
  };
  const over = new AbortController().signal;

  it("is not asked for where nobody said where, or of another than the one that is loaded", async () => {
    expect(await asked({})).toEqual({
      reason: "the configuration doesn't say where the service's snapshot is, which has its memory",
    });
    const elsewhere = { targets: { other: "http://127.0.0.1:2" }, snapshot: { url: "/ops/snapshot" } };
    expect(await asked(elsewhere, ["other"])).toEqual({
      reason: "the load goes elsewhere than to http://127.0.0.1:1, whose snapshot is known",
    });
    expect(await asked(elsewhere, ["other", "default"])).toBeTypeOf("function");
    expect(await asked({ ...elsewhere, snapshot: { url: "http://127.0.0.1:2/snapshot" } }, ["other"])).toBeTypeOf(
      "function",
    );
  });

  it("is had from the snapshot", async () => {
    const { url, close } = await serve((_, response) => void response.end(JSON.stringify(answer)));
    onTestFinished(close);
    const ask = await asked({ target: url, snapshot: { url: "/ops/snapshot" } });
    const empty = { limiters: {}, upstreams: {}, breakers: {}, bulkheads: {}, sharedBulkheads: {}, caches: {} };
    const process = { uptimeMs: 1, rssBytes: 7 * MB, heapUsedBytes: 1, heapLimitBytes: null, cpuSec: 1 };
    const answer: Record<string, unknown> = {
      ...{ version: 1, service: "shop", bootId: "b", at: 1, uptimeMs: 1, store: { kind: "m", cells: 0, capacity: 1 } },
      ...{ ...empty, knobs: {}, idempotency: {}, replayGuards: {}, queues: {}, overload: null, objectives: {} },
      ...{ slis: { endpoints: {}, upstreams: {} }, levers: [], surface: [] },
      process: { ...process, cpuShare: null, loopDelay: null, recentSec: 0 },
    };
    if (typeof ask !== "function") throw new Error(ask.reason);
    expect(await ask(over)).toBe(7 * MB);
    answer.process = null;
    expect(await ask(over)).toBe(null);
    // As a service of before there was such a thing.
    delete answer.process;
    expect(await ask(over)).toBe(null);
    answer.version = 2;
    await expect(ask(over)).rejects.toThrow("version: got 2");
  });
});
