import { Cluster as IoCluster } from "ioredis";
import { createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Cluster, startCluster } from "../../../test/redis/cluster.js";
import { redisPath, uniquePrefix } from "../../../test/redis/inject.js";
import { runtime } from "../../core/runtime.js";
import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitDecision } from "../../kernel/limit/limit.js";
import { Limiter } from "../../primitives/limiter/limiter.js";
import { takeAll } from "../../primitives/limiter/take-all.js";
import { slotOf } from "../scripted/slot.js";
import type { RedisClient } from "./clients.js";
import { redisStore } from "./redis-store.js";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ path: redisPath() });
});
afterAll(() => cluster.stop());

const retention = { succeeded: 10_000, failed: 10_000, dead: 10_000, expired: 10_000, cancelled: 10_000 };
const wide = { limit: 10_000, windowMs: 86_400_000, burst: 10_000, blockMs: 0 };
const take = { op: "take", amount: 1, at: -1 } as const;

async function overIoRedis(): Promise<RedisClient> {
  const [{ host, port } = { host: "", port: 0 }] = cluster.servers;
  const client = new IoCluster([{ host, port }], { retryDelayOnFailover: 0 });
  onTestFinished(() => client.disconnect());
  return client;
}

async function overNodeRedis(): Promise<RedisClient> {
  const client = createCluster({ rootNodes: [{ url: cluster.url }] });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

describe.each([
  ["ioredis", overIoRedis],
  ["node-redis", overNodeRedis],
])("a cluster over %s", (_, open) => {
  const setup = async (more = {}) =>
    redisStore(await open(), { prefix: uniquePrefix("cluster"), deadline: "10s", ...more });

  it("decides for keys of all slots", async () => {
    const limiter = new Limiter("a", { algorithm: "gcra", limit: 5, per: "1d" }, runtime({ store: await setup() }));
    const decisions = await Promise.all(Array.from({ length: 600 }, (_, i) => limiter.check(`key ${i % 100}`)));
    expect(decisions.filter(({ source }) => source === "store")).toHaveLength(600);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(500);
  });

  it("takes limits in different slots in turn, and gives back what was taken when one refuses", async () => {
    const rt = runtime({ store: await setup() });
    const wideOne = new Limiter("wide", { algorithm: "gcra", limit: 100, per: "1d" }, rt);
    const narrow = new Limiter("narrow", { algorithm: "sliding-log", limit: 2, per: "1d" }, rt);
    const uses = [
      { limiter: wideOne, key: "x" },
      { limiter: narrow, key: "y" },
    ];
    const all = [await takeAll(uses), await takeAll(uses), await takeAll(uses)];
    expect(all).toMatchObject([
      { allowed: true, atomicity: "compensated" },
      { allowed: true, atomicity: "compensated" },
      { allowed: false, atomicity: "compensated" },
    ]);
    expect((await wideOne.peek("x")).remaining).toBe(98);
  });

  it("takes them all or nothing where they are said to lie together", async () => {
    const rt = runtime({ store: await setup({ partition: (_: string, key: string) => key.split("/")[0] }) });
    const one = new Limiter("one", { algorithm: "gcra", limit: 100, per: "1d" }, rt);
    const other = new Limiter("other", { algorithm: "fixed-window", limit: 100, per: "1d" }, rt);
    const together = await takeAll([
      { limiter: one, key: "acme/ada" },
      { limiter: other, key: "acme" },
    ]);
    expect(together).toMatchObject({ allowed: true, atomicity: "atomic" });
  });

  it("counts on while a slot moves from one server to another", async () => {
    const prefix = uniquePrefix("moved");
    const store = redisStore(await open(), { prefix, deadline: "10s", partition: () => "moving" });
    const cells = store.open(gcra, "limiter:a");
    const slot = slotOf("moving");
    let taken = 0;
    const some = async () => {
      const outcomes = await Promise.all(["a", "b", "c"].map((key) => cells.step(key, wide, take)));
      // What couldn't be decided just then wasn't done.
      for (const outcome of outcomes) {
        if (outcome instanceof StoreFailure) expect(outcome.applied).toBe("no");
        else taken++;
      }
    };
    await some();
    await cluster.moveSlot(slot, ((await cluster.ownerOf(slot)) + 1) % 3, some);
    for (let n = 0; n < 20; n++) await some();
    const left = await Promise.all(["a", "b", "c"].map((key) => cells.step(key, wide, { ...take, op: "peek" })));
    const remaining = (left as LimitDecision[]).reduce((sum, one) => sum + one.remaining, 0);
    expect(3 * wide.burst - remaining).toBe(taken);
    expect(taken).toBeGreaterThanOrEqual(60);
  });

  it("keeps all of a queue in one slot, and tells of its jobs across servers", async () => {
    const store = await setup();
    const jobs = store.jobs("tools");
    let hear: (note: unknown) => void = () => undefined;
    const heard = new Promise((resolve) => {
      hear = resolve;
    });
    const end = await jobs.listen?.({ ended: hear });
    const job = { tool: "a", payload: "{}", delayMs: 0, deadlineMs: 0, attempts: 1, maxQueued: 0, dedupe: "" };
    expect(await jobs.enqueue([{ ...job, id: "1" }])).toMatchObject({ accepted: true });
    const tools = [{ name: "a", maxRunning: 1 }];
    const claim = await jobs.claim({ tools, max: 5, leaseMs: 1_000, scan: 10, retention });
    if (claim instanceof StoreFailure) throw claim.error;
    const ends = claim.jobs.map(({ id, fence }) => ({ id, fence, kind: "succeeded", result: "1" }) as const);
    expect(await jobs.finish(ends, retention)).toMatchObject({ finished: ["kept"] });
    expect(await heard).toEqual({ id: "1", state: "succeeded", result: "1", error: null });
    end?.();
    store.close();
  });

  it("can't be asked to wait for replicas", async () => {
    const client = await open();
    expect(() => redisStore(client, { replicas: { count: 1 } })).toThrow(/redisStore.replicas/);
  });
});
