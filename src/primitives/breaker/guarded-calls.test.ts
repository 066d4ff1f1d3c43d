import { describe, expect, it } from "vitest";
import { KeelsonError } from "../../core/errors.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { Breaker } from "./breaker.js";
import type { BreakerOptions } from "./options.js";

function setUp(options: BreakerOptions = {}) {
  const clock = new ManualClock();
  return { clock, breaker: new Breaker("serper", { minimumCalls: 1, ...options }, runtime({ clock })) };
}

const boom = new Error("boom");
const fail = () => Promise.reject(boom);

describe("run", () => {
  it("hands on what the function returns, promise or not", async () => {
    const { breaker } = setUp();
    expect(await breaker.run(() => Promise.resolve(1))).toBe(1);
    expect(await breaker.run(() => 2)).toBe(2);
    // biome-ignore lint/suspicious/noThenProperty: a thenable that is no promise is what this is about
    expect(await breaker.run(() => ({ then: (done: (value: number) => void) => done(3) }) as PromiseLike<number>)).toBe(
      3,
    );
    expect(breaker.snapshot()).toMatchObject({ calls: 3, failures: 0 });
  });

  it("counts an error, thrown or rejected, and hands it on", async () => {
    const { breaker } = setUp({ minimumCalls: 20 });
    await expect(breaker.run(fail)).rejects.toBe(boom);
    await expect(
      breaker.run(() => {
        throw boom;
      }),
    ).rejects.toBe(boom);
    expect(breaker.snapshot()).toMatchObject({ calls: 2, failures: 2 });
  });

  it("rejects without calling while open, and recovers", async () => {
    const { breaker, clock } = setUp({ halfOpen: { calls: 1 }, jitter: 0 });
    await expect(breaker.run(fail)).rejects.toBe(boom);
    let called = 0;
    await expect(breaker.run(() => ++called)).rejects.toMatchObject({
      code: "upstream_circuit_open",
      retryAfterMs: 5_000,
    });
    expect(called).toBe(0);
    clock.tick(5_000);
    await breaker.run(() => ++called);
    expect(called).toBe(1);
    expect(breaker.state).toBe("closed");
  });

  it("opens with a count window too, from the moment of the failure", async () => {
    const { breaker, clock } = setUp({ window: { calls: 2 }, jitter: 0 });
    clock.tick(1_234);
    await breaker.run(fail).catch(() => undefined);
    expect(breaker.snapshot()).toMatchObject({ state: "open", retryAfterMs: 5_000 });
  });

  it("ignores the errors that the predicate names", async () => {
    const { breaker } = setUp({ ignore: (error) => error === boom });
    await expect(breaker.run(fail)).rejects.toBe(boom);
    expect(breaker.snapshot()).toMatchObject({ state: "closed", calls: 0 });
  });

  it("counts the results that the predicate names as failures, and hands them on", async () => {
    const { breaker } = setUp({ isFailure: (result) => result === 500 });
    expect(await breaker.run(() => 500)).toBe(500);
    expect(breaker.state).toBe("open");
  });

  it("gives the permit back when a predicate throws, and hands on what it threw", async () => {
    const fault = new Error("the predicate's own");
    const { breaker, clock } = setUp({
      halfOpen: { calls: 1 },
      jitter: 0,
      ignore: (error) => {
        if (error !== boom) throw fault;
        return false;
      },
      isFailure: () => {
        throw fault;
      },
    });
    await expect(breaker.run(fail)).rejects.toBe(boom);
    clock.tick(5_000);
    await expect(breaker.run(() => Promise.reject(new Error("other")))).rejects.toBe(fault);
    await expect(breaker.run(() => 1)).rejects.toBe(fault);
    expect(breaker.snapshot()).toMatchObject({ state: "half-open", probing: 0 });
  });

  it("gives the permit back of a call whose error throws when it is looked at", async () => {
    const { breaker, clock } = setUp({ halfOpen: { calls: 1 } });
    await expect(breaker.run(fail)).rejects.toBe(boom);
    clock.tick(6_000);
    const error = Object.defineProperty(new Error("odd"), "retryAfterMs", {
      get: () => {
        throw new Error("not yet");
      },
    });
    await expect(breaker.run(() => Promise.reject(error))).rejects.toBe(error);
    expect(breaker.snapshot()).toMatchObject({ state: "open", probing: 0 });
  });

  it("doesn't count another policy's rejection", async () => {
    const { breaker } = setUp();
    const full = new KeelsonError("upstream_bulkhead_full");
    await expect(breaker.run(() => Promise.reject(full))).rejects.toBe(full);
    expect(breaker.snapshot().calls).toBe(0);
  });

  it("doesn't count a call whose caller went away, and rejects with the signal's reason", async () => {
    const { breaker } = setUp();
    const caller = new AbortController();
    const call = breaker.run(
      () => {
        caller.abort("gone");
        return Promise.reject(boom);
      },
      { signal: caller.signal },
    );
    await expect(call).rejects.toBe("gone");
    expect(breaker.snapshot().calls).toBe(0);
  });

  it("counts a failure of a call whose caller is still there", async () => {
    const { breaker } = setUp();
    await expect(breaker.run(fail, { signal: new AbortController().signal })).rejects.toBe(boom);
    expect(breaker.state).toBe("open");
  });

  it("doesn't call for a caller that is gone already", async () => {
    const { breaker } = setUp();
    let called = false;
    const call = breaker.run(
      () => {
        called = true;
      },
      { signal: AbortSignal.abort("gone") },
    );
    await expect(call).rejects.toBe("gone");
    expect(called).toBe(false);
  });

  it("honours the time that an error asks for", async () => {
    const { breaker } = setUp();
    await breaker.run(() => Promise.reject(Object.assign(new Error("429"), { retryAfterMs: 40_000 }))).catch(() => 0);
    expect(breaker.snapshot().retryAfterMs).toBe(40_000);
  });

  it("measures slow calls to their settlement", async () => {
    const { breaker, clock } = setUp({ slowCall: { over: "1s", rate: 1 } });
    let done: (value: number) => void = () => undefined;
    const call = breaker.run(
      () =>
        new Promise<number>((resolve) => {
          done = resolve;
        }),
    );
    clock.tick(1_001);
    done(7);
    expect(await call).toBe(7);
    expect(breaker.state).toBe("open");
  });

  it("settles with the generation it entered with, though the state changed meanwhile", async () => {
    const { breaker } = setUp();
    let lose: (error: unknown) => void = () => undefined;
    const call = breaker.run(
      () =>
        new Promise((_, reject) => {
          lose = reject;
        }),
    );
    breaker.reset();
    lose(boom);
    await expect(call).rejects.toBe(boom);
    expect(breaker.snapshot()).toMatchObject({ state: "closed", calls: 0, stale: 1 });
  });
});
