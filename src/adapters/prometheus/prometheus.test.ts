import { collectDefaultMetrics, Registry } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ProcessUsage } from "../../core/process-usage.js";
import { seeded } from "../../core/seeded.js";
import { createKit } from "../../kit/kit.js";
import { troubledKit } from "../../sinks/troubled-kit.fixture.js";
import { exposition } from "./exposition.js";
import { type Parsed, parseExposition } from "./parse.fixture.js";
import { prometheus } from "./prometheus.js";

const value = (all: Parsed, name: string, labels: Record<string, string>) => {
  const wanted = Object.entries(labels);
  return all.samples.find((one) => one.name === name && wanted.every(([label, word]) => one.labels[label] === word))
    ?.value;
};

const usage: ProcessUsage = {
  uptimeMs: 60_000,
  rssBytes: 2e8,
  heapUsedBytes: 5e7,
  heapLimitBytes: 4e9,
  cpuSec: 12.5,
  cpuShare: 0.2,
  loopDelay: { p50Ms: 1, p99Ms: 20, maxMs: 90 },
  recentSec: 12,
};

async function busyKit() {
  const troubled = troubledKit();
  const metrics = prometheus(troubled.kit);
  await troubled.ask("/free");
  for (let n = 0; n < 5; n++) await troubled.ask("/api/chat/4711");
  await troubled.open();
  await troubled.pages.read("k", () => "v");
  await troubled.pages.read("k", () => "v");
  return { ...troubled, metrics };
}

