import { afterAll, describe, expect, it } from "vitest";
import { KeelsonError } from "../../core/errors.js";
import { full, setup } from "./upstream.fixture.js";

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);
process.on("unhandledRejection", onUnhandled);
afterAll(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

describe("a call that succeeds", () => {
  it("hands on the value and leaves nothing behind", async () => {
    const { clock, upstream } = setup(full);
    expect(await upstream.run(async () => "hits")).toBe("hits");
    expect(await upstream.run(() => "at once")).toBe("at once");
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject({ running: 0, successes: 2, failures: 0, bulkhead: { running: 0 } });
  });
});

describe("a call that fails", () => {
  it("is made again after the backoff", async () => {
    const { clock, upstream } = setup(full);
    const attempts: number[] = [];
    const result = upstream.run(async ({ attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error(`no ${attempt}`);
      return "third";
    });
    await clock.advance(0);
    expect(attempts).toEqual([1]);
    await clock.advance(100);
    expect(attempts).toEqual([1, 2]);
    await clock.advance(200);
    expect(await result).toBe("third");
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject({ successes: 1, retries: 2, breaker: { calls: 3, failures: 2 } });
  });

  it("rejects with the last attempt's own error when there is no further one", async () => {
    const { clock, upstream } = setup(full);
    const result = upstream.run(({ attempt }) => Promise.reject(`no ${attempt}`)).catch((error: unknown) => error);
    await clock.advance(300);
    expect(await result).toBe("no 3");
    expect(clock.pending("held")).toBe(0);
  });
});

describe("time-outs", () => {
  it("end an attempt, and another one follows", async () => {
    const { clock, upstream, told } = setup(full);
    const signals: AbortSignal[] = [];
    const result = upstream.run(({ signal, attempt }) => {
      signals.push(signal);
      return attempt === 1 ? new Promise<string>(() => undefined) : "second";
    });
    await clock.advance(10_100);
    expect(await result).toBe("second");
    expect(signals[0]?.reason).toBeInstanceOf(KeelsonError);
    expect(signals[1]?.aborted).toBe(false);
    expect(told("timeout")).toMatchObject([{ scope: "attempt", ms: 10_000 }]);
    expect(clock.pending("held")).toBe(0);
  });

  it("end the call as a whole", async () => {
    const { clock, upstream } = setup({ ...full, timeout: "12s" });
    const result = upstream.run(() => new Promise<string>(() => undefined)).catch((error: KeelsonError) => error);
    await clock.advance(12_000);
    expect(await result).toMatchObject({
      code: "upstream_timeout",
      message: "upstream:serper: total time-out after 12000 ms",
    });
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject({
      timeouts: 2,
      running: 0,
      breaker: { failures: 2 },
      bulkhead: { running: 0 },
    });
  });
});

describe("the caller's abort", () => {
  it("ends the call at once with its reason", async () => {
    const { clock, upstream } = setup(full);
    const caller = new AbortController();
    const reason = new Error("left");
    let seen: AbortSignal | undefined;
    const result = upstream
      .run(
        ({ signal }) => {
          seen = signal;
          return new Promise<string>(() => undefined);
        },
        { signal: caller.signal },
      )
      .catch((error: unknown) => error);
    caller.abort(reason);
    expect(await result).toBe(reason);
    expect(seen?.reason).toBe(reason);
    expect(clock.pending("held")).toBe(0);
    expect(upstream.snapshot()).toMatchObject({
      cancelled: 1,
      running: 0,
      breaker: { calls: 0 },
      bulkhead: { running: 0 },
    });
  });
});
