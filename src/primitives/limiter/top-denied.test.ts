import { describe, expect, it } from "vitest";
import { StoreFailure } from "../../core/store.js";
import { ENGINE, type Limiter } from "./limiter.js";
import { setup } from "./take-all.fixture.js";
import { takeAll } from "./take-all.js";

const told = (limiter: Limiter) => limiter[ENGINE].topDenied(10).map(({ key, count }) => `${key} ${count}`);

describe("the keys that a limiter denies most", () => {
  it("are those of denials alone, the most denied first", async () => {
    const { perMinute } = setup();
    await perMinute.check("bob", { cost: 4 });
    await perMinute.check("ann", { cost: 4 });
    expect(told(perMinute)).toEqual([]);
    await perMinute.check("bob");
    for (let time = 0; time < 3; time++) await perMinute.check("ann");
    await perMinute.peek("bob");
    await perMinute.check("eve");
    expect(told(perMinute)).toEqual(["ann 3", "bob 1"]);
  });

  it("are still told while they are blocked, and forgotten within ten minutes", async () => {
    const { perMinute, clock } = setup();
    await perMinute.block("ann", "1h");
    await perMinute.check("ann");
    await clock.advance(299_999);
    expect(told(perMinute)).toEqual(["ann 1"]);
    await perMinute.check("ann");
    await clock.advance(300_001);
    expect(told(perMinute)).toEqual([]);
  });

  it("are counted by the limiter that refused, where several are asked", async () => {
    const { perMinute, perHour, both } = setup();
    await perMinute.check("ann", { cost: 4 });
    expect((await takeAll(both())).allowed).toBe(false);
    expect([told(perMinute), told(perHour)]).toEqual([["ann 1"], []]);
  });

  it("are not blamed for a store that fails, unless this process refuses them itself", async () => {
    const { make, store } = setup();
    const closed = make("closed", 4, "1m", { onStoreFailure: "closed" });
    const local = make("local", 4, "1m", { onStoreFailure: "local" });
    store.trouble = new StoreFailure("unavailable", "no");
    for (let time = 0; time < 3; time++) await Promise.all([closed.check("ann"), local.check("ann")]);
    expect([closed.snapshot().denied, local.snapshot().denied]).toEqual([3, 1]);
    expect([told(closed), told(local)]).toEqual([[], ["ann 1"]]);
  });
});
