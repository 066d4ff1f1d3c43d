import { describe, expect, it } from "vitest";
import type { EventMap } from "../../core/events.js";
import { setUp } from "./breaker.fixture.js";
import type { BreakerOptions } from "./options.js";

describe("a half-open breaker", () => {
  function halfOpen(options: BreakerOptions = {}) {
    const given = setUp(options);
    given.calls(20, "failure");
    given.clock.tick(5_000);
    return given;
  }

  it("admits so many calls, those in flight included, and rejects the rest at once", () => {
    const { breaker, clock, enter, settle } = halfOpen({ halfOpen: { calls: 3 }, failureRate: 1 });
    const first = enter();
    expect([enter(), enter(), enter()]).toEqual([first, first, 0]);
    settle(first, "failure");
    expect(enter()).toBe(0);
    expect(breaker.rejection(clock.monotonic()).retryAfterMs).toBe(5_000);
  });

  it("closes as soon as the calls to come could not open it", () => {
    const { breaker, enter, settle } = halfOpen();
    const permit = enter();
    enter();
    enter();
    settle(permit, "success");
    expect(breaker.state).toBe("half-open");
    settle(permit, "success");
    expect(breaker.state).toBe("closed");
    expect(breaker.snapshot()).toMatchObject({ calls: 0 });
  });

  it("opens as soon as the calls to come could not close it", () => {
    const { breaker, enter, settle } = halfOpen();
    const permit = enter();
    enter();
    settle(permit, "failure");
    expect(breaker.state).toBe("half-open");
    settle(permit, "failure");
    expect(breaker.state).toBe("open");
  });

  it("opens again when too many of its calls are slow", () => {
    const { transitions, enter, settle } = halfOpen({
      slowCall: { over: 100, rate: 1 },
      halfOpen: { calls: 2 },
    });
    settle(enter(), "success", 101);
    settle(enter(), "success", 101);
    expect(transitions.at(-1)).toBe("half-open → open: slow-call-rate");
  });

  it.each(["ignored", "cancelled", "rejected"] as const)("gets the permit of a call that was %s back", (outcome) => {
    const { breaker, enter, settle } = halfOpen({ halfOpen: { calls: 1 } });
    const permit = enter();
    expect(enter()).toBe(0);
    settle(permit, outcome);
    expect(breaker.state).toBe("half-open");
    expect(enter()).toBe(permit);
  });

  it("opens when its probes hang, and what they say later changes nothing", () => {
    const { breaker, clock, transitions, enter, settle } = halfOpen();
    const permit = enter();
    enter();
    enter();
    clock.tick(29_999);
    expect(enter()).toBe(0);
    expect(breaker.state).toBe("half-open");
    clock.tick(1);
    expect(enter()).toBe(0);
    expect(transitions.at(-1)).toBe("half-open → open: hung");
    expect(breaker.snapshot().retryAfterMs).toBe(10_000);
    settle(permit, "success");
    settle(permit, "success");
    expect(breaker.state).toBe("open");
    expect(breaker.snapshot().stale).toBe(2);
  });

  it("waits for a young probe, though the state is old", () => {
    const { breaker, clock, enter, settle } = halfOpen({ halfOpen: { calls: 2 }, failureRate: 1 });
    settle(enter(), "failure");
    clock.tick(40_000);
    enter();
    clock.tick(1);
    expect(enter()).toBe(0);
    expect(breaker.state).toBe("half-open");
  });

  it("lets a probe hang as long as the first open time where that is longer", () => {
    const given = setUp({ openFor: "50s", halfOpen: { calls: 1 } });
    given.calls(20, "failure");
    given.clock.tick(50_000);
    given.enter();
    given.clock.tick(49_999);
    given.enter();
    expect(given.breaker.state).toBe("half-open");
  });
});

describe("generations", () => {
  it("keep a call that outlives its state from changing the next one, and tell of it", () => {
    const { breaker, clock, events, enter, settle, calls } = setUp({ halfOpen: { calls: 1 } });
    const stale: EventMap["breaker.stale"][] = [];
    events.on("breaker.stale", (event) => stale.push(event));
    const late = enter();
    calls(20, "failure");
    clock.tick(5_000);
    const probe = enter();
    settle(late, "success");
    expect(breaker.state).toBe("half-open");
    settle(probe, "success");
    settle(late, "failure");
    expect(breaker.snapshot()).toMatchObject({ state: "closed", calls: 0, stale: 2 });
    expect(stale).toEqual([
      { name: "serper", generation: late, outcome: "success" },
      { name: "serper", generation: late, outcome: "failure" },
    ]);
  });
});
