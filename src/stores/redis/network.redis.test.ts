import { describe, expect, it, onTestFinished } from "vitest";
import { redisUrl, uniquePrefix } from "../../../test/redis/inject.js";
import { startTcpProxy, type TcpProxy } from "../../../test/redis/tcp-proxy.js";
import type { Duration } from "../../core/duration.js";
import { runtime } from "../../core/runtime.js";
import { type Outcome, StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import { Limiter } from "../../primitives/limiter/limiter.js";
import type { ScriptedStore } from "../scripted/scripted-store.js";
import { ioRedis, nodeRedis, type Opened } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";
import { noneUnhandled } from "./rejections.fixture.js";

noneUnhandled();

/** Nothing comes back while a test runs. */
const wide = { limit: 100_000, windowMs: 31_536_000_000, burst: 100_000, blockMs: 0 };
const take: LimitInput = { op: "take", amount: 1, at: -1 };
const peek: LimitInput = { op: "peek", amount: 1, at: -1 };

async function proxied(): Promise<TcpProxy> {
  const { hostname, port } = new URL(redisUrl());
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.stop());
  return proxy;
}

/** A store over a client that counts what is sent through it. */
async function over(opened: Opened | Promise<Opened>, deadline: Duration) {
  const { client, close } = await opened;
  onTestFinished(close);
  const sent = { calls: 0 };
  const counted = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const name of ["evalsha", "evalSha", "eval"]) {
    const send = counted[name];
    if (send === undefined) continue;
    counted[name] = (...args) => {
      sent.calls++;
      return send.apply(client, args);
    };
  }
  const store = redisStore(client, { prefix: uniquePrefix("network"), deadline, onWarning: () => undefined });
  return { client, store, sent };
}

/** Takes units one after the other or at once, and keeps account. */
class Account {
  readonly #cells;
  asked = 0;
  allowed = 0;
  /** Refused by nobody, and perhaps taken. */
  unknown = 0;

  constructor(store: ScriptedStore) {
    this.#cells = store.open(gcra, "limiter:a");
  }

  async take(): Promise<Outcome<LimitDecision>> {
    this.asked++;
    const outcome = await this.#cells.step("key", wide, take);
    if (!(outcome instanceof StoreFailure)) this.allowed++;
    else if (outcome.applied === "unknown") this.unknown++;
    return outcome;
  }

