import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openWorkspace, type Workspace } from "../config/load.js";
import { UnavailableError, UsageError } from "../failure.js";
import { fakeIo, project, serve } from "../fixture.js";
import type { Io } from "../io.js";
import { drillDataSchema } from "./data.js";
import { runDrill } from "./drill.js";
import { histogramOf } from "./latencies.js";

const SLO = "scripts/reliability/slo-baseline.json";
const baseline = (...slos: object[]) => ({
  schemaVersion: "1.0",
  slos: slos.map((slo, at) => ({ id: `slo-${at}`, owner: "team", objective: 0.9, scenario: "a", ...slo })),
});
const CONFIG = `export default {
  service: "shop",
  target: "http://127.0.0.1:1",
  targets: { other: process.env.OTHER ?? "http://127.0.0.1:1" },
  scenarios: {
    a: { request: { path: "/a" }, allow4xx: [429] },
    b: {
      request: { method: "POST", path: "/b" },
      payload: ({ index }) => ({ body: { index } }),
      expect: { json: { "$.index": { type: "number" } } },
    },
  },
  profiles: {
    tiny: { stages: [{ duration: "200ms", rate: 100, warmUp: true }, { duration: "600ms", rate: 400 }] },
    closed: { stages: [{ duration: "200ms", concurrency: 4 }] },
    flood: { stages: [{ duration: "150ms", rate: 3_000_000 }] },
    long: { stages: [{ duration: "10m", rate: 200 }] },
    peaks: {
      stages: [{ duration: "400ms", rate: 200 }, { duration: "100ms", rate: 800 }, { name: "calm", duration: "500ms", rate: 200 }],
      recovery: { within: "100ms", ratio: 100 },
    },
    grows: { stages: [{ duration: "300ms", rate: 400 }], trend: true },
    soaks: { stages: [{ duration: "2500ms", rate: 20 }], trend: true },
  },
};`;

/** Answers well, on `/b` with what it was sent. */
async function service(status: (at: number) => number = () => 200) {
  let at = 0;
  const seen = new Set<string>();
  const { url, close } = await serve((request, response, body) => {
    if (request.url === "/b") seen.add(body);
    response.writeHead(request.url === "/" ? 404 : status(at++), { "content-type": "application/json" });
    response.end(body === "" ? "{}" : body);
  });
  onTestFinished(close);
  return { url, seen };
}

async function workspace(url: string, slo: object = baseline({}), parts: Partial<Io> = {}): Promise<Workspace> {
  const folder = await project({ "keelson.config.ts": CONFIG, [SLO]: slo });
  return openWorkspace(fakeIo(folder, parts), { target: url });
}

