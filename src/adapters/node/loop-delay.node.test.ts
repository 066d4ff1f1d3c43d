import { describe, expect, it } from "vitest";
import { LoopClock } from "../../primitives/overload/simulated-server.fixture.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { eventLoopDelay } from "./loop-delay.js";

describe("eventLoopDelay", () => {
  it("says how late the loop is in the middle of the turn that is late", () => {
    const clock = new LoopClock();
    const heard: number[] = [];
    const loop = eventLoopDelay()(clock, (_, lateMs) => void heard.push(lateMs));
    const at = () => loop.lateMs(clock.monotonic());
    expect(at()).toBe(0);
    clock.burn(10);
    expect(at()).toBe(0);
    clock.burn(25);
    expect(at()).toBe(25);
    expect(heard).toEqual([]);
    clock.turn();
    expect(heard).toEqual([25]);
    expect(at()).toBe(0);
  });

  it("keeps no timer while nobody asks, once the loop is in time again, and none that holds the process", async () => {
    const clock = new ManualClock();
    const heard: number[] = [];
    const loop = eventLoopDelay({ every: "5ms" })(clock, (_, lateMs) => void heard.push(lateMs));
    expect(clock.pending()).toBe(0);
    loop.lateMs(clock.monotonic());
    expect([clock.pending("background"), clock.pending("held")]).toEqual([1, 0]);
    await clock.advance(100);
    expect([clock.pending(), heard]).toEqual([0, [0, 0]]);
    loop.lateMs(clock.monotonic());
    loop.stop();
    expect(clock.pending()).toBe(0);
  });

  it("names an option that is wrong", () => {
    expect(() => eventLoopDelay({ every: 0 })).toThrow("eventLoopDelay.every");
    expect(() => eventLoopDelay({ often: 1 } as never)).toThrow("eventLoopDelay.often");
  });
});