describe("prometheus", () => {
  it.each(["prometheus", "openmetrics"] as const)("writes %s text that a strict parser takes", async (format) => {
    const { metrics } = await busyKit();
    const all = parseExposition(await metrics.exposition(format), format);
    expect(all.types.keelson_endpoint_duration_seconds).toBe("histogram");
    expect(value(all, "keelson_endpoint_responses_total", { name: "chat", status: "429", code: "rate_limit" })).toBe(2);
    expect(value(all, "keelson_endpoint_responses_total", { name: "chat", status: "200" })).toBe(3);
    expect(value(all, "keelson_endpoint_duration_seconds_count", { name: "chat" })).toBe(5);
    expect(value(all, "keelson_upstream_duration_seconds_bucket", { name: "llm", le: "+Inf" })).toBe(9);
    expect(value(all, "keelson_upstream_calls_total", { name: "llm", outcome: "failure" })).toBeGreaterThanOrEqual(2);
    expect(value(all, "keelson_limiter_decisions_total", { name: "turns", decision: "denied" })).toBe(2);
    expect(value(all, "keelson_breaker_state", { name: "llm", of: "upstream", state: "open" })).toBe(1);
    expect(value(all, "keelson_breaker_state", { name: "llm", of: "upstream", state: "closed" })).toBe(0);
    expect(value(all, "keelson_bulkhead_limit", { name: "llm", of: "upstream" })).toBe(4);
    expect(value(all, "keelson_cache_reads_total", { name: "pages", result: "hit" })).toBe(1);
    expect(value(all, "keelson_info", { service: "shop" })).toBe(1);
    expect(metrics.contentType(format)).toContain(
      format === "openmetrics" ? "application/openmetrics-text" : "text/plain",
    );
  });

  it("counts into the bucket of the time that was taken", async () => {
    const { kit } = troubledKit();
    const metrics = prometheus(kit, { buckets: [0.1, 1] });
    for (const durationMs of [50, 100, 101, 5_000])
      kit.events.emit("endpoint.settled", { name: "x", status: 200, durationMs });
    const all = parseExposition(await metrics.exposition(), "prometheus");
    const bucket = (le: string) => value(all, "keelson_endpoint_duration_seconds_bucket", { le });
    expect([bucket("0.1"), bucket("1"), bucket("+Inf")]).toEqual([2, 3, 4]);
    expect(value(all, "keelson_endpoint_duration_seconds_sum", {})).toBeCloseTo(5.251);
  });

  it("writes a snapshot alone, too", async () => {
    const { kit } = await busyKit();
    const all = parseExposition(exposition(await kit.snapshot(), "openmetrics"), "openmetrics");
    expect(value(all, "keelson_upstream_calls_total", { name: "llm", outcome: "failure" })).toBeGreaterThanOrEqual(2);
    expect(value(all, "keelson_endpoint_responses_total", {})).toBeUndefined();
  });

  it.each(["prometheus", "openmetrics"] as const)(
    "has a process by the names that others know, as %s",
    async (format) => {
      const kit = createKit({
        service: "shop",
        env: {},
        process: () => ({ read: () => usage, stop: () => undefined }),
      });
      const snapshot = { ...(await kit.snapshot()), at: 1_000_000 };
      const all = parseExposition(exposition(snapshot, format), format);
      expect(value(all, "process_start_time_seconds", {})).toBe(940);
      expect(value(all, "process_cpu_seconds_total", {})).toBe(12.5);
      expect(value(all, "process_resident_memory_bytes", {})).toBe(2e8);
      expect(value(all, "nodejs_heap_size_used_bytes", {})).toBe(5e7);
      expect(value(all, "keelson_process_heap_limit_bytes", {})).toBe(4e9);
      expect(value(all, "nodejs_eventloop_lag_p50_seconds", {})).toBe(0.001);
      expect(value(all, "nodejs_eventloop_lag_p99_seconds", {})).toBe(0.02);
      const unknown = { ...snapshot, process: { ...usage, heapLimitBytes: null, loopDelay: null } };
      const names = parseExposition(exposition(unknown, format), format).samples.map(({ name }) => name);
      expect(names).toContain("process_cpu_seconds_total");
      expect(names.filter((name) => /limit_bytes|eventloop/.test(name))).toEqual([]);
    },
  );

  it("only ever raises counters and buckets, whatever happens in between", async () => {
    const { kit, ask, llm, pages, failing, clock, metrics } = await busyKit();
    const random = seeded(6);
    let before = parseExposition(await metrics.exposition(), "prometheus");
    for (let round = 0; round < 40; round++) {
      failing(random() < 0.3 ? new Error("a slip") : undefined);
      await ask(random() < 0.5 ? "/free" : "/api/chat/1");
      await llm.run(() => (random() < 0.5 ? Promise.reject(new Error("down")) : 1)).catch(() => undefined);
      await pages.read(`${round % 3}`, () => "v");
      await clock.advance(random() * 60_000);
      const after = parseExposition(await metrics.exposition(), "prometheus");
      for (const { name, labels, value: was } of before.samples) {
        if (!/_(total|bucket|count|sum)$/.test(name)) continue;
        expect(value(after, name, labels), name).toBeGreaterThanOrEqual(was);
      }
      before = after;
    }
    await kit.close();
  });

  it("escapes whatever a name has in it", async () => {
    const kit = createKit({ service: "shop" });
    const name = 'a "name"\\ with\nall {sorts}, of=things';
    kit.limiter(name, { algorithm: "gcra", limit: 1, per: "1m" });
    const all = parseExposition(await prometheus(kit).exposition(), "prometheus");
    expect(value(all, "keelson_limiter_decisions_total", { name })).toBe(0);
  });

  it("tells so many names apart, and the others together", async () => {
    const kit = createKit({ service: "shop" });
    const metrics = prometheus(kit, { maxNames: 3 });
    for (let n = 0; n < 10; n++) {
      await kit.limiter(`limiter-${n}`, { algorithm: "gcra", limit: 5, per: "1m" }).check("a");
      for (let times = 0; times <= n; times++)
        kit.events.emit("endpoint.settled", { name: `endpoint-${n}`, status: 200 + (n % 2), durationMs: 1 });
    }
    const all = parseExposition(await metrics.exposition(), "prometheus");
    const names = (metric: string) =>
      new Set(all.samples.filter((one) => one.name === metric).map((one) => one.labels.name));
    expect([...names("keelson_limiter_decisions_total")]).toEqual(["limiter-0", "limiter-1", "limiter-2", "other"]);
    expect(value(all, "keelson_limiter_decisions_total", { name: "other", decision: "allowed" })).toBe(7);
    expect(names("keelson_endpoint_responses_total").size).toBe(4);
    expect(value(all, "keelson_endpoint_duration_seconds_count", { name: "other" })).toBe(49);
  });

  it("tells 64 statuses of an endpoint apart", async () => {
    const { kit } = troubledKit();
    const metrics = prometheus(kit);
    for (let status = 200; status < 300; status++)
      kit.events.emit("endpoint.settled", { name: "x", status, durationMs: 1 });
    const all = parseExposition(await metrics.exposition(), "prometheus");
    expect(all.samples.filter(({ name }) => name === "keelson_endpoint_responses_total").length).toBe(65);
    expect(value(all, "keelson_endpoint_responses_total", { status: "other" })).toBe(36);
  });

  it("hides no internal error: what it only counts still goes to the console", async () => {
    const { kit, ask, failing } = troubledKit();
    prometheus(kit);
    const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
    onTestFinished(() => reported.mockRestore());
    failing(new Error("a slip"));
    await ask("/free");
    expect(reported.mock.calls).toEqual([['endpoint("free"):', new Error("a slip")]]);
    kit.events.on("endpoint.settled", () => undefined);
    await ask("/free");
    expect(reported.mock.calls.length).toBe(1);
  });

  it("stops counting when it is closed", async () => {
    const { kit } = troubledKit();
    const metrics = prometheus(kit);
    await metrics.close();
    expect(kit.events.wants("endpoint.settled")).toBe(false);
  });

  it.each([[[]], [[1, 1]], [[0, 1]], [[2, 1]], [["1"]]])("refuses the buckets %j", (buckets) => {
    const { kit } = troubledKit();
    expect(() => prometheus(kit, { buckets: buckets as number[] })).toThrow(/prometheus\.buckets/);
  });
});

