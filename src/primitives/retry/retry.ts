import type { Context } from "../../core/context.js";
import { Derived, type Runtime, runtime } from "../../core/runtime.js";
import { outcomeOfError } from "../breaker/classify-call.js";
import type { RetryBudgetSnapshot } from "./budget.js";
import { Failure, retryAfterOf } from "./failure.js";
import { type Retriable, retryPastFirst } from "./past-first.js";
import { budgetOf, type RetryOptions, RetryPlan } from "./plan.js";

/** What a function under a {@link Retry} gets. */
export interface RetriedAttempt {
  /** From 1. */
  readonly attempt: number;
  /** The caller's own signal, where it gave one. */
  readonly signal: AbortSignal | undefined;
}

/** What a caller may say about one call. */
export interface RetryCall {
  /** Ends a wait at once, and keeps further attempts from being made; the call then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** When the caller stops waiting, in milliseconds of the clock's `monotonic()`: no wait goes past it. */
  readonly deadline?: number;
  /** Goes into events; its signal and deadline count where the call has none of its own. */
  readonly context?: Context;
  /** `false`: making the call twice is not the same as making it once; it is made again only where it was refused. */
  readonly idempotent?: boolean;
}

/** A {@link Retry} as plain data. */
export interface RetrySnapshot {
  readonly attempts: number;
  readonly calls: number;
  readonly retries: number;
  readonly budget: RetryBudgetSnapshot | null;
}

/**
 * Makes a call again when it fails. Each wait is drawn at random, a Retry-After in the error (`retryAfterMs`) is
 * followed, and retries stay within a budget. When it gives up, the last error is thrown as it is; {@link retryNote}
 * says why there was no further attempt.
 *
 * @example
 * const retry = new Retry("search", { attempts: 3, backoff: "100ms" });
 * const hits = await retry.run(({ signal }) => search(q, signal), { signal });
 */
export class Retry {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #plan: Derived<RetryPlan>;
  readonly #counts = { calls: 0, retries: 0 };

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: RetryOptions<never> = {}, rt: Runtime = runtime()) {
    const where = `retry(${JSON.stringify(name)})`;
    const budget = budgetOf(options.budget, where);
    this.name = name;
    this.#rt = rt;
    this.#plan = new Derived(rt.knobs, (read) => new RetryPlan(where, options, read, budget));
  }

  /**
   * Runs a function until it succeeds, or another attempt makes no sense.
   *
   * @throws what the last attempt threw, or the caller's reason to abort
   */
  async run<T>(fn: (attempt: RetriedAttempt) => T | PromiseLike<T>, call: RetryCall = {}): Promise<T> {
    const plan = this.#plan.value;
    const context = call.context ?? this.#rt.currentContext?.();
    const signal = call.signal ?? context?.signal;
    signal?.throwIfAborted();
    this.#counts.calls++;
    plan.budget?.call(this.#rt.clock.monotonic());
    let failure: Failure;
    try {
      return await fn({ attempt: 1, signal });
    } catch (error) {
      failure = failed(error, signal);
    }
    const again = new RetriedCall(this.name, plan, fn, call, context, signal, this.#rt, this.#counts);
    try {
      return await again.run(failure);
    } catch (thrown) {
      // Whatever ended it, p-retry may have put an error of its own in place of a reason that is no Error.
      signal?.throwIfAborted();
      throw thrown instanceof Failure ? thrown.error : thrown;
    }
  }

  /** Counts and configuration in effect. */
  snapshot(): RetrySnapshot {
    const { attempts, budget } = this.#plan.value;
    return { attempts, ...this.#counts, budget: budget?.snapshot(this.#rt.clock.monotonic()) ?? null };
  }
}

/** @throws the signal's reason when that has aborted: then it is no failure */
function failed(error: unknown, signal: AbortSignal | undefined): Failure {
  signal?.throwIfAborted();
  const rejected = outcomeOfError(error, signal, undefined) === "rejected";
  return new Failure(rejected ? "rejected" : "failure", error, retryAfterOf(error), rejected);
}

/** A call past its first failure. */
class RetriedCall<T> implements Retriable<T> {
  readonly until: number;
  readonly idempotent: boolean;

  constructor(
    readonly name: string,
    readonly retryPlan: RetryPlan,
    readonly fn: (attempt: RetriedAttempt) => T | PromiseLike<T>,
    call: RetryCall,
    readonly context: Context | undefined,
    readonly signal: AbortSignal | undefined,
    readonly rt: Runtime,
    readonly counts: { retries: number },
  ) {
    this.until = call.deadline ?? context?.deadline ?? Infinity;
    this.idempotent = call.idempotent ?? true;
  }

  get done(): boolean {
    return this.signal?.aborted === true;
  }

  run(first: Failure): Promise<T> {
    return retryPastFirst(first, this, this.rt);
  }

  async again(attempt: number): Promise<T> {
    this.counts.retries++;
    try {
      return await this.fn({ attempt, signal: this.signal });
    } catch (error) {
      throw failed(error, this.signal);
    }
  }

  pause(ms: number): Promise<void> {
    const { signal, rt } = this;
    return new Promise((resolve, reject) => {
      const aborted = () => {
        alarm.cancel();
        signal?.removeEventListener("abort", aborted);
        reject(signal?.reason);
      };
      const alarm = rt.clock.alarm(
        ms,
        () => {
          signal?.removeEventListener("abort", aborted);
          resolve();
        },
        "held",
      );
      signal?.addEventListener("abort", aborted);
    });
  }
}
