import { describe, expect, it } from "vitest";
import { KeelsonError } from "../../core/errors.js";
import { CountedSignal } from "../timeout/counted-signal.fixture.js";
import { caught, full, hang, later, setup } from "./upstream.fixture.js";

const nothingLeft = { running: 0, bulkhead: { running: 0, queued: 0 } };

describe("total time-out", () => {
  it("fires while a retry waits for its turn in the queue", async () => {
    const { clock, upstream } = setup({ ...full, timeout: "1s", bulkhead: { maxConcurrent: 1, maxQueue: 1 } });
    const first = caught(upstream.run(() => Promise.reject(new Error("no"))));
    const blocker = caught(upstream.run(hang));
    await clock.advance(1000);
    expect(await first).toMatchObject({ code: "upstream_timeout" });
    expect(await blocker).toMatchObject({ code: "upstream_timeout" });
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject(nothingLeft);
  });

  it("fires while the second attempt is out, and aborts that", async () => {
    const { clock, upstream } = setup({ ...full, timeout: "1s" });
    let second: AbortSignal | undefined;
    const result = caught(
      upstream.run(({ attempt, signal }) => {
        if (attempt === 1) throw new Error("no");
        second = signal;
        return hang();
      }),
    );
    await clock.advance(1000);
    expect(await result).toMatchObject({ message: "upstream:serper: total time-out after 1000 ms" });
    expect(second?.reason).toBe(await result);
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, breaker: { calls: 2, failures: 2 } });
  });

  it("keeps a retry from being waited for that could only come too late", async () => {
    const { clock, upstream, told } = setup({ ...full, timeout: "1s", retry: { backoff: "2s", jitter: "none" } });
    expect(await caught(upstream.run(() => Promise.reject("no")))).toBe("no");
    expect(told("retry.stopped")).toMatchObject([{ reason: "deadline", attempt: 1 }]);
    expect(clock.pending("held")).toBe(0);
  });

  it("does not blame the callee of a call that never left the queue", async () => {
    const { clock, upstream } = setup({ ...full, timeout: "1s", attemptTimeout: "900ms", retry: false });
    const running = [upstream.run(hang), upstream.run(hang)].map(caught);
    await clock.advance(500);
    let called = false;
    const queued = caught(
      upstream.run(
        () => {
          called = true;
        },
        { deadline: 800 },
      ),
    );
    await clock.advance(300);
    expect(await queued).toMatchObject({
      code: "upstream_timeout",
      message: "upstream:serper: total time-out after 300 ms",
    });
    expect(called).toBe(false);
    await clock.advance(1000);
    await Promise.all(running);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, breaker: { calls: 2, failures: 2 } });
    expect(clock.pending("held")).toBe(0);
  });

  it("wins over an attempt time-out that falls on the same moment", async () => {
    const { clock, upstream, told } = setup({ ...full, timeout: "1s", attemptTimeout: "1s" });
    const result = caught(upstream.run(hang));
    await clock.advance(1000);
    expect(await result).toMatchObject({ message: "upstream:serper: total time-out after 1000 ms" });
    expect(told("timeout")).toMatchObject([{ scope: "total" }]);
    expect(upstream.snapshot().retries).toBe(0);
  });

  it("says which one fired where an upstream calls another", async () => {
    const { clock, upstream } = setup({ timeout: "1s" });
    const { upstream: inner } = setup({ timeout: "500ms" }, { clock });
    const result = caught(upstream.run(() => inner.run(hang)));
    await clock.advance(500);
    expect(await result).toMatchObject({ message: "upstream:serper: total time-out after 500 ms" });
  });
});

describe("attempt time-out", () => {
  it("starts when the call has its slot, not while it queues", async () => {
    const { clock, upstream } = setup({ ...full, attemptTimeout: "1s", bulkhead: { maxConcurrent: 1, maxQueue: 1 } });
    const first = upstream.run(() => later(clock, 900, "first"));
    const second = upstream.run(() => later(clock, 900, "second"));
    await clock.advance(1800);
    expect(await Promise.all([first, second])).toEqual(["first", "second"]);
    expect(upstream.snapshot().timeouts).toBe(0);
  });

  it("drops the late result of an attempt that was given up, and lets go of it", async () => {
    const { clock, upstream } = setup({ ...full, attemptTimeout: "1s" });
    const disposed: number[] = [];
    const result = upstream.run<unknown>(({ attempt }) =>
      attempt === 1 ? later(clock, 5000, { [Symbol.dispose]: () => disposed.push(attempt) }) : "second",
    );
    await clock.advance(1100);
    expect(await result).toBe("second");
    await clock.advance(5000);
    expect(disposed).toEqual([1]);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, breaker: { calls: 2, failures: 1 } });
  });
});

