import { describe, expect, it } from "vitest";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { FleetStore } from "../fleet-store.fixture.js";
import { Breaker } from "./breaker.js";

describe("a breaker of a fleet", () => {
  it("stays closed when an answer from before arrives", async () => {
    const clock = new ManualClock();
    const memory = memoryStore({ clock });
    const random = seeded(1);
    const make = () => {
      const store = new FleetStore(memory, clock);
      const rt = runtime({ clock, store, random });
      const heard: string[] = [];
      rt.events.on("breaker.transition", ({ from, to, reason }) => heard.push(`${from} → ${to}: ${reason}`));
      const breaker = new Breaker(
        "serper",
        {
          window: { calls: 4 },
          minimumCalls: 4,
          failureRate: 1,
          openFor: "10s",
          jitter: 0,
          halfOpen: { calls: 1 },
          shared: { quorum: 2 },
        },
        rt,
      );
      const call = (well: boolean) => {
        const permit = breaker.enter(clock.monotonic());
        if (permit !== 0) breaker.settle(permit, well ? "success" : "failure", clock.monotonic(), 1);
        return permit !== 0;
      };
      return { store, breaker, heard, call };
    };
    const [a, b] = [make(), make()];
    a.store.tripMs = 60;
    for (const one of [a, b]) for (let n = 0; n < 4; n++) one.call(false);
    for (let n = 0; n < 1400; n++) {
      a.call(true);
      await clock.advance(10);
    }
    expect(a.heard.length).toBe(3);
  });

  it("says that it opened once the store is back", async () => {
    const clock = new ManualClock();
    const memory = memoryStore({ clock });
    const make = () => {
      const store = new FleetStore(memory, clock);
      const rt = runtime({ clock, store });
      const breaker = new Breaker(
        "serper",
        { window: { calls: 4 }, minimumCalls: 4, failureRate: 1, openFor: "10s", jitter: 0, shared: { quorum: 1 } },
        rt,
      );
      const call = (well: boolean) => {
        const permit = breaker.enter(clock.monotonic());
        if (permit !== 0) breaker.settle(permit, well ? "success" : "failure", clock.monotonic(), 1);
        return permit !== 0;
      };
      return { store, breaker, call };
    };
    const [a, b] = [make(), make()];
    a.store.line = "refused";
    for (let n = 0; n < 4; n++) a.call(false);
    await clock.advance(10);
    a.store.line = "fine";
    for (let n = 0; n < 500; n++) {
      a.call(true);
      b.call(true);
      await clock.advance(10);
    }
    expect(b.breaker.state).toBe("open");
  });
});
