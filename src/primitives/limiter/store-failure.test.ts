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

  it("blocks nobody for what the store allowed, though it is more than this process could give", async () => {
    const { store, take, clock } = setup({ blockFor: "1h" });
    store.takesMs = 5;
    for (let i = 0; i < 10; i++) expect(await take("ann")).toMatchObject({ source: "store", allowed: true });
    await clock.advance(60_000);
    store.trouble = DOWN;
    expect(await take("ann")).toMatchObject({ source: "local", allowed: true });
  });

  it("goes on with the block of whom the store refused", async () => {
    const { store, take, clock } = setup({ blockFor: "1h" });
    store.takesMs = 5;
    await take("ann", 10);
    expect(await take("ann")).toMatchObject({ source: "store", allowed: false, retryAfterMs: 3_600_000 });
    await clock.advance(1_800_000);
    store.trouble = DOWN;
    const { retryAfterMs, ...decision } = await take("ann");
    expect(decision).toMatchObject({ source: "local", allowed: false });
    expect(retryAfterMs).toBeGreaterThan(1_799_000);
    expect(retryAfterMs).toBeLessThanOrEqual(1_800_000);
    await clock.advance(1_800_000);
    expect(await take("ann")).toMatchObject({ source: "local", allowed: true });
  });

  it("gives nothing back here for units that were taken before this process began to count", async () => {
    const { store, take, limiter, answered } = setup({ algorithm: "gcra" });
    store.takesMs = 5;
    const { at } = await take("ann", 5);
    await answered(limiter.refund("ann", 5, at - 3_000));
    store.trouble = DOWN;
    expect(await take("ann")).toMatchObject({ source: "local", allowed: false });
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
