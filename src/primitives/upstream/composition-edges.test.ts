import { describe, expect, it } from "vitest";
import { CountedSignal } from "../timeout/counted-signal.fixture.js";
import { caught, full, hang, setup } from "./upstream.fixture.js";

const nothingLeft = { running: 0, bulkhead: { running: 0, queued: 0 } };

describe("limiter", () => {
  const limiter = (decisions: { allowed: boolean; retryAfterMs: number; source: string }[], promise = false) => ({
    taken: [] as unknown[],
    take(...args: unknown[]) {
      this.taken.push(args);
      const decision = decisions.shift() ?? { allowed: true, retryAfterMs: 0, source: "store" };
      return promise ? Promise.resolve(decision) : decision;
    },
  });

  it.each([false, true])("is asked before every attempt, with the upstream's name (promised: %s)", async (promise) => {
    const tokens = limiter([], promise);
    const { clock, upstream } = setup({ ...full, limiter: tokens });
    const context = { tenant: "acme" };
    const result = upstream.run(({ attempt }) => (attempt === 1 ? Promise.reject("no") : "second"), { context });
    await clock.advance(100);
    expect(await result).toBe("second");
    expect(tokens.taken).toEqual([
      ["serper", 1, context],
      ["serper", 1, context],
    ]);
    expect(clock.pending("held")).toBe(0);
  });

  it("refuses, is waited for where that fits, and doesn't touch the breaker", async () => {
    const { clock, upstream } = setup({
      ...full,
      limiter: limiter([{ allowed: false, retryAfterMs: 700, source: "store" }]),
    });
    const result = upstream.run(() => clock.monotonic());
    await clock.advance(700);
    expect(await result).toBe(700);
    expect(upstream.snapshot().breaker).toMatchObject({ calls: 1 });
  });

  it("that can't decide, and is closed then, makes the call unavailable", async () => {
    const { upstream } = setup({ limiter: limiter([{ allowed: false, retryAfterMs: 0, source: "closed" }]) });
    expect(await caught(upstream.run(() => 1))).toMatchObject({ code: "unavailable", source: "upstream:serper" });
  });

  it("that throws, or never answers, ends the call", async () => {
    const fault = new TypeError("no store");
    const broken = setup({
      limiter: {
        take: () => {
          throw fault;
        },
      },
    });
    expect(await caught(broken.upstream.run(() => 1))).toBe(fault);
    const senseless = setup({ limiter: { take: () => Promise.resolve(undefined as never) } });
    expect(await caught(senseless.upstream.run(() => 1))).toBeInstanceOf(TypeError);
    const { clock, upstream } = setup({ timeout: "1s", limiter: { take: () => new Promise(() => undefined) } });
    const result = caught(upstream.run(() => 1));
    await clock.advance(1000);
    expect(await result).toMatchObject({ code: "upstream_timeout" });
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot().running).toBe(0);
  });
});

describe("the caller", () => {
  it("leaves no listener or timer behind, however the call ends", async () => {
    const { clock, upstream } = setup({ ...full, attemptTimeout: "1s", timeout: "5s" });
    const caller = new CountedSignal();
    const call = { signal: caller, context: { signal: caller } };
    await upstream.run(async () => 1, call);
    await caught(upstream.run(() => Promise.reject(Object.assign(new Error(), { status: 404 })), call));
    const failing = caught(upstream.run(() => Promise.reject("no"), call));
    await clock.advance(1000);
    await failing;
    const hanging = caught(upstream.run(hang, call));
    await clock.advance(6000);
    await hanging;
    expect(caller.listeners).toBe(0);
    expect(clock.pending("held")).toBe(0);
    const left = caught(upstream.run(hang, call));
    expect(caller.listeners).toBe(1);
    caller.abort("left");
    expect(await left).toBe("left");
    expect(caller.listeners).toBe(0);
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject(nothingLeft);
  });

  it("who leaves during a wait ends it at once", async () => {
    const { clock, upstream, told } = setup(full);
    const caller = new AbortController();
    const result = caught(upstream.run(() => Promise.reject("no"), { signal: caller.signal }));
    await clock.advance(50);
    caller.abort("left");
    expect(await result).toBe("left");
    await clock.advance(0);
    expect(clock.pending("held")).toBe(0);
    expect(told("retry.stopped")).toMatchObject([{ reason: "aborted" }]);
    expect(told("upstream.settled")).toMatchObject([{ outcome: "cancelled", attempts: 1, durationMs: 50 }]);
  });

  it("who has left, or whose time is over, gets nothing called", async () => {
    const { clock, upstream } = setup(full);
    await clock.advance(100);
    let called = 0;
    const count = () => ++called;
    expect(await caught(upstream.run(count, { signal: AbortSignal.abort("gone") }))).toBe("gone");
    expect(await caught(upstream.run(count, { context: { signal: AbortSignal.abort("gone too") } }))).toBe("gone too");
    expect(await caught(upstream.run(count, { deadline: 100 }))).toMatchObject({ code: "upstream_timeout" });
    expect(called).toBe(0);
    expect(upstream.snapshot()).toMatchObject({ ...nothingLeft, cancelled: 2, failures: 1 });
  });

  it("sets a nearer deadline", async () => {
    const { clock, upstream } = setup(full);
    const seen: number[] = [];
    const result = caught(
      upstream.run(
        (attempt) => {
          seen.push(attempt.deadline);
          return hang();
        },
        { context: { deadline: 2000 } },
      ),
    );
    await clock.advance(2000);
    expect(await result).toMatchObject({ message: "upstream:serper: total time-out after 2000 ms" });
    expect(seen).toEqual([2000]);
    expect(clock.pending("held")).toBe(0);
  });

  it("is found where nothing is passed along", async () => {
    const { upstream } = setup(full, { currentContext: () => ({ signal: AbortSignal.abort("implied") }) });
    expect(await caught(upstream.run(hang))).toBe("implied");
  });
});
