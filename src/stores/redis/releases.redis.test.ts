import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { runtime } from "../../core/runtime.js";
import { type Outcome, StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import { createKit } from "../../kit/kit.js";
import type { Decision } from "../../primitives/limiter/decision.js";
import { Limiter } from "../../primitives/limiter/limiter.js";
import { limitTwins } from "../scripted/twins/limits.js";
import type { AnyTwin } from "../scripted/twins/twin.js";
import { ioRedis, nodeRedis, type Opened } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";
import { noneUnhandled } from "./rejections.fixture.js";

noneUnhandled();

const wide = { limit: 1_000, windowMs: 31_536_000_000, burst: 1_000, blockMs: 0 };
const take: LimitInput = { op: "take", amount: 1, at: -1 };
const peek: LimitInput = { op: "peek", amount: 1, at: -1 };

/** What the next release might bring: the same decisions over another version of the state. */
const nextGcra = { ...gcra, version: gcra.version + 1 };
const nextTwin = {
  ...(limitTwins.find(({ name }) => name === gcra.name) as object),
  version: nextGcra.version,
  upgrade: "return older",
} as AnyTwin;

async function clientOf(open: () => Opened | Promise<Opened>) {
  const { client, close } = await open();
  onTestFinished(close);
  return client;
}

function granted(outcome: Outcome<LimitDecision>): LimitDecision {
  if (outcome instanceof StoreFailure) throw new Error(outcome.reason, { cause: outcome.error });
  return outcome;
}

describe.each([
  ["ioredis", () => ioRedis()],
  ["node-redis", () => nodeRedis()],
] as const)("two releases at a time, over %s", (_, open) => {
  it("share limits: the newer goes on from the older's counts, the older's policy decides from then on", async () => {
    const options = { prefix: uniquePrefix("releases"), deadline: "10s" } as const;
    const old = redisStore(await clientOf(open), options);
    const next = redisStore(await clientOf(open), { ...options, twins: [nextTwin] });
    const limiter = (onStoreFailure: "open" | "closed" | "local") =>
      new Limiter(
        "a",
        { algorithm: "gcra", limit: 1_000, per: "365d", deadline: "10s", onStoreFailure, local: { fraction: 0.01 } },
        runtime({ store: old }),
      );
    const policies = ["open", "closed", "local"] as const;
    const limiters = policies.map(limiter);
    const cells = next.open(nextGcra, "limiter:a");
    const keys = Array.from({ length: 30 }, (_, i) => `key ${i}`);
    const counted = new Map(keys.map((key) => [key, 0]));
    const count = (key: string) => counted.set(key, (counted.get(key) ?? 0) + 1);

    // Before: only the old release runs.
    for (const key of keys) {
      for (let n = 0; n < 10; n++) expect(await limiters[n % 3]?.check(key)).toMatchObject({ source: "store" });
      counted.set(key, 10);
    }
    // While it is replaced both take from the same keys, as they come; the newer one only from the first twenty.
    const refused = new Map<string, Decision[]>(policies.map((policy) => [policy, []]));
    const takeOld = async (key: string, i: number) => {
      const decision = (await limiters[i % 3]?.check(key)) as Decision;
      if (decision.source === "store") count(key);
      else refused.get(policies[i % 3] as string)?.push(decision);
    };
    const takeNew = async (key: string) => {
      expect(granted(await cells.step(key, wide, take)).allowed).toBe(true);
      count(key);
    };
    for (let round = 0; round < 20; round++)
      await Promise.all(
        keys.flatMap((key, i) => (i < 20 ? [takeOld(key, round + i), takeNew(key)] : [takeOld(key, round + i)])),
      );
    for (const [i, key] of keys.entries()) {
      const left = i < 20 ? granted(await cells.step(key, wide, peek)) : await limiters[0]?.peek(key);
      expect(left).toMatchObject({ source: "store", remaining: wide.burst - (counted.get(key) ?? 0) });
    }
    // In the first round the old one may have come first.
    const decisions = [...refused.values()].flat();
    expect(decisions.length).toBeGreaterThanOrEqual(20 * 19);
    for (const { reason, degraded } of decisions) expect([reason, degraded]).toEqual(["version", true]);
    expect(refused.get("open")?.every(({ allowed }) => allowed)).toBe(true);
    expect(refused.get("closed")?.some(({ allowed }) => allowed)).toBe(false);
    expect(new Set(refused.get("local")?.map(({ source }) => source))).toEqual(new Set(["local"]));
    // And of the newer one's state nothing is lost to the older.
    expect(granted(await cells.step("key 0", wide, peek)).remaining).toBe(wide.burst - (counted.get("key 0") ?? 0));
  });

  it("share a queue: jobs in a newer envelope go back unharmed, to workers that can read it", async () => {
    const prefix = uniquePrefix("releases");
    const store = redisStore(await clientOf(open), { prefix, deadline: "10s" });
    const kit = createKit({ service: "shop", store });
    onTestFinished(async () => {
      await kit.close();
    });
    const ran: number[] = [];
    const input = z.object({ n: z.number() });
    const tools = kit.queue("tools", {
      jobs: {
        changed: kit.job({ input, attempts: 1, run: ({ n }) => n }),
        steady: kit.job({ input, run: ({ n }) => void ran.push(n) }),
      },
    });
    let releases = 0;
    const released = new Promise<void>((resolve) => {
      kit.events.on("job.released", () => {
        releases++;
        resolve();
      });
    });
    // A process of the next release, which enqueues what this one can't read, and does it itself.
    const next = redisStore(await clientOf(open), { prefix, deadline: "10s" });
    const jobs = next.jobs("shop:tools");
    const plain = { delayMs: 0, deadlineMs: 0, attempts: 1, maxQueued: 0, dedupe: "" };
    const payload = JSON.stringify({ v: 2, from: "shop", body: { n: 1 } });
    expect(await jobs.enqueue([{ id: "newer", tool: "changed", payload, ...plain }])).toMatchObject({ accepted: true });

    const worker = tools.process();
    await released;
    // What it can read it goes on doing.
    await tools.enqueueAndWait("steady", { n: 2 }, { wait: "20s" });
    expect(ran).toEqual([2]);
    const retention = { succeeded: 60_000, failed: 60_000, dead: 60_000, expired: 60_000, cancelled: 60_000 };
    const request = { tools: [{ name: "changed", maxRunning: 0 }], max: 10, leaseMs: 30_000, scan: 10, retention };
    const claim = await jobs.claim(request);
    if (claim instanceof StoreFailure) throw new Error(claim.reason, { cause: claim.error });
    // The only attempt that it has is still before it.
    expect(claim.jobs).toMatchObject([{ id: "newer", attempt: 1, attempts: 1, payload }]);
    const ends = claim.jobs.map(({ id, fence }) => ({ id, fence, kind: "succeeded", result: "1" }) as const);
    expect(await jobs.finish(ends, retention)).toMatchObject({ finished: ["kept"] });
    await worker.drain();
    expect(await tools.stats()).toMatchObject({ changed: { queued: 0, running: 0, ended: { succeeded: 1, dead: 0 } } });
    // It left the kind alone for a while, and didn't take it again and again.
    expect(releases).toBe(1);
  });
});
