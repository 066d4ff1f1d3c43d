import { describe, expect, it } from "vitest";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { Hedge } from "../hedge/hedge.js";
import { LatencyQuantile } from "../hedge/latency.js";
import { RetryBudget } from "../retry/budget.js";
import { caught, hang, later, setup } from "./upstream.fixture.js";

const hedged = { hedge: { delay: "100ms" }, breaker: { minimumCalls: 4 }, bulkhead: { maxConcurrent: 4 } } as const;
const nothingLeft = { running: 0, bulkhead: { running: 0, queued: 0 } };

describe("a hedged call", () => {
  it("is sent once where it answers before the delay", async () => {
    const { clock, upstream } = setup(hedged);
    let calls = 0;
    const result = upstream.run(() => {
      calls++;
      return later(clock, 99, "first");
    });
    await clock.advance(99);
    expect(await result).toBe("first");
    expect(calls).toBe(1);
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, hedges: 0 });
  });

  it("takes the second one's answer where that comes first, and cancels the first", async () => {
    const { clock, upstream, told } = setup(hedged);
    const signals: AbortSignal[] = [];
    const disposed: number[] = [];
    const result = upstream.run<unknown>(({ attempt, signal }) => {
      signals.push(signal);
      return attempt === 1
        ? later(clock, 1000, { [Symbol.dispose]: () => disposed.push(attempt) })
        : later(clock, 50, "second");
    });
    await clock.advance(150);
    expect(await result).toBe("second");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(signals[0]?.reason).toMatchObject({ code: "aborted" });
    expect(told("hedge.started")).toMatchObject([{ delayMs: 100 }]);
    expect(told("hedge.settled")).toMatchObject([{ winner: "hedge" }]);
    expect(told("upstream.settled")).toMatchObject([{ outcome: "success", attempts: 2, durationMs: 150 }]);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, hedges: 1, breaker: { calls: 1, failures: 0 } });
    expect(clock.pending("held")).toBe(0);
    await clock.advance(1000);
    expect(disposed).toEqual([1]);
  });

  it("takes the first one's answer where that comes first after all", async () => {
    const { clock, upstream, told } = setup(hedged);
    let hedge: AbortSignal | undefined;
    const result = upstream.run(({ attempt, signal }) => {
      if (attempt === 1) return later(clock, 150, "first");
      hedge = signal;
      return hang();
    });
    await clock.advance(150);
    expect(await result).toBe("first");
    expect(hedge?.aborted).toBe(true);
    expect(told("hedge.settled")).toMatchObject([{ winner: "primary" }]);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, breaker: { calls: 1 } });
  });

  it("waits for the other one where one of them fails", async () => {
    const { clock, upstream } = setup(hedged);
    const result = upstream.run(({ attempt }) =>
      attempt === 1 ? later(clock, 300, "first") : later(clock, 50, new Error("no")),
    );
    await clock.advance(300);
    expect(await result).toBe("first");
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, successes: 1, breaker: { calls: 2, failures: 1 } });
  });

  it("sends the second one at once where the first fails before the delay", async () => {
    const { clock, upstream, told } = setup(hedged);
    const result = upstream.run(({ attempt }) => (attempt === 1 ? Promise.reject(new Error("no")) : "second"));
    await clock.advance(0);
    expect(await result).toBe("second");
    expect(told("hedge.started")).toMatchObject([{ delayMs: 0 }]);
    expect(clock.pending("held")).toBe(0);
  });

  it("rejects with both errors where both fail", async () => {
    const { clock, upstream, told } = setup(hedged);
    const result = caught(upstream.run(({ attempt }) => later(clock, 150, new Error(`no ${attempt}`))));
    await clock.advance(250);
    const error = (await result) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors.map(({ message }: Error) => message)).toEqual(["no 1", "no 2"]);
    expect(told("hedge.settled")).toMatchObject([{ winner: "none" }]);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, failures: 1, breaker: { failures: 2 } });
  });

  it("takes an error that says nothing about the callee for an answer", async () => {
    const { clock, upstream } = setup(hedged);
    const fault = Object.assign(new Error("not found"), { status: 404 });
    const result = caught(upstream.run(({ attempt }) => (attempt === 1 ? later(clock, 150, fault) : hang())));
    await clock.advance(150);
    expect(await result).toBe(fault);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, ignored: 1 });
    expect(clock.pending("held")).toBe(0);
  });

  it("goes on without a hedge where the budget has none", async () => {
    const { clock, upstream, told } = setup({ ...hedged, hedge: { delay: "100ms", budget: { minimum: 0 } } });
    const result = upstream.run(() => later(clock, 300, "first"));
    await clock.advance(300);
    expect(await result).toBe("first");
    expect(told("hedge.denied")).toHaveLength(1);
    expect(await caught(upstream.run(() => Promise.reject("no")))).toBe("no");
    expect(told("hedge.denied")).toHaveLength(2);
    expect(clock.pending("held")).toBe(0);
  });

  it("shares its budget with retries", async () => {
    const budget = new RetryBudget({ minimum: 1 });
    const clock = new ManualClock();
    const retrying = setup({ retry: { budget, jitter: "none" } }, { clock });
    const hedging = setup({ hedge: { delay: 0, budget } }, { clock });
    const retried = retrying.upstream.run(({ attempt }) => (attempt === 1 ? Promise.reject("no") : "second"));
    await clock.advance(250);
    expect(await retried).toBe("second");
    const result = hedging.upstream.run(() => later(clock, 10, "first"));
    await clock.advance(10);
    expect(await result).toBe("first");
    expect(hedging.told("hedge.denied")).toHaveLength(1);
  });

  it("is never sent twice where that must not be", async () => {
    const { clock, upstream } = setup(hedged);
    const result = upstream.run(() => later(clock, 300, "first"), { idempotent: false });
    expect(clock.pending("held")).toBe(0);
    await clock.advance(300);
    expect(await result).toBe("first");
    expect(upstream.snapshot().hedges).toBe(0);
  });

  it("doesn't queue its second one", async () => {
    const { clock, upstream } = setup({ ...hedged, bulkhead: { maxConcurrent: 1, maxQueue: 5 } });
    const result = upstream.run(() => later(clock, 300, "first"));
    await clock.advance(100);
    expect(upstream.snapshot().bulkhead?.queued).toBe(0);
    await clock.advance(200);
    expect(await result).toBe("first");
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, successes: 1, rejected: 0 });
  });

  it("ends both when its time is up or its caller leaves", async () => {
    const { clock, upstream } = setup({ ...hedged, timeout: "1s" });
    const signals: AbortSignal[] = [];
    const callee = ({ signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      return hang();
    };
    const late = caught(upstream.run(callee));
    await clock.advance(1000);
    expect(await late).toMatchObject({ code: "upstream_timeout" });
    const caller = new AbortController();
    const left = caught(upstream.run(callee, { signal: caller.signal }));
    await clock.advance(100);
    caller.abort("left");
    expect(await left).toBe("left");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true, true]);
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject(nothingLeft);
  });

  it("learns its delay from the calls before it", async () => {
    const { clock, upstream } = setup({ hedge: { warmUp: 20 } });
    expect(upstream.snapshot().config.hedgeDelayMs).toBeNull();
    for (let call = 1; call <= 20; call++) {
      const result = upstream.run(() => later(clock, call * 10, "answer"));
      await clock.advance(call * 10);
      await result;
    }
    expect(upstream.snapshot()).toMatchObject({ hedges: 0, config: { hedgeDelayMs: 190 } });
    const result = upstream.run(({ attempt }) => (attempt === 1 ? hang() : "second"));
    await clock.advance(190);
    expect(await result).toBe("second");
  });

  it("stands in a retry's place", () => {
    expect(() => setup({ hedge: {}, retry: {} })).toThrow('upstream("serper").hedge');
    expect(() => setup({ hedge: { quantile: 1 } })).toThrow('upstream("serper").hedge.quantile');
  });
});

describe("Hedge", () => {
  it("works on its own", async () => {
    const clock = new ManualClock();
    const hedge = new Hedge("nearest", { delay: "80ms" }, runtime({ clock }));
    const result = hedge.run(({ attempt }) => (attempt === 1 ? hang() : "second"));
    await clock.advance(80);
    expect(await result).toBe("second");
    expect(hedge.snapshot()).toMatchObject({ hedges: 1, successes: 1 });
  });
});

describe("LatencyQuantile", () => {
  it("knows the quantile of the latest durations", () => {
    const p95 = new LatencyQuantile(0.95);
    expect(p95.value()).toBe(0);
    for (let ms = 1; ms <= 100; ms++) p95.record(ms);
    expect(p95.value()).toBe(95);
    for (let call = 0; call < 128; call++) p95.record(7);
    expect(p95.value()).toBe(7);
    expect(p95.recorded).toBe(228);
  });
});