  /** Until there is an answer again; the failures before it. */
  async recover(): Promise<StoreFailure[]> {
    const failures: StoreFailure[] = [];
    for (;;) {
      const outcome = await this.take();
      if (!(outcome instanceof StoreFailure)) return failures;
      failures.push(outcome);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Units that the server has counted. */
  async counted(): Promise<number> {
    const outcome = await this.#cells.step("key", wide, peek, { deadlineMs: 10_000 });
    if (outcome instanceof StoreFailure) throw new Error(outcome.reason, { cause: outcome.error });
    return wide.burst - outcome.remaining;
  }

  /** What was allowed is counted, and nothing is counted twice. */
  async holds(): Promise<number> {
    const counted = await this.counted();
    expect(counted).toBeGreaterThanOrEqual(this.allowed);
    expect(counted).toBeLessThanOrEqual(this.allowed + this.unknown);
    return counted;
  }
}

const timeout = new StoreFailure("timeout", "unknown");
const refused = new StoreFailure("unavailable", "no");

describe.each([
  ["ioredis", (url: string) => ioRedis(url)],
  ["node-redis", (url: string) => nodeRedis(url)],
])("%s over a network", (_, open) => {
  it("that is slow: calls end by their deadline, and what is late isn't asked twice", async () => {
    const proxy = await proxied();
    const { store } = await over(open(proxy.url), "100ms");
    const account = new Account(store);
    await account.recover();
    proxy.delay(400);
    const late = await Promise.all(Array.from({ length: 20 }, () => account.take()));
    expect(late).toEqual(Array.from({ length: 20 }, () => timeout));
    proxy.heal();
    // The answers that are still under way come first.
    await account.recover();
    expect(await account.holds()).toBe(account.asked);
  });

  it("that swallows answers: they are counted once, and the rest isn't sent", async () => {
    const proxy = await proxied();
    const { store, sent } = await over(open(proxy.url), "50ms");
    const account = new Account(store);
    await account.recover();
    proxy.drop("answers");
    const before = sent.calls;
    const outcomes: unknown[] = [];
    // Ten thousand calls, a hundred at a time.
    for (let n = 0; n < 100; n++)
      outcomes.push(...(await Promise.all(Array.from({ length: 100 }, () => account.take()))));
    expect(outcomes).toHaveLength(10_000);
    for (const outcome of outcomes) expect([timeout, refused]).toContainEqual(outcome);
    expect(outcomes.at(-1)).toEqual(refused);
    // For a second they are sent, two calls for each hundred; then one in a second.
    expect(sent.calls - before).toBeLessThanOrEqual(60);
    proxy.heal();
    await account.recover();
    await account.holds();
  });

  it("that swallows everything: the same, and nothing is counted", async () => {
    const proxy = await proxied();
    const { store } = await over(open(proxy.url), "50ms");
    const account = new Account(store);
    await account.recover();
    const before = await account.counted();
    proxy.drop();
    for (let n = 0; n < 5; n++) expect(await account.take()).toEqual(timeout);
    expect(account.unknown).toBe(5);
    proxy.heal();
    const failures = await account.recover();
    for (const { reason } of failures) expect(["timeout", "unavailable"]).toContain(reason);
    expect(await account.counted()).toBe(before + 1);
  });

  it("that resets connections: who waits hears of it at once, and nothing is asked twice", async () => {
    const proxy = await proxied();
    // Nobody waits as long as that.
    const { store } = await over(open(proxy.url), "1h");
    const account = new Account(store);
    await account.recover();
    proxy.resetOnAnswer();
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => account.take()));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: "unavailable", applied: "unknown" });
    proxy.heal();
    await account.recover();
    // The first call was answered before the connection went; the others may not have reached the server.
    expect(await account.holds()).toBeGreaterThanOrEqual(account.allowed + 64);
  });

  it("that closes halfway: the same", async () => {
    const proxy = await proxied();
    const { store } = await over(open(proxy.url), "1h");
    const account = new Account(store);
    await account.recover();
    proxy.delay(50);
    const under = Promise.all(Array.from({ length: 20 }, () => account.take()));
    await new Promise((resolve) => setImmediate(resolve));
    proxy.halfClose();
    for (const outcome of await under) expect(outcome).toMatchObject({ reason: "unavailable", applied: "unknown" });
    proxy.heal();
    await account.recover();
    await account.holds();
  });

  it("that refuses: ten thousand calls are answered at once, none is kept for later, and clients come back slowly", async () => {
    const proxy = await proxied();
    const { client, store, sent } = await over(open(proxy.url), "1h");
    const account = new Account(store);
    await account.recover();
    const counted = await account.counted();
    proxy.refuse();
    // Notices that the connection is gone.
    await account.take();
    const before = sent.calls;
    const until = performance.now() + 3_000;
    for (let n = 0; n < 10_000 || performance.now() < until; n += 100) {
      const outcomes = await Promise.all(Array.from({ length: 100 }, () => account.take()));
      for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: "unavailable" });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // Those that met a client just connecting.
    expect(sent.calls - before).toBeLessThanOrEqual(5);
    // One attempt each 50 ms: the store makes none of its own.
    expect(proxy.refused).toBeLessThanOrEqual(3_000 / 50 + 10);
    const queues = client as unknown as { offlineQueue?: { length: number }; commandQueue?: { length: number } };
    expect(queues.offlineQueue?.length ?? 0).toBe(0);
    proxy.heal();
    await account.recover();
    expect(await account.counted()).toBe(counted + 1);
  });

  it.each(["drop", "refuse"] as const)("that fails (%s): limits go by their policies", async (fault) => {
    const proxy = await proxied();
    const { store } = await over(open(proxy.url), "50ms");
    const limiter = (name: string, onStoreFailure: "open" | "closed" | "local") =>
      new Limiter(
        name,
        { algorithm: "gcra", limit: 4, per: "1d", deadline: "50ms", onStoreFailure, local: { fraction: 0.5 } },
        runtime({ store }),
      );
    const [opened, closed, local] = [limiter("o", "open"), limiter("c", "closed"), limiter("l", "local")];
    const check = async (one: Limiter) => {
      const { source, allowed } = await one.check("key");
      return `${source} ${allowed}`;
    };
    while ((await check(opened)) !== "store true") await new Promise((resolve) => setTimeout(resolve, 10));
    proxy[fault]();
    const many = async (one: Limiter) => [await check(one), await check(one), await check(one)];
    expect(await many(opened)).toEqual(["open true", "open true", "open true"]);
    expect(await many(closed)).toEqual(["closed false", "closed false", "closed false"]);
    expect(await many(local)).toEqual(["local true", "local true", "local false"]);
    proxy.heal();
    while (!(await check(closed)).startsWith("store")) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await check(local)).toMatch(/^store/);
  });
});
