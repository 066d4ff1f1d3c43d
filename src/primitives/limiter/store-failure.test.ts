import { describe, expect, it } from "vitest";
import { StoreFailure, type StoreFailureCause } from "../../core/store.js";
import { Limiter } from "./limiter.js";
import type { LimiterOptions } from "./options.js";
import { troubled } from "./troubled-store.fixture.js";

const DOWN = new StoreFailure("unavailable", "no", "connection refused");

function setup(options: Partial<LimiterOptions<never>> = {}) {
  const parts = troubled();
  const limiter = new Limiter("chat", { algorithm: "fixed-window", limit: 10, per: "1m", ...options }, parts.rt);
  return { ...parts, limiter, take: (key: string, cost?: number) => parts.answered(limiter.take(key, cost)) };
}

const CAUSES: StoreFailureCause[] = ["timeout", "unavailable", "contention", "capacity", "version"];

describe.each(CAUSES)("a store that fails for %s", (reason) => {
  const failing = (options: Partial<LimiterOptions<never>>) => {
    const parts = setup(options);
    parts.store.trouble = new StoreFailure(reason, "unknown");
    return parts;
  };

  it("lets everything through where the policy is open", async () => {
    for (const onStoreFailure of ["open", { [reason]: "open" }] as const) {
      const { limiter, failures } = failing({ onStoreFailure });
      for (let i = 0; i < 20; i++) {
        expect(limiter.take("ann")).toEqual({
          ...{ allowed: true, limit: 10, remaining: 0, retryAfterMs: 0, resetMs: 0, at: 0 },
          ...{ source: "open", degraded: true, reason },
        });
      }
      expect(limiter.snapshot()).toMatchObject({ allowed: 20, denied: 0, degraded: { open: 20, closed: 0, local: 0 } });
      expect(failures).toHaveLength(20);
      expect(failures[0]).toMatchObject({ name: "limiter:chat", reason, applied: "unknown", policy: "open" });
    }
  });

  it("lets nothing through where it is closed, and says that it is not the caller's fault", async () => {
    const { limiter } = failing({ onStoreFailure: "closed" });
    expect(limiter.take("ann")).toMatchObject({ allowed: false, source: "closed", degraded: true, reason });
    await expect(limiter.enforce("ann")).rejects.toMatchObject({
      code: "unavailable",
      status: 503,
      retryAfterMs: 1_000,
      source: "limiter:chat",
    });
    expect(limiter.snapshot()).toMatchObject({ allowed: 0, denied: 2, degraded: { open: 0, closed: 2, local: 0 } });
  });

  it("is stood in for by this process where nothing is said, with half of the limit", async () => {
    const { limiter, clock } = failing({ onStoreFailure: {} });
    expect(limiter.take("ann", 5)).toMatchObject({
      ...{ allowed: true, limit: 5, remaining: 0 },
      ...{ source: "local", degraded: true, reason },
    });
    expect(limiter.take("ann")).toMatchObject({ allowed: false, source: "local", retryAfterMs: 60_000 });
    expect(limiter.take("bob")).toMatchObject({ allowed: true, source: "local" });
    await expect(limiter.enforce("ann")).rejects.toMatchObject({ code: "rate_limit", status: 429 });
    clock.tick(60_000);
    expect(limiter.take("ann")).toMatchObject({ allowed: true, remaining: 4 });
    expect(limiter.snapshot()).toMatchObject({ allowed: 3, denied: 2, degraded: { open: 0, closed: 0, local: 5 } });
  });
});