describe("breaker", () => {
  it("opens during a retry: the next attempt is refused, and waited for only as long as fits", async () => {
    const { clock, upstream, told } = setup({
      ...full,
      breaker: { minimumCalls: 2, openFor: "60s", jitter: 0 },
    });
    const calls: number[] = [];
    const result = caught(
      upstream.run(({ attempt }) => {
        calls.push(attempt);
        throw new Error(`no ${attempt}`);
      }),
    );
    await clock.advance(300);
    expect(await result).toMatchObject({ code: "upstream_circuit_open", retryAfterMs: 59_800 });
    expect(calls).toEqual([1, 2]);
    expect(told("retry.stopped")).toMatchObject([{ reason: "not_retryable", attempt: 3 }]);
    expect(upstream.state()).toBe("open");
    expect(clock.pending("held")).toBe(0);
  });

  it("is waited for when it says that it will be open soon", async () => {
    const { clock, upstream } = setup({
      ...full,
      retry: { attempts: 4, backoff: "100ms", jitter: "none" },
      breaker: { minimumCalls: 2, openFor: "2s", jitter: 0 },
    });
    const result = upstream.run(({ attempt }) => {
      if (attempt < 3) throw new Error(`no ${attempt}`);
      return clock.monotonic();
    });
    await clock.advance(2_200);
    expect(await result).toBe(2_100);
    expect(upstream.snapshot()).toMatchObject({ successes: 1, breaker: { rejected: 1 } });
  });

  it("gets the half-open permit back when the caller aborts", async () => {
    const { clock, upstream } = setup({
      retry: false,
      breaker: { minimumCalls: 1, openFor: "1s", jitter: 0, halfOpen: { calls: 1 } },
    });
    await caught(upstream.run(() => Promise.reject(new Error("no"))));
    expect(upstream.state()).toBe("open");
    await clock.advance(1000);
    const caller = new AbortController();
    const probe = caught(upstream.run(hang, { signal: caller.signal }));
    expect(upstream.state()).toBe("half-open");
    expect(await caught(upstream.run(() => "second probe"))).toMatchObject({ code: "upstream_circuit_open" });
    caller.abort("left");
    expect(await probe).toBe("left");
    expect(upstream.snapshot().breaker?.probing).toBe(0);
    expect(await upstream.run(() => "well again")).toBe("well again");
    expect(upstream.state()).toBe("closed");
  });

  it("gets the permit back when the bulkhead refuses", async () => {
    const { upstream } = setup({ breaker: {}, bulkhead: { maxConcurrent: 1 } });
    const caller = new AbortController();
    const running = caught(upstream.run(hang, { signal: caller.signal }));
    expect(await caught(upstream.run(hang))).toMatchObject({ code: "upstream_bulkhead_full" });
    caller.abort("left");
    await running;
    expect(upstream.snapshot()).toMatchObject({
      ...nothingLeft,
      rejected: 1,
      cancelled: 1,
      breaker: { calls: 0, failures: 0 },
    });
  });

  it("does not count what was the request's own fault, nor another policy's refusal", async () => {
    const { upstream } = setup({ breaker: { minimumCalls: 1 } });
    const fault = Object.assign(new Error("bad request"), { status: 400 });
    expect(await caught(upstream.run(() => Promise.reject(fault)))).toBe(fault);
    const refusal = new KeelsonError("upstream_circuit_open");
    expect(await caught(upstream.run(() => Promise.reject(refusal)))).toBe(refusal);
    expect(upstream.snapshot()).toMatchObject({ ignored: 1, rejected: 1, failures: 0, breaker: { calls: 0 } });
  });

  it("opens for as long as a failure asks", async () => {
    const { upstream } = setup({ breaker: { minimumCalls: 1, openFor: "1s", jitter: 0 } });
    await caught(
      upstream.run(() => Promise.reject(new KeelsonError("upstream_failed", "busy", { retryAfterMs: 20_000 }))),
    );
    expect(upstream.snapshot().breaker?.retryAfterMs).toBe(20_000);
  });
});

describe("bulkhead", () => {
  it("frees the place in its queue at once when the caller aborts", async () => {
    const { clock, upstream } = setup({ ...full, bulkhead: { maxConcurrent: 1, maxQueue: 1 } });
    const caller = new CountedSignal();
    const running = caught(upstream.run(() => later(clock, 1000, "running")));
    const queued = caught(upstream.run(hang, { signal: caller }));
    expect(upstream.snapshot().bulkhead?.queued).toBe(1);
    caller.abort("left");
    expect(await queued).toBe("left");
    expect(upstream.snapshot().bulkhead?.queued).toBe(0);
    expect(caller.listeners).toBe(0);
    await clock.advance(1000);
    await running;
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, breaker: { calls: 1 } });
  });

  it("passes its slot on when the call that was granted it has just been given up", async () => {
    const { clock, upstream } = setup({ bulkhead: { maxConcurrent: 1, maxQueue: 2 } });
    const caller = new AbortController();
    const running = upstream.run(() => later(clock, 1000, "running"));
    running.then(() => undefined);
    const queued = caught(upstream.run(hang, { signal: caller.signal }));
    const next = upstream.run(() => "next");
    clock.tick(1000);
    caller.abort("left");
    await clock.advance(0);
    expect(await running).toBe("running");
    expect(await queued).toBe("left");
    expect(await next).toBe("next");
    expect(upstream.snapshot()).toMatchObject(nothingLeft);
  });

  it("lets those in first whose priority is higher", async () => {
    const { clock, upstream } = setup({ bulkhead: { maxConcurrent: 1, maxQueue: 2 } });
    const order: string[] = [];
    const all = [
      upstream.run(() => later(clock, 10, "first")),
      upstream.run(() => void order.push("low"), { priority: "low" }),
      upstream.run(() => void order.push("high"), { context: { priority: "high" } }),
    ];
    await clock.advance(10);
    await Promise.all(all);
    expect(order).toEqual(["high", "low"]);
  });
});
