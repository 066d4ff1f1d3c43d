import { describe, expect, it } from "vitest";
import { Breaker } from "../breaker/breaker.js";
import { caught, full, hang, later, setup } from "./upstream.fixture.js";

describe("close", () => {
  it("takes no more calls and waits for those under way", async () => {
    const { clock, upstream } = setup(full);
    const running = upstream.run(() => later(clock, 500, "done"));
    const closed = upstream.close({ drain: "10s" });
    expect(await caught(upstream.run(() => 1))).toMatchObject({ code: "unavailable", source: "upstream:serper" });
    await clock.advance(500);
    expect(await running).toBe("done");
    expect(await closed).toBe(true);
    expect(clock.pending("held")).toBe(0);
    expect(await upstream.close()).toBe(true);
  });

  it("lets them be tried again meanwhile", async () => {
    const { clock, upstream } = setup(full);
    const running = upstream.run(({ attempt }) => (attempt === 1 ? Promise.reject("no") : "second"));
    const closed = Promise.all([upstream.close({ drain: "10s" }), upstream.close()]);
    await clock.advance(100);
    expect(await running).toBe("second");
    expect(await closed).toEqual([true, true]);
  });

  it("stops waiting in the end, and sends those in the queue away", async () => {
    const { clock, upstream } = setup({ bulkhead: { maxConcurrent: 1, maxQueue: 1 } });
    const running = caught(upstream.run(() => later(clock, 5000, "late")));
    const queued = caught(upstream.run(() => 1));
    const closed = upstream.close({ drain: "1s" });
    await clock.advance(1000);
    expect(await closed).toBe(false);
    expect(await queued).toMatchObject({ code: "unavailable" });
    expect(clock.pending("held")).toBe(0);
    await clock.advance(4000);
    expect(await running).toBe("late");
  });

  it("need not wait at all", async () => {
    const { upstream } = setup({});
    void upstream.run(hang);
    expect(await upstream.close({ drain: 0 })).toBe(false);
    await expect(upstream.close({ drain: "soon" as never })).rejects.toThrow('upstream("serper").close.drain');
  });
});

describe("options", () => {
  it("may follow knobs, for the calls that begin after the change", async () => {
    const knobs = { values: { WAIT: 1000, TRIES: 1 }, revision: 0 };
    const { clock, upstream } = setup(
      {
        timeout: (k: { WAIT: number }) => k.WAIT,
        retry: { attempts: (k: { TRIES: number }) => k.TRIES, backoff: 0 },
      },
      { knobs },
    );
    const early = caught(upstream.run(hang));
    knobs.values.WAIT = 100;
    knobs.values.TRIES = 2;
    knobs.revision++;
    const second = caught(upstream.run(hang));
    await clock.advance(100);
    expect(await second).toMatchObject({ message: "upstream:serper: total time-out after 100 ms" });
    await clock.advance(900);
    expect(await early).toMatchObject({ message: "upstream:serper: total time-out after 1000 ms" });
    expect(upstream.snapshot().config).toMatchObject({ timeoutMs: 100, attempts: 2 });
    expect(clock.pending("held")).toBe(0);
  });

  it("may share a breaker", async () => {
    const breaker = new Breaker("shared", { minimumCalls: 1 });
    const first = setup({ breaker }).upstream;
    const second = setup({ breaker }).upstream;
    await caught(first.run(() => Promise.reject("no")));
    expect(await caught(second.run(() => 1))).toMatchObject({
      code: "upstream_circuit_open",
      source: "breaker:shared",
    });
  });

  it("are off where they are left out or false", async () => {
    const { upstream } = setup({ retry: false, hedge: false, breaker: false, bulkhead: false });
    expect(await caught(upstream.run(() => Promise.reject("no")))).toBe("no");
    expect(upstream.state()).toBe("closed");
    expect(upstream.snapshot()).toMatchObject({ failures: 1, retries: 0 });
  });

  it.each([
    [{ timeout: 0 }, 'upstream("serper").timeout'],
    [{ attemptTimeout: "1 s" }, 'upstream("serper").attemptTimeout'],
    [{ retries: 3 }, 'upstream("serper").retries'],
    [{ retry: { attempts: 0 } }, 'upstream("serper").retry.attempts'],
    [{ retry: { budget: { minimum: -1 } } }, 'upstream("serper").retry.budget.minimum'],
    [{ breaker: { failureRate: 2 } }, 'upstream("serper").breaker.failureRate'],
    [{ breaker: { ignore: () => true } }, 'upstream("serper").breaker.ignore'],
    [{ bulkhead: { maxConcurrent: 0 } }, 'upstream("serper").bulkhead.maxConcurrent'],
    [{ limiter: {} }, 'upstream("serper").limiter'],
    [{ fallback: { on: ["failure"] } }, 'upstream("serper").fallback.use'],
    [{ classify: { result: true } }, 'upstream("serper").classify.result'],
    [{ classify: { value: () => "success" } }, 'upstream("serper").classify.value'],
  ])("%j is refused by name", (options, name) => {
    expect(() => setup(options as never)).toThrow(name);
  });
});