describe("prometheus with prom-client's registry", () => {
  it.each(["prometheus", "openmetrics"] as const)("is in its page, as %s text", async (format) => {
    const { kit, ask, open } = troubledKit();
    const types = { prometheus: Registry.PROMETHEUS_CONTENT_TYPE, openmetrics: Registry.OPENMETRICS_CONTENT_TYPE };
    const registry = new Registry();
    registry.setContentType(types[format] as typeof Registry.PROMETHEUS_CONTENT_TYPE);
    const metrics = prometheus(kit, { registry });
    await ask("/free");
    await open();
    for (let scrape = 0; scrape < 2; scrape++) {
      const page = parseExposition(await registry.metrics(), format);
      const own = parseExposition(await metrics.exposition(format), format);
      const key = ({ name, labels }: Parsed["samples"][number]) => `${name} ${JSON.stringify(labels)}`;
      const known = new Map(page.samples.map((one) => [key(one), one.value]));
      for (const one of own.samples) expect(known.get(key(one)), key(one)).toBe(one.value);
      expect(known.size).toBe(own.samples.length);
    }
    expect(await registry.getMetricsAsJSON()).toContainEqual(expect.objectContaining({ aggregator: "sum" }));
  });

  it("leaves the process to prom-client, whichever of them came first", async () => {
    const kit = createKit({ service: "shop", env: {}, process: () => ({ read: () => usage, stop: () => undefined }) });
    for (const ours of [true, false]) {
      const registry = new Registry();
      if (!ours) collectDefaultMetrics({ register: registry });
      const metrics = prometheus(kit, { registry });
      if (ours) collectDefaultMetrics({ register: registry });
      const page = await registry.metrics();
      expect(page.match(/^process_cpu_seconds_total /gm)).toHaveLength(1);
      expect(page).not.toContain("process_cpu_seconds_total 12.5");
      expect(page).toContain("keelson_process_heap_limit_bytes 4000000000");
      await metrics.close();
    }
  });

  it("takes its metrics out again", async () => {
    const { kit } = troubledKit();
    const registry = new Registry();
    const metrics = prometheus(kit, { registry });
    expect(() => prometheus(kit, { registry })).toThrow(/already been registered/);
    await metrics.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
    prometheus(kit, { registry });
    expect(registry.getMetricsAsArray().length).toBeGreaterThan(20);
  });
});
