import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { uniquePrefix } from "../../../test/redis/inject.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { runtime } from "../../core/runtime.js";
import { StoreFailure } from "../../core/store.js";
import { leaseKernel } from "../../kernel/leases/leases.js";
import { createKit } from "../../kit/kit.js";
import { Idempotency } from "../../primitives/idempotency/idempotency.js";
import { Limiter } from "../../primitives/limiter/limiter.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";
import { noneUnhandled } from "./rejections.fixture.js";

noneUnhandled();

const HOUR = 3_600_000;

/** The machine's clock, put wrong. */
const skewed = (ms: number): Clock => ({
  ...systemClock,
  wall: () => systemClock.wall() + ms,
  // Its start is arbitrary, but it doesn't go below 0.
  monotonic: () => systemClock.monotonic() + 2 * HOUR + ms,
});

/** A process whose clock is wrong by so much. */
function processAt(skewMs: number, prefix: string) {
  const { client, close } = ioRedis();
  onTestFinished(close);
  const clock = skewed(skewMs);
  const store = redisStore(client, { prefix, clock, deadline: "10s" });
  return { clock, store, rt: runtime({ clock, store }) };
}

/** Three processes: one an hour behind, one an hour ahead, and one whose clock is right. */
function processes(name: string) {
  const prefix = uniquePrefix(name);
  return [processAt(-HOUR, prefix), processAt(HOUR, prefix), processAt(0, prefix)] as const;
}

const algorithms = ["gcra", "token-bucket", "fixed-window", "sliding-window", "sliding-log"] as const;

describe("processes whose clocks are two hours apart", () => {
  it.each(algorithms)("share a limit as one would (%s)", async (algorithm) => {
    const all = processes("skew");
    const options = { algorithm, limit: 20, per: "365d", deadline: "10s" } as const;
    const [behind, ahead, right] = all.map(({ rt }) => new Limiter("a", options, rt)) as [Limiter, Limiter, Limiter];
    const facts = async (limiter: Limiter, key: string, n: number) => {
      const { allowed, remaining, limit, source } = await limiter.check(key, { cost: 1 + (n % 3) });
      return { allowed, remaining, limit, source };
    };
    const apart: unknown[] = [];
    const alone: unknown[] = [];
    for (let n = 0; n < 30; n++) {
      apart.push(await facts(n % 2 === 0 ? behind : ahead, "apart", n));
      alone.push(await facts(right, "alone", n));
    }
    expect(apart).toEqual(alone);
    // A decision's time is the server's: whoever asks, it goes on, and a refund finds what it gives back.
    const times: number[] = [];
    for (const limiter of [ahead, behind, ahead, behind]) times.push((await limiter.peek("apart")).at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const taken = await ahead.check("refunded", { cost: 5 });
    expect(await behind.refund("refunded", 5, taken.at)).toBe(true);
    expect((await right.peek("refunded")).remaining).toBe(20);
  });

  it("block a key for one another for as long as was said", async () => {
    const [behind, ahead] = processes("skew");
    const options = { algorithm: "gcra", limit: 20, per: "1m" } as const;
    const [one, other] = [new Limiter("a", options, behind.rt), new Limiter("a", options, ahead.rt)];
    await one.block("key", "10m");
    const { allowed, retryAfterMs } = await other.check("key");
    expect([allowed, retryAfterMs > 0, retryAfterMs <= 600_000]).toEqual([false, true, true]);
    await other.block("key", 0);
    expect((await one.check("key")).allowed).toBe(true);
  });

  it("give each other's leases neither out nor up", async () => {
    const all = processes("skew");
    const cells = all.map(({ store }) => store.open(leaseKernel, "leases:a"));
    const config = { capacity: 2, leaseMs: 60_000 };
    const ask = async (of: number, input: Parameters<(typeof cells)[0]["step"]>[2]) => {
      const decision = await cells[of]?.step("key", config, input);
      if (decision === undefined || decision instanceof StoreFailure) throw new Error(decision?.reason);
      return decision;
    };
    const [first, second] = [
      await ask(1, { op: "acquire", nonce: 1 }),
      await ask(0, { op: "acquire", nonce: 2 }),
    ] as const;
    expect([first.held, second.held, second.fence > first.fence]).toEqual([true, true, true]);
    const third = await ask(1, { op: "acquire", nonce: 3 });
    expect([third.held, third.retryAfterMs > 0, third.retryAfterMs <= 60_000]).toEqual([false, true, true]);
    expect((await ask(0, { op: "renew", fence: second.fence })).held).toBe(true);
    await ask(1, { op: "release", fence: first.fence });
    expect((await ask(0, { op: "acquire", nonce: 4 })).fence).toBeGreaterThan(second.fence);
  });

  it("carry an operation out once", async () => {
    const [behind, ahead, right] = processes("skew");
    const guards = [behind, ahead, right].map(({ rt }) => new Idempotency("orders", { lease: "30s" }, rt));
    const [one, other, third] = guards as [Idempotency, Idempotency, Idempotency];
    for (const [key, holder, next] of [
      ["a", one, other],
      ["b", other, one],
    ] as const) {
      const begun = await holder.begin(key, "the same");
      if (begun.outcome !== "first") throw new Error(begun.outcome);
      const refused = await next.begin(key, "the same");
      if (refused.outcome !== "in_flight") throw new Error(refused.outcome);
      expect(refused.retryAfterMs).toBeGreaterThan(20_000);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(30_000);
      await holder.complete(begun.permit, { status: 200, headers: [], body: "done", bodyEncoding: "utf8" });
      for (const guard of [next, third])
        expect(await guard.begin(key, "the same")).toMatchObject({ outcome: "replay", record: { body: "done" } });
    }
  });

  it("run jobs when they are due, and neither lose nor expire them before", async () => {
    const all = processes("skew");
    const runs: string[] = [];
    const [behind, ahead] = all.map(({ clock, store }, i) => {
      const kit = createKit({ service: "shop", store, clock });
      onTestFinished(async () => {
        await kit.close();
      });
      const work = kit.job({ input: z.object({ n: z.number() }), run: ({ n }) => void runs.push(`${n} by ${i}`) });
      return kit.queue("tools", { jobs: { work }, lease: "30s" });
    });
    if (behind === undefined || ahead === undefined) throw new Error("no queues");
    for (const [from, to] of [
      [behind, ahead],
      [ahead, behind],
    ] as const) {
      const { id: later } = await from.enqueue("work", { n: 1 }, { delay: "30m" });
      const { id: soon } = await from.enqueue("work", { n: 2 }, { deadline: "30m" });
      const [held] = await to.claim({ max: 10 });
      expect(held).toMatchObject({ id: soon, attempt: 1, input: { n: 2 } });
      // Its lease is nobody's to take.
      expect(await from.claim({ max: 10 })).toEqual([]);
      expect(await to.claim({ max: 10 })).toEqual([]);
      if (held === undefined) throw new Error("no job");
      expect(await to.complete(held, undefined)).toBe("kept");
      expect(await from.get(later)).toMatchObject({ state: "delayed", attempt: 0 });
      expect(await from.get(soon)).toMatchObject({ state: "succeeded" });
      await from.cancel(later);
    }
    const worker = ahead.process();
    await expect(behind.enqueueAndWait("work", { n: 3 }, { wait: "20s" })).resolves.toBeUndefined();
    await worker.drain();
    expect(runs).toEqual(["3 by 1"]);
  });
});
