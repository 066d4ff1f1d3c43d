import { KeelsonError } from "../../core/errors.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import type { ManualClock } from "../../testing/manual-clock.js";
import { Breaker } from "../breaker/breaker.js";
import type { BreakerOptions } from "../breaker/options.js";
import { Bulkhead } from "../bulkhead/bulkhead.js";
import type { CallOutcome } from "../outcome.js";
import { RetryBudget } from "../retry/budget.js";

/**
 * Time is stretched, so that below each millisecond there is room for what tells calls, attempts and departures apart:
 * where two things fall on the same moment both orders are right, and there would be nothing to compare.
 */
export const SECOND = 1000 * 2 ** 20;
export const CALL = 2 ** 10;
export const DEPARTURE = 2 ** 9;

/** What both sides are made from. */
export interface Setting {
  readonly timeout: number;
  readonly attemptTimeout: number;
  readonly attempts: number;
  readonly backoff: number;
  readonly minimum: number;
  readonly minimumCalls: number;
  readonly openFor: number;
  readonly maxConcurrent: number;
  readonly maxQueue: number;
}

/** The breaker of both sides. */
export function breakerOptions({ minimumCalls, openFor }: Setting): BreakerOptions {
  const halfOpen = { maxWait: 30 * SECOND };
  return { window: 30 * SECOND, minimumCalls, openFor, maxOpenFor: 60 * SECOND, halfOpen, jitter: 0 };
}

/** An attempt of one call: what the layers know of it. */
interface Way {
  readonly signal: AbortSignal;
  readonly until: number;
  /** Whether the callee was reached. */
  launched: boolean;
}
type Layer = (way: Way) => Promise<unknown>;

/** What the naive layers throw when time is up. */
export class Late extends Error {
  constructor(readonly scope: "total" | "attempt") {
    super(scope);
  }
}

/** An error of the callee's that is its caller's own fault. */
export class Fault extends Error {
  readonly status = 404;
}

/**
 * The same protections as an upstream's, each a function around the next, with a promise, an AbortController and a
 * timer for each: slow, and plain enough to be believed.
 */
export class Naive {
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
  readonly #budget: RetryBudget;
  readonly #clock: ManualClock;
  readonly #setting: Setting;

  constructor(clock: ManualClock, setting: Setting) {
    const rt: Runtime = runtime({ clock });
    const { minimum, maxConcurrent, maxQueue } = setting;
    this.breaker = new Breaker("naive", breakerOptions(setting), rt);
    this.bulkhead = new Bulkhead("naive", { maxConcurrent, maxQueue }, rt);
    this.#budget = new RetryBudget({ minimum, window: 10 * SECOND });
    this.#clock = clock;
    this.#setting = setting;
  }

  run(fn: (attempt: number) => Promise<unknown>, caller: AbortSignal): Promise<unknown> {
    const until = this.#clock.monotonic() + this.#setting.timeout;
    this.#budget.call(this.#clock.monotonic());
    let attempt = 0;
    return this.#timed(this.#setting.timeout, "total", caller, (signal) =>
      this.#retried(signal, until, () => {
        const way = { signal, until, launched: false };
        attempt++;
        return this.#broken(way, (inner) => this.#held(inner, (held) => this.#attempt(held, () => fn(attempt))));
      }),
    );
  }

  #attempt(way: Way, fn: () => Promise<unknown>): Promise<unknown> {
    way.launched = true;
    return this.#timed(this.#setting.attemptTimeout, "attempt", way.signal, fn);
  }

  /** Rejects when the time is up or the signal aborts; tells the inner side by a signal. */
  #timed(
    ms: number,
    scope: "total" | "attempt",
    outer: AbortSignal,
    inner: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<unknown> {
    const child = new AbortController();
    return new Promise((resolve, reject) => {
      const end = (reason: unknown) => {
        alarm.cancel();
        outer.removeEventListener("abort", aborted);
        child.abort(reason);
        reject(reason);
      };
      const aborted = () => end(outer.reason);
      const alarm = this.#clock.alarm(ms, () => end(new Late(scope)), "held");
      outer.addEventListener("abort", aborted);
      if (outer.aborted) aborted();
      else {
        inner(child.signal).then(
          (value) => {
            alarm.cancel();
            outer.removeEventListener("abort", aborted);
            resolve(value);
          },
          (error: unknown) => {
            alarm.cancel();
            outer.removeEventListener("abort", aborted);
            reject(error);
          },
        );
      }
    });
  }

  async #retried(signal: AbortSignal, until: number, again: () => Promise<unknown>): Promise<unknown> {
    const { attempts, backoff } = this.#setting;
    for (let attempt = 1; ; attempt++) {
      try {
        return await again();
      } catch (error) {
        signal.throwIfAborted();
        const now = this.#clock.monotonic();
        const hint = error instanceof KeelsonError ? error.retryAfterMs : undefined;
        const worthwhile =
          error instanceof KeelsonError ? hint !== undefined && hint <= 30 * SECOND : !(error instanceof Fault);
        const delay = Math.max(Math.min(5 * SECOND, backoff * 2 ** (attempt - 1)), hint ?? 0);
        if (!worthwhile || attempt >= attempts || now + delay >= until || !this.#budget.take(now)) throw error;
        await new Promise<void>((resolve, reject) => {
          const aborted = () => {
            alarm.cancel();
            reject(signal.reason);
          };
          const alarm = this.#clock.alarm(
            delay,
            () => {
              signal.removeEventListener("abort", aborted);
              resolve();
            },
            "held",
          );
          signal.addEventListener("abort", aborted, { once: true });
        });
      }
    }
  }

  async #broken(way: Way, inner: Layer): Promise<unknown> {
    const permit = this.breaker.enter(this.#clock.monotonic());
    if (permit === 0) throw this.breaker.rejection(this.#clock.monotonic());
    const settle = (outcome: CallOutcome) => this.breaker.settle(permit, outcome, this.#clock.monotonic(), 0);
    try {
      const value = await inner(way);
      settle("success");
      return value;
    } catch (error) {
      settle(outcomeOf(error, way));
      throw error;
    }
  }

  async #held(way: Way, inner: Layer): Promise<unknown> {
    if (!this.bulkhead.tryEnter()) await this.bulkhead.wait({ signal: way.signal });
    try {
      return await inner(way);
    } finally {
      this.bulkhead.leave();
    }
  }
}

function outcomeOf(error: unknown, way: Way): CallOutcome {
  if (error instanceof Late) return way.launched ? "failure" : "rejected";
  if (way.signal.aborted) return "cancelled";
  if (error instanceof KeelsonError) return "rejected";
  return error instanceof Fault ? "ignored" : "failure";
}