describe("counting in this process", () => {
  it("gives the part that was asked for, rounded up", () => {
    const { limiter, store } = setup({ limit: 7, local: { fraction: 0.3 } });
    store.trouble = DOWN;
    expect(limiter.take("ann")).toMatchObject({ limit: 3, remaining: 2 });
  });

  it("takes all of the part for what costs more than it", () => {
    const { limiter, store } = setup();
    store.trouble = DOWN;
    expect(limiter.take("ann", 10)).toMatchObject({ allowed: true, remaining: 0 });
    expect(limiter.take("ann", 10)).toMatchObject({ allowed: false });
  });

  it("is warm when a distant store fails: what it gave counts", async () => {
    const { store, take, limiter } = setup();
    store.takesMs = 5;
    expect(await take("ann", 4)).toMatchObject({ source: "store", remaining: 6 });
    store.trouble = DOWN;
    expect(await take("ann")).toMatchObject({ source: "local", allowed: true, remaining: 0 });
    expect(await take("ann")).toMatchObject({ source: "local", allowed: false });
    store.trouble = "none";
    expect(await take("ann")).toMatchObject({ source: "store", allowed: true, remaining: 5 });
    expect(limiter.snapshot().degraded).toEqual({ open: 0, closed: 0, local: 2 });
  });

  it("knows of what was handed back, blocked and reset while the store was there", async () => {
    const { store, take, limiter, answered, clock } = setup();
    store.takesMs = 5;
    const { at } = await take("ann", 5);
    await take("bob", 5);
    await answered(limiter.refund("ann", 3, at));
    await answered(limiter.reset("bob"));
    await answered(limiter.block("eve", "10s"));
    store.trouble = DOWN;
    expect(await take("ann", 3)).toMatchObject({ source: "local", allowed: true, remaining: 0 });
    expect(await take("bob", 5)).toMatchObject({ source: "local", allowed: true });
    expect(await take("eve")).toMatchObject({ source: "local", allowed: false });
    await clock.advance(10_000);
    expect(await take("eve")).toMatchObject({ source: "local", allowed: true });
  });

  it("counts nothing twice for a store that decides at once", () => {
    const { store, limiter } = setup();
    limiter.take("ann", 10);
    store.trouble = DOWN;
    expect(limiter.take("ann", 5)).toMatchObject({ source: "local", allowed: true });
  });

  it("refuses new keys when it is full rather than forget one, as nobody can count them", async () => {
    const { limiter, store, clock } = setup({ local: { maxKeys: 100 } });
    store.trouble = DOWN;
    limiter.take("ann", 5);
    for (let i = 1; i < 100; i++) expect(limiter.take(`${i}`)).toMatchObject({ source: "local", allowed: true });
    for (let i = 0; i < 1_000; i++) {
      expect(limiter.take(`attacker:${i}`)).toMatchObject({ source: "closed", allowed: false, reason: "unavailable" });
    }
    expect(limiter.take("ann")).toMatchObject({ source: "local", allowed: false });
    expect(limiter.take("1")).toMatchObject({ source: "local", allowed: true });
    await expect(limiter.enforce("newcomer")).rejects.toMatchObject({ code: "unavailable" });
    clock.tick(60_000);
    for (let i = 0; i < 100; i++) expect(limiter.take(`late:${i}`)).toMatchObject({ source: "local", allowed: true });
    expect(limiter.take("one more")).toMatchObject({ source: "closed" });
  });

  it("peeks and takes back what it gave itself, and leaves the store's alone", async () => {
    const { limiter, store, failures } = setup();
    limiter.take("ann", 4);
    store.trouble = DOWN;
    const decision = limiter.take("ann", 5);
    if (decision instanceof Promise) throw new Error("at once, it said");
    expect(await limiter.peek("ann")).toMatchObject({ source: "local", allowed: false });
    const told = failures.length;
    expect(await limiter.refund("ann", 5, decision.at)).toBe(true);
    expect([failures.length, await limiter.peek("ann", 5)]).toMatchObject([told, { source: "local", allowed: true }]);
    store.trouble = "none";
    expect(await limiter.peek("ann")).toMatchObject({ source: "store", remaining: 6 });
  });
});

