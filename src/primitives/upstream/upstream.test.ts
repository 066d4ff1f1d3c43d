import { afterAll, describe, expect, it } from "vitest";
import { KeelsonError } from "../../core/errors.js";
import { caught, full, later, setup } from "./upstream.fixture.js";

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

describe("what a call tells", () => {
  it("goes to listeners and indicators once for each call", async () => {
    const recorded: unknown[] = [];
    const sli = (...who: unknown[]) => ({ record: (...what: unknown[]) => void recorded.push([...who, ...what]) });
    const { clock, upstream, told } = setup({ ...full, breaker: false }, { sli });
    const context = { tenant: "acme" };
    const failing = caught(upstream.run(() => Promise.reject(new Error("no")), { context }));
    await clock.advance(300);
    await failing;
    await upstream.run(() => 1);
    const fault = Object.assign(new Error("not found"), { status: 404 });
    await caught(upstream.run(() => Promise.reject(fault)));
    expect(told("upstream.settled")).toEqual([
      { name: "serper", context, outcome: "failure", durationMs: 300, attempts: 3 },
      { name: "serper", context: undefined, outcome: "success", durationMs: 0, attempts: 1 },
      { name: "serper", context: undefined, outcome: "ignored", durationMs: 0, attempts: 1 },
    ]);
    expect(recorded).toEqual([
      ["upstream", "serper", true, 300],
      ["upstream", "serper", false, 0],
      ["upstream", "serper", undefined, 0],
    ]);
  });

  it("is plain data in the snapshot", async () => {
    const { upstream } = setup(full);
    await upstream.run(() => 1);
    const snapshot = upstream.snapshot();
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(snapshot).toMatchObject({
      running: 0,
      successes: 1,
      failures: 0,
      ignored: 0,
      cancelled: 0,
      rejected: 0,
      budget: { calls: 1, retries: 0 },
      breaker: { state: "closed" },
      bulkhead: { limit: 2 },
      config: { timeoutMs: 30_000, attemptTimeoutMs: 10_000, attempts: 3, hedgeDelayMs: null },
    });
    expect(setup({}).upstream.snapshot()).toMatchObject({ budget: null, breaker: null, bulkhead: null });
  });
});

describe("values and errors", () => {
  it("count as they are classified", async () => {
    const { clock, upstream } = setup({
      retry: { attempts: 2, backoff: 0 },
      breaker: {},
      classify: {
        result: (value) => (value === "bad" ? "failure" : value === "odd" ? "ignored" : "success"),
        error: (error) => (error === "mine" ? "ignored" : "failure"),
        retryAfter: (error) => (error === "wait" ? 500 : undefined),
      },
    });
    const calls: string[] = [];
    const run = async (outcome: string, throws = false) => {
      const result = caught(
        upstream.run(() => {
          calls.push(outcome);
          return throws ? Promise.reject(outcome) : outcome;
        }),
      );
      await clock.advance(0);
      return result;
    };
    expect(await run("bad")).toBe("bad");
    expect(await run("odd")).toBe("odd");
    expect(await run("mine", true)).toBe("mine");
    expect(calls).toEqual(["bad", "bad", "odd", "mine"]);
    expect(upstream.snapshot()).toMatchObject({ failures: 1, ignored: 2, breaker: { calls: 2, failures: 2 } });
    const waiting = run("wait", true);
    await clock.advance(499);
    expect(calls.filter((call) => call === "wait")).toHaveLength(1);
    await clock.advance(1);
    expect(await waiting).toBe("wait");
    expect(calls.filter((call) => call === "wait")).toHaveLength(2);
  });

  it("end in the error of a predicate that throws, with everything given back", async () => {
    const fault = new Error("bug in a predicate");
    const bug = () => {
      throw fault;
    };
    for (const classify of [{ result: bug }, { error: bug }, { retryAfter: bug }]) {
      const { upstream } = setup({ ...full, retry: false, classify });
      const callee = () => ("result" in classify ? Promise.resolve(1) : Promise.reject(new Error("no")));
      expect(await caught(upstream.run(callee))).toBe(fault);
      expect(upstream.snapshot()).toMatchObject({ running: 0, bulkhead: { running: 0 }, breaker: { calls: 1 } });
    }
  });

  it("may be errors that can't be read", async () => {
    const fault = new Error("unreadable");
    const unreadable = Object.defineProperty(new Error("no"), "status", {
      get: () => {
        throw fault;
      },
    });
    const { upstream } = setup({ ...full, retry: false });
    expect(await caught(upstream.run(() => Promise.reject(unreadable)))).toBe(fault);
    expect(upstream.snapshot()).toMatchObject({ running: 0, bulkhead: { running: 0 } });
  });

  it("may come from a foreign promise, however it behaves", async () => {
    const { upstream } = setup(full);
    const foreign = (then: (resolve: (value: string) => void) => void) => ({ then }) as PromiseLike<string>;
    expect(await upstream.run(() => foreign((resolve) => resolve("answer")))).toBe("answer");
    const twice = foreign((resolve) => {
      resolve("first");
      resolve("second");
      throw new Error("and throws");
    });
    expect(await upstream.run(() => twice)).toBe("first");
    expect(upstream.snapshot()).toMatchObject({ successes: 2, running: 0, bulkhead: { running: 0 } });
  });
});

describe("an attempt's signal", () => {
  it("is the same at every reading, and none where none is read", async () => {
    const { upstream } = setup(full);
    await upstream.run((attempt) => {
      expect(Object.hasOwn(attempt, "signal")).toBe(false);
      expect((attempt as { controller?: unknown }).controller).toBeUndefined();
      expect(attempt.signal).toBe(attempt.signal);
    });
  });

  it("isn't aborted when the call returns", async () => {
    const { clock, upstream } = setup(full);
    const caller = new AbortController();
    const signal = await upstream.run((attempt) => attempt.signal, { signal: caller.signal });
    caller.abort("left");
    await clock.advance(60_000);
    expect(signal.aborted).toBe(false);
  });

  it("is aborted already where it is first read after the end", async () => {
    const { clock, upstream } = setup({ attemptTimeout: "1s" });
    let late: AbortSignal | undefined;
    const result = caught(
      upstream.run(async (attempt) => {
        await later(clock, 2000, "nothing");
        late = attempt.signal;
      }),
    );
    await clock.advance(2000);
    expect(late?.reason).toBe(await result);
  });
});
