import { describe, expect, it } from "vitest";
import { StoreFailure } from "../../core/store.js";
import { setup } from "./take-all.fixture.js";
import { takeAll } from "./take-all.js";

const DOWN = new StoreFailure("unavailable", "no");

describe("several limits whose store fails", () => {
  it("each follow their policy, all or nothing", async () => {
    const { perMinute, perHour, make, store } = setup();
    store.trouble = DOWN;
    const closed = make("closed", 1, "1m", { onStoreFailure: "closed" });
    const open = make("open", 1, "1m", { onStoreFailure: "open" });
    const local = [
      { limiter: perMinute, key: "ann", cost: 2 },
      { limiter: perHour, key: "ann" },
    ];
    expect(takeAll([...local, { limiter: open, key: "ann" }, { limiter: closed, key: "ann" }])).toMatchObject({
      allowed: false,
      atomicity: "compensated",
      retryAfterMs: 1_000,
      decisions: [
        { source: "local", allowed: true, remaining: 2 },
        { source: "local", allowed: true, remaining: 3 },
        { source: "open", allowed: true, remaining: 0 },
        { source: "closed", allowed: false },
      ],
    });
    expect(takeAll([...local, { limiter: open, key: "ann" }])).toMatchObject({
      allowed: true,
      atomicity: "compensated",
    });
    expect(await perMinute.peek("ann")).toMatchObject({ source: "local", remaining: 0 });
  });

  it("follows its policies where the store throws", () => {
    const { both, store } = setup();
    store.trouble = "throws";
    expect(takeAll(both())).toMatchObject({ allowed: true, decisions: [{ source: "local" }, { source: "local" }] });
  });

  it("goes on with the block of the one that the store refused, and with none of the others'", async () => {
    const { store, answered, both, perMinute, perHour } = setup({ blockFor: "10m" });
    store.takesMs = 5;
    await answered(perMinute.check("ann", { cost: 4 }));
    expect(await answered(takeAll(both()))).toMatchObject({ allowed: false, atomicity: "atomic" });
    store.trouble = DOWN;
    store.takesMs = undefined;
    expect(await perMinute.peek("ann")).toMatchObject({ source: "local", allowed: false, retryAfterMs: 600_000 });
    expect(await perHour.peek("ann")).toMatchObject({ source: "local", allowed: true, remaining: 3 });
  });
});
