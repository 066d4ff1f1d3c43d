import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { isKeelsonError } from "../../core/errors.js";
import { type EventMap, Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import type { CallOutcome } from "../outcome.js";
import { Breaker } from "./breaker.js";
import type { BreakerOptions } from "./options.js";

function setUp(options: BreakerOptions = {}, random = 0.5) {
  const clock = new ManualClock();
  const events = new Events();
  const transitions: string[] = [];
  events.on("breaker.transition", ({ from, to, reason }) => transitions.push(`${from} → ${to}: ${reason}`));
  const breaker = new Breaker("serper", options, runtime({ clock, events, random: () => random }));
  return {
    clock,
    events,
    transitions,
    breaker,
    enter: () => breaker.enter(clock.monotonic()),
    settle: (permit: number, outcome: CallOutcome, durationMs = 1, retryAfterMs?: number) =>
      breaker.settle(permit, outcome, clock.monotonic(), durationMs, retryAfterMs),
    calls(count: number, outcome: CallOutcome, durationMs = 1) {
      for (let i = 0; i < count; i++) {
        breaker.settle(breaker.enter(clock.monotonic()), outcome, clock.monotonic(), durationMs);
      }
    },
  };
}

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

describe("knobs", () => {
  it("change what is tunable without a new breaker", () => {
    const clock = new ManualClock();
    const knobs = { values: { RATE: 0.5 }, revision: 0 };
    const options: BreakerOptions<{ RATE: number }> = { failureRate: (k) => k.RATE };
    const breaker = new Breaker("serper", options, runtime({ clock, knobs }));
    knobs.values = { RATE: 1 };
    knobs.revision++;
    for (let i = 0; i < 20; i++) breaker.settle(breaker.enter(0), i === 0 ? "success" : "failure", 0, 1);
    expect(breaker.state).toBe("closed");
    expect(breaker.snapshot().config.failureRate).toBe(1);
  });
});

describe("options", () => {
  it.each<[BreakerOptions, string]>([
    [{ failureRate: 0 }, 'breaker("serper").failureRate'],
    [{ failureRate: 1.1 }, 'breaker("serper").failureRate'],
    [{ window: "1 s" as "1s" }, 'breaker("serper").window'],
    [{ window: null as never }, 'breaker("serper").window'],
    [{ window: { calls: 0 } }, 'breaker("serper").window.calls'],
    [{ window: { calls: 10 }, minimumCalls: 11 }, 'breaker("serper").minimumCalls'],
    [{ slowCall: { over: "1s", rate: 2 } }, 'breaker("serper").slowCall.rate'],
    [{ openFor: 0 }, 'breaker("serper").openFor'],
    [{ jitter: -1 }, 'breaker("serper").jitter'],
    [{ halfOpen: { calls: 0 } }, 'breaker("serper").halfOpen.calls'],
    [{ halfOpen: { max: 1 } as never }, 'breaker("serper").halfOpen.max'],
    [{ treshold: 0.5 } as never, 'breaker("serper").treshold'],
  ])("are refused by name when wrong: %j", (options, name) => {
    expect(() => new Breaker("serper", options)).toThrow(ConfigError);
    expect(() => new Breaker("serper", options)).toThrow(name);
  });

  it("are in the snapshot, as plain data", () => {
    const snapshot = setUp().breaker.snapshot();
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(snapshot.config).toMatchObject({ windowMs: 30_000, failureRate: 0.5, minimumCalls: 20, slowOverMs: null });
  });
});