describe("a drill", () => {
  it("judges what it measured, and writes it down by its schema", async () => {
    const { url } = await service();
    const slo = baseline({
      scenario: ["a", "b"],
      p95Ms: 5_000,
      maxRates: { "5xx": 0.01, unknown: 0 },
      capacityRps: 300,
    });
    const artefact = await runDrill(await workspace(url, slo), { profile: "tiny" });
    const data = drillDataSchema.parse(JSON.parse(JSON.stringify(artefact.data)));
    expect(artefact.kind).toBe("load-drill");
    expect(artefact.checks.map(({ id }) => id)).toEqual([
      "drill:generator",
      "drill:slo-0:availability",
      "drill:slo-0:p95",
      "drill:slo-0:rate:5xx",
      "drill:slo-0:rate:unknown",
      "drill:slo-0:capacity",
      "drill:a:expected4xx",
    ]);
    expect(data.stages.map(({ due, recorded }) => [due, recorded])).toEqual([
      [20, false],
      [240, true],
    ]);
    expect(data.scenarios.map(({ name, valid, share }) => [name, valid, share])).toEqual([
      ["a", expect.closeTo(120, -1), 0.5],
      ["b", expect.closeTo(120, -1), 0.5],
    ]);
    expect(data.burn).toMatchObject([
      { slo: "slo-0", objective: 0.9, long: { valid: 240, bad: 0, rate: 0, sec: 0.6 }, short: { valid: 20, bad: 0 } },
    ]);
    expect(histogramOf(data.scenarios[0]?.latency.hdr ?? "").totalCount).toBe(data.scenarios[0]?.valid);
    expect(data.series.success.reduce((sum, count) => sum + count, 0)).toBe(240);
    expect(data).toMatchObject({ profile: "tiny", basis: "response", durationSec: 0.8, recovery: [], trend: null });
    expect(data.generator).toMatchObject({ threads: 1, due: 240, unsentShare: 0 });
  });

  it("fails a service that answers badly, with the reason", async () => {
    const { url } = await service((at) => (at % 4 === 0 ? 503 : 200));
    const slo = baseline({ scenario: ["a", "b"], maxRates: { "5xx": 0.01 } });
    const { verdict, checks, data } = await runDrill(await workspace(url, slo), { profile: "tiny" });
    expect(verdict).toBe("fail");
    expect(checks.find(({ id }) => id === "drill:slo-0:rate:5xx")).toMatchObject({ verdict: "fail", owner: "team" });
    expect(data.burn[0]?.long.rate).toBeGreaterThan(2);
    expect(data.scenarios[0]?.reasons).toMatchObject([{ outcome: "5xx", reason: "status 503" }]);
  });

  it("does not let shedding better the score", async () => {
    const { url } = await service((at) => (at % 2 === 0 ? 429 : 200));
    const { checks, data } = await runDrill(await workspace(url), { profile: "tiny", scenarios: ["a"] });
    expect(checks.find(({ id }) => id === "drill:a:expected4xx")?.verdict).toBe("fail");
    const [a] = data.scenarios;
    expect(a).toMatchObject({ bad: 0, latency: { n: a?.valid } });
    expect(a?.outcomes.expected4xx).toBeGreaterThan(100);
  });

  it("that asked for more than it could send is inconclusive, however well all was answered", async () => {
    const { url } = await service();
    const { verdict, checks, data } = await runDrill(await workspace(url), { profile: "flood", scenarios: ["a"] });
    expect(verdict).toBe("inconclusive");
    expect(checks[0]).toMatchObject({ id: "drill:generator", verdict: "inconclusive" });
    expect(checks[0]?.reason).toMatch(/^generator-saturated: \d+ of 450000 requests were not sent in time/);
    expect(checks.filter(({ verdict: one }) => one === "pass")).toEqual([]);
    expect(data.generator.saturated).toBe(true);
  });

  it("of clients that wait says that its times are service times", async () => {
    const { url } = await service();
    const slo = baseline({ p95Ms: 5_000 });
    const { checks, data } = await runDrill(await workspace(url, slo), { profile: "closed", scenarios: ["a"] });
    expect(data.basis).toBe("service");
    expect(checks.find(({ id }) => id === "drill:slo-0:p95")?.metric).toBe("p95ServiceMs");
  });

  it("looks at bursts and trends where the profile says so", async () => {
    const { url } = await service();
    const peaks = await runDrill(await workspace(url), { profile: "peaks", scenarios: ["a"] });
    expect(peaks.data.recovery).toMatchObject([{ after: "stage 2", n: 80, withinSec: 0.1, ratio: 100 }]);
    expect(peaks.checks.map(({ id }) => id)).toContain("drill:recovery:stage-2");
    const grows = await runDrill(await workspace(url), { profile: "grows", scenarios: ["a"] });
    expect(grows.checks.filter(({ id }) => id.startsWith("drill:trend:"))).toMatchObject([
      { id: "drill:trend:p95" },
      { id: "drill:trend:memory", verdict: "skipped", reason: expect.stringContaining("doesn't say where") },
    ]);
  });

  it("asks the service for its memory where a profile has a trend", async () => {
    const { url } = await service();
    const made = await workspace(url);
    const asks: number[] = [];
    const memory = async () => 1e6 * asks.push(1);
    const drilled = await runDrill(made, { profile: "soaks", scenarios: ["a"], memory });
    expect(drilled.data.trend?.memoryBytes[0]).toBe(1e6);
    expect(drilled.checks.find(({ id }) => id === "drill:trend:memory")).toMatchObject({ verdict: "inconclusive" });
    const before = asks.length;
    await runDrill(made, { profile: "tiny", scenarios: ["a"], memory });
    expect(asks.length).toBe(before);
  });

  it("goes to several targets, each with its own figures", async () => {
    const [one, other] = [await service(), await service()];
    const made = await workspace(one.url);
    const config = { ...made.config, targets: { other: { url: other.url, headers: {}, insecureTls: false } } };
    const { data } = await runDrill(
      { ...made, config },
      { profile: "tiny", targets: ["default", "other"], scenarios: ["a"] },
    );
    expect(data.scenarios.map(({ name, target, valid }) => [name, target, valid])).toEqual([
      ["a@default", "default", expect.closeTo(120, -1)],
      ["a@other", "other", expect.closeTo(120, -1)],
    ]);
    expect(data.burn[0]?.long.valid).toBe(240);
  });

  it("is shorter and gentler when it is scaled", async () => {
    const { url } = await service();
    const { data } = await runDrill(await workspace(url), { profile: "tiny", scale: 0.5, rateScale: 0.25 });
    expect(data.stages.map(({ due }) => due)).toEqual([3, 30]);
    expect(data.scale).toEqual({ time: 0.5, rate: 0.25 });
  });

  it("that is interrupted cuts off what is under way, and still has what was measured", async () => {
    const stop = new AbortController();
    const { url } = await service((at) => {
      if (at === 20) stop.abort();
      return 200;
    });
    const made = await workspace(url, baseline({ capacityRps: 50 }), { signal: stop.signal });
    const { verdict, data, checks } = await runDrill(made, { profile: "long" });
    expect(verdict).toBe("interrupted");
    expect(checks.filter(({ id, verdict: one }) => id.startsWith("drill:slo-0:") && one !== "inconclusive")).toEqual(
      [],
    );
    const answered = data.scenarios.reduce((sum, { outcomes }) => sum + outcomes.success, 0);
    expect(answered).toBeGreaterThan(0);
    expect(data.stages[0]?.outcomes.aborted).toBeGreaterThan(0);
    expect(data.scenarios.reduce((sum, { bad }) => sum + bad, 0)).toBe(0);
  });
});

