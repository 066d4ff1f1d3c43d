import { describe, expect, it } from "vitest";
import { isKeelsonError } from "../../core/errors.js";
import type { EventMap } from "../../core/events.js";
import { setUp } from "./breaker.fixture.js";

describe("a closed breaker", () => {
  it("stays closed below the minimum of calls, however many fail", () => {
    const { breaker, calls } = setUp();
    calls(19, "failure");
    expect(breaker.state).toBe("closed");
  });

  it("opens when the failure rate is reached at the minimum of calls", () => {
    const { transitions, calls } = setUp();
    calls(10, "success");
    calls(10, "failure");
    expect(transitions).toEqual(["closed → open: failure-rate"]);
  });

  it("stays closed below the failure rate", () => {
    const { breaker, calls } = setUp();
    calls(11, "success");
    calls(9, "failure");
    expect(breaker.state).toBe("closed");
  });

  it("opens on the success that brings the calls to the minimum, if the rate is reached", () => {
    const { breaker, calls } = setUp();
    calls(19, "failure");
    calls(1, "success");
    expect(breaker.state).toBe("open");
  });

  it("forgets failures that are older than the window", () => {
    const { clock, breaker, calls } = setUp();
    calls(19, "failure");
    clock.tick(30_000);
    calls(19, "failure");
    expect(breaker.state).toBe("closed");
    expect(breaker.snapshot()).toMatchObject({ calls: 19, failures: 19 });
  });

  it("opens when too many calls are slow, though they succeed", () => {
    const { transitions, calls } = setUp({ slowCall: { over: "2s", rate: 0.5 } });
    calls(10, "success", 2_000);
    calls(10, "success", 2_001);
    expect(transitions).toEqual(["closed → open: slow-call-rate"]);
  });

  it("counts what is ignored, cancelled or rejected neither way", () => {
    const { breaker, calls } = setUp();
    calls(50, "ignored");
    calls(50, "cancelled");
    calls(50, "rejected");
    expect(breaker.snapshot()).toMatchObject({ state: "closed", calls: 0, failures: 0 });
  });

  it("judges the last calls only with a count window", () => {
    const { breaker, clock, calls } = setUp({ window: { calls: 10 } });
    calls(4, "failure");
    clock.tick(3_600_000);
    calls(5, "success");
    expect(breaker.state).toBe("closed");
    calls(1, "failure");
    expect(breaker.state).toBe("open");
  });

  it("tells an ignored call with its error", () => {
    const { breaker, events, clock, enter } = setUp();
    const heard: unknown[] = [];
    events.on("breaker.ignored", ({ error }) => heard.push(error));
    breaker.settle(enter(), "ignored", clock.monotonic(), 1, undefined, "bad input");
    expect(heard).toEqual(["bad input"]);
  });
});

describe("an open breaker", () => {
  it("rejects, and says when to come again", () => {
    const { breaker, clock, events, enter, calls } = setUp();
    const heard: EventMap["breaker.rejected"][] = [];
    events.on("breaker.rejected", (event) => heard.push(event));
    calls(20, "failure");
    clock.tick(2_000);
    expect(enter()).toBe(0);
    const error = breaker.rejection(clock.monotonic());
    expect(isKeelsonError(error, "upstream_circuit_open")).toBe(true);
    expect(error).toMatchObject({ status: 503, retryAfterMs: 3_000, source: "breaker:serper" });
    expect(heard).toEqual([{ name: "serper", state: "open", retryAfterMs: 3_000 }]);
  });

  it("reads as open until a call tries it, then is half-open", () => {
    const { breaker, clock, enter, calls } = setUp();
    calls(20, "failure");
    clock.tick(3_600_000);
    expect(breaker.state).toBe("open");
    expect(breaker.snapshot()).toMatchObject({ state: "open", retryAfterMs: 0 });
    expect(enter()).toBeGreaterThan(0);
    expect(breaker.state).toBe("half-open");
  });

  it("stays open twice as long after each failed trial, up to the maximum, and begins anew once it has closed", () => {
    const { breaker, clock, enter, settle, calls } = setUp({ halfOpen: { calls: 1 } });
    calls(20, "failure");
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      waits.push(breaker.snapshot().retryAfterMs);
      clock.tick(breaker.snapshot().retryAfterMs);
      settle(enter(), "failure");
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    clock.tick(60_000);
    settle(enter(), "success");
    expect(breaker.state).toBe("closed");
    calls(20, "failure");
    expect(breaker.snapshot().retryAfterMs).toBe(5_000);
  });

  it.each([
    [0, 4_000],
    [0.999_999, 6_000],
  ])("varies the open time by a fifth either way (chance %d)", (random, wait) => {
    const { breaker, calls } = setUp({}, random);
    calls(20, "failure");
    expect(breaker.snapshot().retryAfterMs).toBe(wait);
  });

  it("waits as long as a failure asked for, if that is longer than its own time", () => {
    const { breaker, enter, settle, calls } = setUp();
    calls(19, "failure");
    settle(enter(), "failure", 1, 30_000);
    expect(breaker.snapshot().retryAfterMs).toBe(30_000);
  });

  it("waits for the latest moment that any failure before it opened has asked for", () => {
    const { breaker, clock, enter, settle, calls } = setUp();
    settle(enter(), "failure", 1, 30_000);
    clock.tick(10_000);
    calls(19, "failure");
    expect(breaker.snapshot().retryAfterMs).toBe(20_000);
  });

  it("follows no wish past the maximum", () => {
    const { breaker, enter, settle, calls } = setUp();
    calls(19, "failure");
    settle(enter(), "failure", 1, 86_400_000);
    expect(breaker.snapshot().retryAfterMs).toBe(60_000);
  });
});

describe("states set by hand", () => {
  it("isolated rejects everything until it is closed", () => {
    const { breaker, clock, transitions, enter } = setUp();
    breaker.isolate();
    breaker.isolate();
    clock.tick(3_600_000);
    expect(enter()).toBe(0);
    expect(breaker.rejection(clock.monotonic()).retryAfterMs).toBe(60_000);
    breaker.close();
    breaker.close();
    expect(enter()).toBeGreaterThan(0);
    expect(transitions).toEqual(["closed → isolated: manual", "isolated → closed: manual"]);
  });

  it("disabled lets everything through and counts nothing", () => {
    const { breaker, calls } = setUp();
    breaker.disable();
    calls(100, "failure");
    expect(breaker.snapshot()).toMatchObject({ state: "disabled", calls: 0, rejected: 0 });
  });

  it("metrics-only lets everything through, counts it and never opens", () => {
    const { breaker, calls } = setUp();
    breaker.metricsOnly();
    calls(100, "failure");
    expect(breaker.snapshot()).toMatchObject({ state: "metrics-only", calls: 100, failures: 100 });
  });

  it("reset begins anew even when closed", () => {
    const { breaker, calls } = setUp();
    calls(19, "failure");
    breaker.close();
    expect(breaker.snapshot().calls).toBe(19);
    breaker.reset();
    expect(breaker.snapshot()).toMatchObject({ state: "closed", calls: 0, generation: 2 });
  });

  it("hold against a listener that changes the state while a transition is told", () => {
    const { breaker, clock, events, enter, calls } = setUp();
    events.on("breaker.transition", ({ to }) => {
      if (to === "half-open") breaker.isolate();
    });
    calls(20, "failure");
    clock.tick(5_000);
    expect(enter()).toBe(0);
    expect(breaker.state).toBe("isolated");
  });
});
