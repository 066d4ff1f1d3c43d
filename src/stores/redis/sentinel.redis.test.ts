import { Redis } from "ioredis";
import { createSentinel } from "redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { redisPath } from "../../../test/redis/inject.js";
import { type SentinelGroup, startSentinels } from "../../../test/redis/sentinel.js";
import { runtime } from "../../core/runtime.js";
import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import { Limiter } from "../../primitives/limiter/limiter.js";
import type { RedisClient } from "./clients.js";
import { redisStore } from "./redis-store.js";
import { noneUnhandled } from "./rejections.fixture.js";

noneUnhandled();

const wide = { limit: 1_000, windowMs: 86_400_000, burst: 1_000, blockMs: 0 };
const take: LimitInput = { op: "take", amount: 1, at: -1 };
const peek: LimitInput = { op: "peek", amount: 1, at: -1 };
const retention = { succeeded: 60_000, failed: 60_000, dead: 60_000, expired: 60_000, cancelled: 60_000 };
const claiming = { tools: [{ name: "a", maxRunning: 0 }], leaseMs: 600_000, scan: 10, retention };
const jobs = (from: number, many: number) =>
  Array.from({ length: many }, (_, i) => ({
    id: `job ${from + i}`,
    tool: "a",
    payload: "{}",
    delayMs: 0,
    deadlineMs: 0,
    attempts: 3,
    maxQueued: 0,
    dedupe: "",
  }));

async function group(options: { readonly sentinels?: number } = {}): Promise<SentinelGroup> {
  const started = await startSentinels({ path: redisPath(), ...options });
  onTestFinished(() => started.stop());
  return started;
}