describe("several threads", () => {
  it("share the load, have payloads made by the configuration's file, and are added up", async () => {
    const { url, seen } = await service();
    const made = await workspace(url, baseline({ scenario: ["a", "b"] }));
    const { data } = await runDrill(made, { profile: "tiny", workers: 2 });
    expect(data.stages.map(({ due, unsent }) => [due, unsent])).toEqual([
      [20, 0],
      [240, 0],
    ]);
    expect(data.stages[1]?.outcomes.success).toBe(240);
    expect(data.generator.threads).toBe(2);
    // Each thread counts its own requests, and none of the other's.
    expect(seen.size).toBeGreaterThanOrEqual(100);
    expect([...seen].every((body) => /^\{"index":\d+\}$/.test(body))).toBe(true);
  });

  it("stop when they are interrupted", async () => {
    const stop = new AbortController();
    const { url } = await service((at) => {
      if (at === 20) stop.abort();
      return 200;
    });
    const made = await workspace(url, baseline({}), { signal: stop.signal });
    const { verdict, data } = await runDrill(made, { profile: "long", workers: 2, scenarios: ["a"] });
    expect(verdict).toBe("interrupted");
    expect(data.scenarios[0]?.outcomes.success).toBeGreaterThan(0);
  });
});

describe("what can't be drilled", () => {
  let url: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ url, close } = await serve((_, response) => void response.end()));
    return () => close();
  });

  it.each([
    [{ profile: "slow" }, 'no profile "slow"; there are quick, standard, burst, soak, tiny'],
    [{ profile: "tiny", scenarios: ["c"] }, '--scenarios: "c" matches nothing; there are a, b'],
    [{ profile: "tiny", targets: ["eu"] }, '--targets: no target "eu"; there are default, other'],
    [{ profile: "tiny", workers: 0 }, "--workers: got 0; expected a whole number from 1"],
    [{ profile: "closed", workers: 5 }, "--workers: got 5; stage stage 1 has 4 requests under way at most"],
    [{ profile: "tiny", scale: 0 }, "--scale: got 0; expected a number above 0"],
  ])("%j is told", async (options, message) => {
    const run = runDrill(await workspace(url), options);
    await expect(run).rejects.toThrow(UsageError);
    await expect(run).rejects.toThrow(message);
  });

  it("an SLO of a scenario that there isn't is told", async () => {
    const run = runDrill(await workspace(url, baseline({ scenario: "chat" })), { profile: "tiny" });
    await expect(run).rejects.toThrow('SLO slo-0: no scenario "chat"; there are a, b');
  });

  it("scenarios that no SLO names are inconclusive", async () => {
    const { verdict, checks } = await runDrill(await workspace(url), { profile: "tiny", scenarios: ["b"] });
    expect(checks.at(-1)).toMatchObject({ id: "drill:slos", verdict: "inconclusive" });
    expect(verdict).toBe("inconclusive");
  });

  it("a target that isn't there is told before any load", async () => {
    const run = runDrill(await workspace("http://127.0.0.1:1"), { profile: "tiny" });
    await expect(run).rejects.toThrow(UnavailableError);
    await expect(run).rejects.toThrow("http://127.0.0.1:1 can't be reached (ECONNREFUSED)");
  });
});