describe("managing while the store fails", () => {
  it("says that it could not, but for a refund, which only says so", async () => {
    const { limiter, store, failures } = setup();
    store.trouble = DOWN;
    const error = { code: "unavailable", cause: "connection refused", source: "limiter:chat" };
    await expect(limiter.reset("ann")).rejects.toMatchObject(error);
    await expect(limiter.block("ann", "1m")).rejects.toMatchObject(error);
    expect(await limiter.refund("ann")).toBe(false);
    expect(failures).toHaveLength(3);
    // As far as this process goes, the block holds.
    expect(limiter.take("ann")).toMatchObject({ source: "local", allowed: false });
  });
});

describe("a store that answers later", () => {
  it("has until the deadline, and is told so", async () => {
    const { limiter, store, clock, answered } = setup({ deadline: "100ms" });
    store.takesMs = 100;
    expect(await answered(limiter.take("ann"), 99 + 1)).toMatchObject({ source: "store", remaining: 9 });
    store.takesMs = 101;
    const pending = limiter.take("ann");
    expect(await answered(pending, 100)).toMatchObject({ source: "local", reason: "timeout", degraded: true });
    await clock.advance(1_000);
    expect(store.calls).toEqual([{ deadlineMs: 100 }, { deadlineMs: 100 }]);
    expect(limiter.snapshot()).toMatchObject({ allowed: 2, degraded: { local: 1 } });
    expect(clock.pending("held")).toBe(0);
  });

  it("may have written what came too late", async () => {
    const { limiter, store, clock, failures } = setup({ onStoreFailure: "closed" });
    store.takesMs = 300;
    const pending = limiter.take("ann", 4);
    await clock.advance(250);
    expect(await pending).toMatchObject({ source: "closed", reason: "timeout" });
    expect(failures).toMatchObject([{ reason: "timeout", applied: "unknown" }]);
    await clock.advance(50);
    store.takesMs = undefined;
    expect(limiter.take("ann")).toMatchObject({ remaining: 5 });
  });

  it("is never waited for without end, whatever is asked", async () => {
    const { limiter, store, clock } = setup({ onStoreFailure: "closed" });
    store.takesMs = 3_600_000;
    const asked = [limiter.peek("a"), limiter.check("a"), limiter.refund("a")];
    const managed = Promise.allSettled([limiter.reset("a"), limiter.block("a", "1s"), limiter.enforce("a")]);
    await clock.advance(250);
    expect(await Promise.all(asked)).toMatchObject([{ reason: "timeout" }, { reason: "timeout" }, false]);
    expect((await managed).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  });

  it("that rejects has failed", async () => {
    const { limiter, store, take, failures } = setup({ onStoreFailure: "open" });
    store.trouble = "rejects";
    expect(await take("ann")).toMatchObject({ source: "open", reason: "unavailable" });
    expect(failures).toMatchObject([{ applied: "unknown", error: new Error("broken") }]);
    expect(limiter.snapshot().degraded.open).toBe(1);
  });

  it("costs one alarm, however many wait, and none for answers at once", async () => {
    const { limiter, store, clock } = setup({ limit: 1_000 });
    for (let i = 0; i < 10; i++) limiter.take("ann");
    expect(clock.pending("held")).toBe(0);
    store.takesMs = 10;
    const pending = Array.from({ length: 50 }, (_, i) => limiter.take(`${i}`));
    // One of the limiter, and those of the store itself.
    expect(clock.pending("held")).toBe(51);
    await clock.advance(10);
    expect((await Promise.all(pending)).every(({ allowed }) => allowed)).toBe(true);
  });

  it("is heard of in the order of its answers", async () => {
    const { limiter, listen, answered, store } = setup({ limit: 1 });
    const told = listen();
    store.takesMs = 1;
    await answered(Promise.all([limiter.take("ann"), limiter.take("ann")]));
    expect(told.map(({ allowed }) => allowed)).toEqual([true, false]);
  });
});
