import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { Breaker } from "./breaker.js";
import type { BreakerOptions } from "./options.js";

const NOW = Date.UTC(2026, 0, 1);

/** Another process: its monotonic clock starts at 0, its wall clock `later` after the first one's start. */
function breakerAt(later: number, options: BreakerOptions = {}) {
  const clock = new ManualClock(NOW + later);
  const breaker = new Breaker("serper", { jitter: 0, ...options }, runtime({ clock }));
  const calls = (count: number, outcome: "success" | "failure") => {
    for (let i = 0; i < count; i++) breaker.settle(breaker.enter(clock.monotonic()), outcome, clock.monotonic(), 1);
  };
  return { clock, breaker, calls };
}

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("serialise and restore", () => {
  it("carry the rest of an open time into another process", () => {
    const first = breakerAt(0);
    first.calls(20, "failure");
    const record = throughJson(first.breaker.serialise());
    const second = breakerAt(2_000);
    second.breaker.restore(record);
    expect(second.breaker.snapshot()).toMatchObject({ state: "open", retryAfterMs: 3_000 });
  });

  it("carry the backoff", () => {
    const options = { halfOpen: { calls: 1 } };
    const first = breakerAt(0, options);
    first.calls(20, "failure");
    const second = breakerAt(5_000, options);
    second.breaker.restore(throughJson(first.breaker.serialise()));
    second.calls(1, "failure");
    expect(second.breaker.snapshot()).toMatchObject({ state: "open", retryAfterMs: 10_000 });
  });

  it("make a half-open circuit open and ready to be tried", () => {
    const first = breakerAt(0, { halfOpen: { calls: 1 } });
    first.calls(20, "failure");
    first.clock.tick(5_000);
    expect(first.breaker.enter(first.clock.monotonic())).toBeGreaterThan(0);
    const second = breakerAt(5_000, { halfOpen: { calls: 1 } });
    second.breaker.restore(throughJson(first.breaker.serialise()));
    expect(second.breaker.snapshot()).toMatchObject({ state: "open", retryAfterMs: 0 });
    expect(second.breaker.enter(0)).toBeGreaterThan(0);
  });

  it("carry the calls of a time window, and let them age by the time in between", () => {
    const first = breakerAt(0);
    first.calls(10, "failure");
    first.clock.tick(12_000);
    first.calls(5, "success");
    const record = throughJson(first.breaker.serialise());
    const soon = breakerAt(13_000);
    soon.breaker.restore(record);
    expect(soon.breaker.snapshot()).toMatchObject({ state: "closed", calls: 15, failures: 10 });
    const later = breakerAt(31_000);
    later.breaker.restore(record);
    expect(later.breaker.snapshot()).toMatchObject({ calls: 5, failures: 0 });
    const muchLater = breakerAt(86_400_000);
    muchLater.breaker.restore(record);
    expect(muchLater.breaker.snapshot()).toMatchObject({ calls: 0 });
  });

  it("carry the calls of a count window in their order", () => {
    const options = { window: { calls: 4 } };
    const first = breakerAt(0, options);
    first.calls(1, "failure");
    first.calls(4, "success");
    first.calls(1, "failure");
    const second = breakerAt(0, options);
    second.breaker.restore(throughJson(first.breaker.serialise()));
    second.calls(3, "success");
    expect(second.breaker.snapshot()).toMatchObject({ calls: 4, failures: 1 });
    second.calls(1, "success");
    expect(second.breaker.snapshot()).toMatchObject({ calls: 4, failures: 0 });
  });

  it("drop the calls of a window of another shape", () => {
    const first = breakerAt(0);
    first.calls(10, "failure");
    const second = breakerAt(0, { window: "60s" });
    second.breaker.restore(first.breaker.serialise());
    const third = breakerAt(0, { window: { calls: 10 } });
    third.breaker.restore(first.breaker.serialise());
    expect([second.breaker.snapshot().calls, third.breaker.snapshot().calls]).toEqual([0, 0]);
  });

  it.each(["isolated", "disabled", "metrics-only"] as const)("carry %s", (state) => {
    const first = breakerAt(0);
    if (state === "isolated") first.breaker.isolate();
    else if (state === "disabled") first.breaker.disable();
    else first.breaker.metricsOnly();
    const second = breakerAt(0);
    second.breaker.restore(throughJson(first.breaker.serialise()));
    expect(second.breaker.state).toBe(state);
  });

  it("wait no longer than the options allow when the wall clocks disagree", () => {
    const first = breakerAt(0);
    first.calls(20, "failure");
    const second = breakerAt(-86_400_000);
    second.breaker.restore(first.breaker.serialise());
    expect(second.breaker.snapshot().retryAfterMs).toBe(60_000);
  });

  it("make earlier permits stale", () => {
    const { breaker } = breakerAt(0);
    const permit = breaker.enter(0);
    breaker.restore(breaker.serialise());
    breaker.settle(permit, "failure", 0, 1);
    expect(breaker.snapshot()).toMatchObject({ calls: 0, stale: 1 });
  });

  it.each([
    null,
    "closed",
    {},
    { version: 2, savedAt: 0, state: "closed" },
    { version: 1, savedAt: 0, state: "half-open" },
    { version: 1, savedAt: "0", state: "closed" },
    { version: 1, savedAt: 0, state: "open", openUntil: -1 },
    { version: 1, savedAt: 0, state: "open", attempt: 0 },
    { version: 1, savedAt: 0, state: "open", attempt: 1.5 },
    { version: 1, savedAt: 0, state: "closed", window: { calls: [4] } },
    { version: 1, savedAt: 0, state: "closed", window: { bucketMs: 3000, ageMs: 0, buckets: [[2 ** 32, 0, 0]] } },
    { version: 1, savedAt: 0, state: "closed", window: { bucketMs: 3000, ageMs: 0, buckets: [[1, 2, 0]] } },
    { version: 1, savedAt: 0, state: "closed", window: { bucketMs: 3000, ageMs: 0, buckets: [[1, 0.5, 0]] } },
  ])("refuse what is no record: %j", (record) => {
    const { breaker } = breakerAt(0);
    expect(() => breaker.restore(record)).toThrow(ConfigError);
    expect(breaker.snapshot()).toMatchObject({ state: "closed", generation: 1 });
  });
});
