import { describe, expect, it } from "vitest";
import { Limiter } from "./limiter.js";
import type { LimiterOptions } from "./options.js";
import { troubled } from "./troubled-store.fixture.js";

function setup(options: Partial<LimiterOptions<never>> = {}) {
  const parts = troubled();
  const limiter = new Limiter("chat", { algorithm: "fixed-window", limit: 10, per: "1m", ...options }, parts.rt);
  return { ...parts, limiter, take: (key: string, cost?: number) => parts.answered(limiter.take(key, cost)) };
}

describe("a store that throws", () => {
  it("has failed, whatever was asked of it", async () => {
    const { limiter, store, failures } = setup();
    store.trouble = "throws";
    expect(limiter.take("ann")).toMatchObject({ source: "local", reason: "unavailable" });
    expect(failures[0]).toMatchObject({ applied: "unknown", error: new Error("broken") });
    expect(await limiter.refund("ann", 1, 0)).toBe(false);
    await expect(limiter.reset("ann")).rejects.toMatchObject({ code: "unavailable" });
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
