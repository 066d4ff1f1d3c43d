import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { CountedSignal } from "../timeout/counted-signal.fixture.js";
import { RetryBudget } from "./budget.js";
import { retryNote } from "./past-first.js";
import type { RetryOptions } from "./plan.js";
import { Retry } from "./retry.js";

function setup(options: RetryOptions<never> = {}) {
  const clock = new ManualClock();
  const rt = runtime({ clock, random: seeded(7) });
  const events: string[] = [];
  rt.events.on("retry.scheduled", (event) => events.push(`attempt ${event.attempt} in ${event.delayMs}`));
  rt.events.on("retry.stopped", (event) => events.push(`${event.reason} after ${event.attempt}`));
  return { clock, events, retry: new Retry("search", { backoff: "100ms", jitter: "none", ...options }, rt) };
}

/** Fails so many times, with what it is given to throw, then answers; notes when it was called. */
function failing(clock: ManualClock, times: number, error: (attempt: number) => unknown = (n) => new Error(`no ${n}`)) {
  const calledAt: number[] = [];
  const fn = async ({ attempt }: { attempt: number }) => {
    calledAt.push(clock.monotonic());
    if (attempt <= times) throw error(attempt);
    return `answer ${attempt}`;
  };
  return { fn, calledAt };
}

const caught = (promise: Promise<unknown>): Promise<unknown> => promise.then(String, (error: unknown) => error);

