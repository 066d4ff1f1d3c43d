import { describe, expect, it, onTestFinished } from "vitest";
import { redisPath } from "../../../test/redis/inject.js";
import { type Server, type ServerOptions, startServer } from "../../../test/redis/server.js";
import { runtime } from "../../core/runtime.js";
import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import { Limiter } from "../../primitives/limiter/limiter.js";
import { ioRedis, nodeRedis, type Opened } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

const wide = { limit: 1_000, windowMs: 86_400_000, burst: 1_000, blockMs: 0 };
const take: LimitInput = { op: "take", amount: 1, at: -1 };

async function server(options: Omit<ServerOptions, "path"> = {}): Promise<Server> {
  const running = await startServer({ path: redisPath(), ...options });
  onTestFinished(() => running.stop());
  return running;
}

async function over(opened: Opened | Promise<Opened>, onWarning: (warning: Error) => void = () => undefined) {
  const { client, close } = await opened;
  onTestFinished(close);
  return { client, store: redisStore(client, { deadline: "1s", onWarning }) };
}

const reasonOf = (outcome: unknown) =>
  outcome instanceof StoreFailure ? outcome.reason : (outcome as LimitDecision).allowed;

describe.each([
  ["ioredis", (url: string) => ioRedis(url)],
  ["node-redis", (url: string) => nodeRedis(url)],
])("over %s", (_, open) => {
  it("decides on when the server has forgotten its scripts", async () => {
    const { url } = await server();
    const { store } = await over(open(url));
    const other = ioRedis(url);
    onTestFinished(other.close);
    const cells = store.open(gcra, "limiter:a");
    const outcomes: unknown[] = [];
    for (let round = 0; round < 20; round++) {
      if (round % 5 === 0) await other.client.script("FLUSH");
      outcomes.push(...(await Promise.all(Array.from({ length: 20 }, () => cells.step("key", wide, take)))));
    }
    expect(outcomes.map(reasonOf)).toEqual(Array.from({ length: 400 }, () => true));
    expect((outcomes.at(-1) as LimitDecision).remaining).toBe(600);
  });

  it("goes by the policy while the server is dead, at once, and finds it when it is back", async () => {
    const running = await server({ aof: true });
    const { store } = await over(open(running.url));
    const limiter = new Limiter(
      "a",
      { algorithm: "gcra", limit: 1_000, per: "1d", deadline: "1s" },
      runtime({ store }),
    );
    expect((await limiter.check("key")).source).toBe("store");
    await running.kill();
    let decision = await limiter.check("key");
    while (decision.source === "store") decision = await limiter.check("key");
    expect(decision).toMatchObject({ allowed: true, source: "local", degraded: true });
    await running.restart();
    while (decision.source !== "store") {
      await new Promise((resolve) => setTimeout(resolve, 10));
      decision = await limiter.check("key");
    }
    // What was taken before is still known: the log was written through.
    expect(decision.remaining).toBeLessThan(1_000 - 1);
  });

  it("answers a full server with a failure for what is new, and still refuses what is over its limit", async () => {
    const { url } = await server({ maxmemory: "3mb", policy: "noeviction" });
    const { store } = await over(open(url));
    const cells = store.open(gcra, "limiter:a");
    const one = { ...wide, limit: 1, burst: 1 };
    expect(reasonOf(await cells.step("known", one, take))).toBe(true);
    let last: unknown;
    for (let n = 0; !(last instanceof StoreFailure); n++) {
      const some = Array.from({ length: 64 }, (_, i) => cells.step(`${n}:${i}:${"x".repeat(500)}`, one, take));
      last = (await Promise.all(some)).find((outcome) => outcome instanceof StoreFailure);
    }
    expect(last).toMatchObject({ reason: "capacity", applied: "no" });
    expect(reasonOf(await cells.step("known", one, take))).toBe(false);
  });

  it("says when the server throws away what lives", async () => {
    const { url } = await server({ maxmemory: "100mb", policy: "allkeys-lru" });
    const warned = new Promise<Error>((resolve) => {
      void over(open(url), resolve);
    });
    expect((await warned).message).toBe(
      "the server's maxmemory-policy is allkeys-lru: it evicts live limits and queued jobs. Set it to noeviction",
    );
  });
});

describe("what else is in the server", () => {
  it("fails for itself: other kinds of keys, garbage, states of a newer version", async () => {
    const { url } = await server();
    const { client, store } = await over(ioRedis(url));
    const redis = client as ReturnType<typeof ioRedis>["client"];
    const cells = store.open(gcra, "limiter:a");
    await redis.lpush("keelson:limiter:a:list", "x");
    await redis.set("keelson:limiter:a:garbage", "not a state");
    const newer = Buffer.alloc(24);
    newer.writeDoubleBE(2);
    await redis.set("keelson:limiter:a:newer", newer);
    const keys = ["list", "garbage", "newer", "fine"];
    const outcomes = await Promise.all(keys.map((key) => cells.step(key, wide, take)));
    expect(outcomes.map(reasonOf)).toEqual(["unavailable", "unavailable", "version", true]);
    const all = await store.stepAll(keys.map((key) => cells.with(`${key}`, wide, take)));
    expect(reasonOf(all)).toBe("unavailable");
    expect(((await cells.step("fine", wide, { ...take, op: "peek" })) as LimitDecision).remaining).toBe(wide.burst - 1);
  });
});

describe("a client that sends commands again", () => {
  it("is warned of", async () => {
    const { Redis } = await import("ioredis");
    const client = new Redis({ lazyConnect: true });
    const warnings: string[] = [];
    redisStore(client, { onWarning: ({ message }) => warnings.push(message) });
    expect(warnings).toEqual([
      "ioredis sends commands again whose answer was lost: units may be taken twice. Set autoResendUnfulfilledCommands: false",
    ]);
  });

  it("is warned of in a cluster, too", async () => {
    const { Cluster } = await import("ioredis");
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => warnings.push(message);
    for (const retryDelayOnFailover of [100, 0])
      redisStore(new Cluster(["127.0.0.1:1"], { lazyConnect: true, retryDelayOnFailover }), { onWarning });
    expect(warnings).toEqual([
      "ioredis sends commands again whose connection broke: units may be taken twice. Set retryDelayOnFailover: 0",
    ]);
  });
});
