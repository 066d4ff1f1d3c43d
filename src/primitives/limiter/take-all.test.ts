import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { StoreFailure } from "../../core/store.js";
import { Limiter } from "./limiter.js";
import type { LimiterOptions } from "./options.js";
import { setup } from "./take-all.fixture.js";
import { type LimiterTake, takeAll } from "./take-all.js";
import { troubled } from "./troubled-store.fixture.js";

const DOWN = new StoreFailure("unavailable", "no");

describe("limits that lie together", () => {
  it("are taken in one step, at once", async () => {
    const { both, left, store } = setup();
    expect(takeAll(both(3))).toMatchObject({
      allowed: true,
      retryAfterMs: 0,
      atomicity: "atomic",
      decisions: [
        { allowed: true, remaining: 1 },
        { allowed: true, remaining: 3 },
      ],
    });
    expect(store.calls).toEqual([{ deadlineMs: 250 }]);
    expect(await left()).toEqual([1, 3]);
  });

  it("give nothing when one refuses, and name the longest wait", async () => {
    const { both, left, clock, perHour, perMinute, listen } = setup();
    takeAll(both(3));
    clock.tick(10_000);
    const told = listen();
    expect(takeAll(both(2))).toMatchObject({
      allowed: false,
      retryAfterMs: 50_000,
      decisions: [
        { allowed: false, remaining: 1 },
        { allowed: true, remaining: 3 },
      ],
    });
    expect(takeAll(both(4))).toMatchObject({ allowed: false, retryAfterMs: 3_590_000 });
    expect(await left()).toEqual([1, 3]);
    // Who allowed what another refused has neither allowed nor denied.
    expect([perMinute.snapshot(), perHour.snapshot()]).toMatchObject([
      { allowed: 1, denied: 2 },
      { allowed: 1, denied: 1 },
    ]);
    expect(told.map(({ name }) => name)).toEqual(["minute", "minute", "hour"]);
  });

  it("keep the block of the one that refuses", async () => {
    const { make, perHour } = setup();
    const strict = make("strict", 1, "1s", { blockFor: "1h" });
    const takes = [
      { limiter: perHour, key: "ann" },
      { limiter: strict, key: "ann" },
    ];
    takeAll(takes);
    expect(takeAll(takes)).toMatchObject({ allowed: false, retryAfterMs: 3_600_000 });
    expect([(await perHour.peek("ann")).remaining, await strict.peek("ann")]).toMatchObject([5, { allowed: false }]);
  });

  it("take the same key of the same limiter once, at the sum", async () => {
    const { perMinute, perHour } = setup();
    const takes = [
      { limiter: perMinute, key: "ann" },
      { limiter: perHour, key: "ann" },
      { limiter: perMinute, key: "ann", cost: 2 },
      { limiter: perMinute, key: "bob" },
    ];
    expect(takeAll(takes)).toMatchObject({
      allowed: true,
      decisions: [{ remaining: 1 }, { remaining: 5 }, { remaining: 1 }, { remaining: 3 }],
    });
    expect(takeAll(takes)).toMatchObject({
      allowed: false,
      decisions: [{ allowed: false }, {}, { allowed: false }, {}],
    });
  });

  it("may answer later, and are waited for until the shortest deadline", async () => {
    const { both, make, store, answered, clock } = setup();
    store.takesMs = 20;
    expect(await answered(takeAll(both()))).toMatchObject({ allowed: true, atomicity: "atomic" });
    const hasty = { limiter: make("hasty", 10, "1m", { deadline: 10 }), key: "ann" };
    const pending = takeAll([...both(), hasty]);
    await clock.advance(10);
    expect(await pending).toMatchObject({
      allowed: true,
      atomicity: "compensated",
      decisions: [{ reason: "timeout" }, {}, {}],
    });
  });

  it("are warm in this process when their store fails", async () => {
    const { both, store, answered } = setup();
    store.takesMs = 5;
    await answered(takeAll(both(2)));
    store.trouble = DOWN;
    expect(await answered(takeAll(both()))).toMatchObject({
      allowed: false,
      decisions: [{ source: "local", allowed: false }, {}],
    });
  });
});

