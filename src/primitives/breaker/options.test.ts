import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { setUp } from "./breaker.fixture.js";
import { Breaker } from "./breaker.js";
import type { BreakerOptions } from "./options.js";

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
    [{ halfOpen: null as never }, 'breaker("serper").halfOpen'],
    [{ slowCall: null as never }, 'breaker("serper").slowCall'],
    [{ ignore: "TypeError" as never }, 'breaker("serper").ignore'],
    [{ isFailure: true as never }, 'breaker("serper").isFailure'],
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
