import type { Clock } from "../../core/clock.js";
import type { KeelsonError } from "../../core/errors.js";
import type { BreakerStateName } from "../../core/events.js";
import type { CallOutcome } from "../outcome.js";
import { outcomeOfError, retryAfterOf } from "./classify-call.js";
import type { BreakerConfig, BreakerOptions } from "./options.js";

/** What `Breaker.run` may be given beside the function. */
export interface BreakerCall {
  /** The caller's own signal: an error after it has aborted says nothing about the callee. */
  readonly signal?: AbortSignal;
}

/** Who gives permits: see `Breaker` for each of these. */
export interface Permits {
  readonly state: BreakerStateName;
  enter(now: number): number;
  settle(
    permit: number,
    outcome: CallOutcome,
    now: number,
    durationMs: number,
    retryAfterMs?: number,
    error?: unknown,
  ): void;
  rejection(now: number): KeelsonError;
}

/** What is done with a call's promise. */
interface Handlers {
  readonly returned: <T>(value: T) => T;
  readonly threw: (error: unknown) => never;
}

/** Calls functions under a breaker's permits and classifies how they ended: what an upstream does for itself. */
export class GuardedCalls {
  readonly #breaker: Permits;
  readonly #clock: Clock;
  readonly #ignore: BreakerOptions["ignore"];
  readonly #isFailure: BreakerOptions["isFailure"];
  /** Whether calls have to be timed from their start. */
  readonly #measured: boolean;
  /** Whether every settlement needs the time; otherwise only one that changes the state does. */
  readonly #timed: boolean;
  /** The permit that `#handlers` settle: calls that need no more share them, and so make no closures. */
  #permit = 0;
  #handlers: Handlers;

  constructor(breaker: Permits, clock: Clock, options: BreakerOptions<never>, config: BreakerConfig) {
    this.#breaker = breaker;
    this.#clock = clock;
    this.#ignore = options.ignore;
    this.#isFailure = options.isFailure;
    this.#measured = config.slowOverMs !== Infinity;
    this.#timed = this.#measured || config.windowMs > 0;
    this.#handlers = this.#handlersFor(0, Number.NaN, undefined);
  }

  /** See `Breaker.run`. */
  run<T>(fn: () => T | PromiseLike<T>, call: BreakerCall | undefined): Promise<T> {
    const signal = call?.signal;
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const breaker = this.#breaker;
    // The clock costs as much as all the rest: a closed circuit that measures no calls doesn't ask when they begin.
    const now = this.#measured || breaker.state !== "closed" ? this.#clock.monotonic() : Number.NaN;
    const permit = breaker.enter(now);
    if (permit === 0) return Promise.reject(breaker.rejection(now));
    let handlers = this.#handlers;
    if (this.#measured || signal !== undefined) handlers = this.#handlersFor(permit, now, signal);
    else if (permit !== this.#permit) {
      this.#permit = permit;
      handlers = this.#handlers = this.#handlersFor(permit, Number.NaN, undefined);
    }
    let result: T | PromiseLike<T>;
    try {
      result = fn();
    } catch (error) {
      return Promise.reject(this.#threw(permit, error, now, signal));
    }
    const promise = result instanceof Promise ? (result as Promise<T>) : Promise.resolve(result);
    return promise.then(handlers.returned, handlers.threw);
  }

  #handlersFor(permit: number, startedAt: number, signal: AbortSignal | undefined): Handlers {
    return {
      returned: (value) => {
        const now = this.#timed ? this.#clock.monotonic() : Number.NaN;
        let outcome: CallOutcome = "ignored";
        try {
          outcome = this.#isFailure?.(value) === true ? "failure" : "success";
        } finally {
          // A predicate that throws is its owner's fault: the call is ignored, and the caller gets what was thrown.
          this.#breaker.settle(permit, outcome, now, now - startedAt);
        }
        return value;
      },
      threw: (error) => {
        throw this.#threw(permit, error, startedAt, signal);
      },
    };
  }

  /** Settles a call that failed; says what its caller gets. */
  #threw(permit: number, error: unknown, startedAt: number, signal: AbortSignal | undefined): unknown {
    const now = this.#timed ? this.#clock.monotonic() : Number.NaN;
    let outcome: CallOutcome = "ignored";
    let thrown = error;
    try {
      outcome = outcomeOfError(error, signal, this.#ignore);
      if (outcome === "cancelled") thrown = signal?.reason;
    } catch (fault) {
      thrown = fault;
    }
    this.#breaker.settle(permit, outcome, now, now - startedAt, retryAfterOf(error), error);
    return thrown;
  }
}