describe("limits that lie apart", () => {
  const apart = (options: Partial<LimiterOptions<never>> = {}) => {
    const parts = setup(options);
    parts.store.near = false;
    return parts;
  };

  it("are taken in turn", async () => {
    const { both, left } = apart();
    expect(await takeAll(both(3))).toMatchObject({
      allowed: true,
      atomicity: "compensated",
      decisions: [{ remaining: 1 }, { remaining: 3 }],
    });
    expect(await left()).toEqual([1, 3]);
  });

  it("hand back what the first ones gave when a later one refuses", async () => {
    const { both, left, perMinute, clock } = apart();
    await takeAll(both(4));
    clock.tick(60_000);
    expect(await takeAll(both(3))).toMatchObject({
      allowed: false,
      retryAfterMs: 3_540_000,
      decisions: [
        { allowed: true, remaining: 4 },
        { allowed: false, remaining: 2 },
      ],
    });
    expect(await left()).toEqual([4, 2]);
    expect(perMinute.snapshot()).toMatchObject({ allowed: 1, denied: 0 });
  });

  it("ask those after the first refusal how they stand, for the longest wait", async () => {
    const { both, left } = apart();
    await takeAll(both(4));
    expect(await takeAll(both(3))).toMatchObject({ allowed: false, retryAfterMs: 3_600_000 });
    expect(await takeAll(both(1))).toMatchObject({
      retryAfterMs: 60_000,
      decisions: [{ remaining: 0 }, { allowed: true, remaining: 2 }],
    });
    expect(await left()).toEqual([0, 2]);
  });

  it("may be in different stores", async () => {
    const { perMinute, clock } = setup();
    const elsewhere = troubled();
    const other = new Limiter("other", { algorithm: "gcra", limit: 1, per: "1h" }, { ...elsewhere.rt, clock });
    const takes = [
      { limiter: perMinute, key: "ann" },
      { limiter: other, key: "ann" },
    ];
    expect(await takeAll(takes)).toMatchObject({ allowed: true, atomicity: "compensated" });
    expect(await takeAll(takes)).toMatchObject({ allowed: false });
    expect((await perMinute.peek("ann")).remaining).toBe(3);
  });

  it("take back here what was counted here, while one of the stores fails", async () => {
    const { perMinute, store, clock } = setup();
    const elsewhere = troubled();
    const other = new Limiter("other", { algorithm: "gcra", limit: 1, per: "1h" }, { ...elsewhere.rt, clock });
    const takes = [
      { limiter: perMinute, key: "ann", cost: 2 },
      { limiter: other, key: "ann" },
    ];
    await other.check("ann");
    store.trouble = DOWN;
    expect(await takeAll(takes)).toMatchObject({
      allowed: false,
      decisions: [{ source: "local" }, { source: "store" }],
    });
    expect(await perMinute.peek("ann")).toMatchObject({ source: "local", remaining: 2 });
  });
});

describe("takeAll", () => {
  it("of nothing is allowed", () => {
    expect(takeAll([])).toEqual({ allowed: true, retryAfterMs: 0, atomicity: "atomic", decisions: [] });
  });

  it("takes nothing where one cost could never be met, alone or in sum", async () => {
    const { both, left, perMinute, perHour, store } = setup();
    for (const near of [true, false]) {
      store.near = near;
      expect(() => takeAll(both(5))).toThrow(ConfigError);
      expect(() =>
        takeAll([
          { limiter: perHour, key: "ann" },
          ...both(3).slice(0, 1),
          { limiter: perMinute, key: "ann", cost: 2 },
        ]),
      ).toThrow('limiter("minute"): cost: got 5');
    }
    expect(await left()).toEqual([4, 6]);
  });

  it("takes nothing where one key or cost is none", async () => {
    const { both, left, perMinute, perHour, store } = setup();
    const [ann] = both() as [LimiterTake];
    for (const near of [true, false]) {
      store.near = near;
      expect(() => takeAll([ann, { limiter: perHour, key: "" }])).toThrow('limiter("hour"): key');
      for (const cost of [-1, 0.5, "1" as never]) {
        expect(() => takeAll([ann, { limiter: perMinute, key: "ann", cost }])).toThrow('limiter("minute"): cost');
        expect(() => takeAll([{ limiter: perMinute, key: "ann", cost }, ann, ann])).toThrow('limiter("minute"): cost');
      }
    }
    expect(await left()).toEqual([4, 6]);
  });
});