async function overIoRedis({ name, sentinels }: SentinelGroup): Promise<RedisClient> {
  const client = new Redis({
    name,
    sentinels: [...sentinels],
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 50,
    sentinelRetryStrategy: () => 50,
  });
  client.on("error", () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

async function overNodeRedis({ name, sentinels }: SentinelGroup): Promise<RedisClient> {
  const client = createSentinel({
    name,
    sentinelRootNodes: [...sentinels],
    maxCommandRediscovers: 0,
    reserveClient: true,
  });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

/** Asks again and again, until the store decides; what it said before that. */
async function untilDecided<T extends object>(ask: () => T | StoreFailure | Promise<T | StoreFailure>) {
  const failures: StoreFailure[] = [];
  for (;;) {
    const outcome = await ask();
    if (!(outcome instanceof StoreFailure)) return { outcome, failures };
    failures.push(outcome);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function decided<T>(outcome: T | StoreFailure): T {
  if (outcome instanceof StoreFailure) throw new Error(outcome.reason, { cause: outcome.error });
  return outcome;
}

describe.each([
  ["ioredis", overIoRedis],
  ["node-redis", overNodeRedis],
])("a failover, over %s", (_, open) => {
  it("forgets what the replica hadn't got, and nothing else", async () => {
    const servers = await group();
    const store = redisStore(await open(servers), { onWarning: () => undefined });
    const cells = store.open(gcra, "limiter:a");
    for (let n = 0; n < 50; n++) decided(await cells.step("key", wide, take));
    await servers.replicated();
    servers.replication.drop();
    for (let n = 0; n < 10; n++) decided(await cells.step("key", wide, take));
    const promoted = servers.failOver();
    let tries = 0;
    const { outcome, failures } = await untilDecided<LimitDecision>(() => {
      tries++;
      return cells.step("key", wide, take);
    });
    await promoted;
    // One was decided, and of the others none is in doubt but what was under way when the primary died.
    expect(failures).toHaveLength(tries - 1);
    expect(failures.filter(({ applied }) => applied === "unknown").length).toBeLessThanOrEqual(2);
    expect(new Set(failures.map(({ reason }) => reason))).toContain("unavailable");
    expect(outcome.remaining).toBe(wide.burst - 50 - 1);
    expect(decided(await cells.step("key", wide, peek)).remaining).toBe(wide.burst - 51);
  });

  it("leaves limits to their policies until there is a primary again", async () => {
    const servers = await group();
    const store = redisStore(await open(servers), { onWarning: () => undefined });
    const limiter = (onStoreFailure: "open" | "closed" | "local") =>
      new Limiter(
        onStoreFailure,
        { algorithm: "gcra", limit: 10, per: "1d", onStoreFailure, local: { fraction: 0.5 } },
        runtime({ store }),
      );
    const all = [limiter("open"), limiter("closed"), limiter("local")];
    const check = () => Promise.all(all.map((one) => one.check("key")));
    expect((await check()).map(({ source }) => source)).toEqual(["store", "store", "store"]);
    const promoted = servers.failOver();
    const seen = new Set<string>();
    for (let decisions = await check(); ; decisions = await check()) {
      const sources = decisions.map(({ source, allowed }) => `${source} ${allowed}`);
      if (sources.every((source) => source.startsWith("store"))) break;
      for (const source of sources) seen.add(source);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await promoted;
    expect([...seen].filter((source) => !source.startsWith("store")).sort()).toEqual([
      "closed false",
      "local false",
      "local true",
      "open true",
    ]);
  });

  it("keeps the jobs that a replica acknowledged, and gives no fence twice", async () => {
    const servers = await group();
    const client = await open(servers);
    const quick = { onWarning: () => undefined, deadline: "5s" } as const;
    const sure = redisStore(client, { ...quick, replicas: { count: 1, timeout: "200ms" } }).jobs("tools");
    const hasty = redisStore(client, quick).jobs("tools");
    for (let from = 0; from < 8_000; from += 1_000) decided(await sure.enqueue(jobs(from, 1_000)));
    const fences: number[] = [];
    const claim = async (max: number) => {
      const claimed = decided(await hasty.claim({ ...claiming, max })).jobs;
      fences.push(...claimed.map(({ fence }) => fence));
      return claimed;
    };
    const kept = await claim(1_000);
    await servers.replicated();
    servers.replication.drop();
    const unsure = await sure.enqueue(jobs(8_000, 1));
    expect(unsure).toMatchObject({ reason: "unavailable", applied: "unknown" });
    // Faster than the clock's milliseconds: the number of the last fence is lost with them.
    const lost = [];
    for (let n = 0; n < 6; n++) lost.push(...(await claim(1_000)));
    expect(lost).toHaveLength(6_000);
    const before = Math.max(...fences);
    expect(new Set(fences).size).toBe(7_000);
    await servers.failOver();

    const { outcome: held } = await untilDecided(() => hasty.get("job 0"));
    expect(held).toMatchObject({ state: "running", attempt: 1 });
    const again = [];
    for (let n = 0; n < 8; n++) again.push(...decided(await hasty.claim({ ...claiming, max: 1_000 })).jobs);
    // All were acknowledged but the one that wasn't; those claimed before stay claimed.
    const numbers = new Set([...kept, ...again].map(({ id }) => id));
    expect(numbers).toEqual(new Set(jobs(0, 8_000).map(({ id }) => id)));
    expect(again).toHaveLength(7_000);
    expect(again.filter(({ fence }) => fence <= before)).toEqual([]);
    // Who was forgotten can't end what is another's now.
    const late = lost.slice(0, 3).map(({ id, fence }) => ({ id, fence, kind: "succeeded", result: "1" }) as const);
    const first = kept.slice(0, 1).map(({ id, fence }) => ({ id, fence, kind: "succeeded", result: "1" }) as const);
    expect(decided(await hasty.finish([...late, ...first], retention)).finished).toEqual([
      "lost",
      "lost",
      "lost",
      "kept",
    ]);
  });
});

it("three sentinels agree on it, too", async () => {
  const servers = await group({ sentinels: 3 });
  const store = redisStore(await overIoRedis(servers));
  const cells = store.open(gcra, "limiter:a");
  decided(await cells.step("key", wide, take));
  await servers.replicated();
  await servers.failOver();
  const { outcome } = await untilDecided<LimitDecision>(() => cells.step("key", wide, take));
  expect(outcome.remaining).toBe(wide.burst - 2);
});