describe("Retry", () => {
  it("makes no more of a call that succeeds", async () => {
    const { clock, retry } = setup();
    const { fn, calledAt } = failing(clock, 0);
    expect(await retry.run(fn)).toBe("answer 1");
    expect(calledAt).toEqual([0]);
    expect(retry.snapshot()).toMatchObject({ attempts: 3, calls: 1, retries: 0 });
  });

  it("tries again after a wait that doubles, three attempts in all", async () => {
    const { clock, retry, events } = setup();
    const { fn, calledAt } = failing(clock, 3);
    const result = caught(retry.run(fn));
    await clock.advance(10_000);
    expect(await result).toMatchObject({ message: "no 3" });
    expect(calledAt).toEqual([0, 100, 300]);
    expect(events).toEqual(["attempt 2 in 100", "attempt 3 in 200", "exhausted after 3"]);
    expect(retryNote(await result)).toEqual({ attempts: 3, reason: "exhausted" });
    expect(clock.pending()).toBe(0);
  });

  it.each([
    ["a string", "thrown"],
    ["undefined", undefined],
    ["null", null],
    ["a TypeError, which p-retry would stop at", new TypeError("not a function")],
    ["an error called AbortError", Object.assign(new Error("x"), { name: "AbortError" })],
    ["a frozen error", Object.freeze(new Error("frozen"))],
  ])("tries again after %s, and rejects with just that", async (_, thrown) => {
    const { clock, retry } = setup();
    const { fn, calledAt } = failing(clock, 9, () => thrown);
    let rejection: unknown = "none";
    const result = retry.run(fn).catch((error: unknown) => {
      rejection = error;
    });
    await clock.advance(1000);
    await result;
    expect(rejection).toBe(thrown);
    expect(calledAt).toHaveLength(3);
  });

  it("waits as long as a Retry-After asks, up to its cap", async () => {
    const error = (hint: number) => new KeelsonError("upstream_failed", "busy", { retryAfterMs: hint });
    const { clock, retry } = setup({ maxRetryAfter: "2s" });
    const { fn, calledAt } = failing(clock, 2, (n) => error(n === 1 ? 700 : 60_000));
    const result = retry.run(fn);
    await clock.advance(10_000);
    expect(await result).toBe("answer 3");
    expect(calledAt).toEqual([0, 700, 2700]);
  });

  it("waits the backoff where a Retry-After is shorter", async () => {
    const { clock, retry } = setup();
    const { fn, calledAt } = failing(clock, 1, () => new KeelsonError("upstream_failed", "", { retryAfterMs: 1 }));
    const result = retry.run(fn);
    await clock.advance(100);
    await result;
    expect(calledAt).toEqual([0, 100]);
  });

  it("stops at once, with the last error, when the next attempt would be past the deadline", async () => {
    const { clock, retry, events } = setup();
    const { fn, calledAt } = failing(clock, 3);
    const result = caught(retry.run(fn, { deadline: 300 }));
    await clock.advance(100);
    expect(await result).toMatchObject({ message: "no 2" });
    expect(clock.monotonic()).toBe(100);
    expect(calledAt).toEqual([0, 100]);
    expect(events.at(-1)).toBe("deadline after 2");
  });

  it("ends a wait at once when the caller aborts, with its reason, and leaves no listener", async () => {
    const { clock, retry, events } = setup();
    const { fn, calledAt } = failing(clock, 3);
    const caller = new CountedSignal();
    const result = caught(retry.run(fn, { signal: caller }));
    await clock.advance(50);
    expect(caller.listeners).toBe(1);
    caller.abort("left");
    expect(await result).toBe("left");
    expect(caller.listeners).toBe(0);
    expect(clock.pending()).toBe(0);
    await clock.advance(1000);
    expect(calledAt).toEqual([0]);
    expect(events.at(-1)).toBe("aborted after 1");
  });

  it("makes no attempt for a caller who has left, before or between", async () => {
    const { clock, retry } = setup();
    const { fn, calledAt } = failing(clock, 3);
    expect(await caught(retry.run(fn, { signal: AbortSignal.abort("gone") }))).toBe("gone");
    expect(calledAt).toEqual([]);
    const caller = new AbortController();
    const leaving = retry.run(
      async () => {
        caller.abort("left meanwhile");
        throw new Error("no");
      },
      { signal: caller.signal },
    );
    expect(await caught(leaving)).toBe("left meanwhile");
  });

  it("leaves no listener after waits that came to their end", async () => {
    const { clock, retry } = setup();
    const caller = new CountedSignal();
    const result = caught(retry.run(failing(clock, 3).fn, { signal: caller }));
    await clock.advance(1000);
    await result;
    expect(caller.listeners).toBe(0);
  });

  it("does not repeat what must not be done twice, unless it was refused", async () => {
    const { clock, retry, events } = setup();
    const once = failing(clock, 3);
    expect(await caught(retry.run(once.fn, { idempotent: false }))).toMatchObject({ message: "no 1" });
    expect(events).toEqual(["not_retryable after 1"]);
    const refused = failing(clock, 1, () => new KeelsonError("rate_limit", "later", { retryAfterMs: 500 }));
    const result = retry.run(refused.fn, { idempotent: false });
    await clock.advance(500);
    expect(await result).toBe("answer 2");
  });

  it("does not repeat what our own policies refused without saying when to come back", async () => {
    const { clock, retry } = setup();
    const full = failing(clock, 1, () => new KeelsonError("upstream_bulkhead_full"));
    expect(await caught(retry.run(full.fn))).toMatchObject({ code: "upstream_bulkhead_full" });
    const long = failing(clock, 1, () => new KeelsonError("upstream_circuit_open", "", { retryAfterMs: 60_000 }));
    expect(await caught(retry.run(long.fn))).toMatchObject({ code: "upstream_circuit_open" });
  });

  it("asks a predicate in place of its own judgement", async () => {
    const seen: unknown[] = [];
    const { clock, retry } = setup({
      retryable: (error, attempt) => {
        seen.push([error, attempt.attempt, attempt.outcome]);
        return attempt.attempt < 2;
      },
    });
    const { fn } = failing(clock, 3, (n) => `no ${n}`);
    const result = caught(retry.run(fn));
    await clock.advance(1000);
    expect(await result).toBe("no 2");
    expect(seen).toEqual([
      ["no 1", 1, "failure"],
      ["no 2", 2, "failure"],
    ]);
  });

  it("rejects with what a predicate throws", async () => {
    const fault = new Error("bug in predicate");
    const { clock, retry } = setup({
      retryable: () => {
        throw fault;
      },
    });
    expect(await caught(retry.run(failing(clock, 3).fn))).toBe(fault);
  });

  it("throws the original error when the budget is spent, and says so", async () => {
    const budget = new RetryBudget({ minimum: 1 });
    const { clock, retry, events } = setup({ budget });
    const { fn } = failing(clock, 3);
    const result = caught(retry.run(fn));
    await clock.advance(1000);
    expect(await result).toMatchObject({ message: "no 2" });
    expect(retryNote(await result)).toEqual({ attempts: 2, reason: "budget" });
    expect(events).toEqual(["attempt 2 in 100", "budget after 2"]);
    expect(retry.snapshot().budget).toMatchObject({ calls: 1, retries: 1, refused: 1 });
  });

  it("refuses wrong options by name", () => {
    expect(() => new Retry("x", { attempts: 0 })).toThrow('retry("x").attempts: got 0');
    expect(() => new Retry("x", { backoff: "10s", maxBackoff: "1s" })).toThrow(ConfigError);
    expect(() => new Retry("x", { jitter: "some" as never })).toThrow('retry("x").jitter');
    expect(() => new Retry("x", { retries: 3 } as never)).toThrow('retry("x").retries');
    expect(() => new Retry("x", { budget: { ratio: 2 } })).toThrow('retry("x").budget.ratio');
    expect(() => new Retry("x", { retryable: true as never })).toThrow('retry("x").retryable');
  });
});
