import { ConfigError, integer, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import { backoff, type Jitter } from "./backoff.js";
import { RetryBudget, type RetryBudgetOptions } from "./budget.js";
import type { Failure } from "./failure.js";

/** Attempts in all, the first included. */
export const DEFAULT_ATTEMPTS = 3;
/** The wait before the second attempt is at most this. */
export const DEFAULT_BACKOFF: Duration = "250ms";
/** The wait before any attempt that nobody asked for is at most this. */
export const DEFAULT_MAX_BACKOFF: Duration = "5s";
/** A Retry-After past this is followed only so far. */
export const DEFAULT_MAX_RETRY_AFTER: Duration = "30s";

/** When to try again, and how long to wait. */
export interface RetryOptions<K = Record<string, never>> {
  /** Attempts in all, the first included. Default 3. */
  readonly attempts?: Tunable<K, number>;
  /** The wait before the second attempt is drawn from 0 to this; it doubles with every attempt. Default `"250ms"`. */
  readonly backoff?: Tunable<K, Duration>;
  /** Where the doubling ends. Default `"5s"`. */
  readonly maxBackoff?: Tunable<K, Duration>;
  /** `"full"`: drawn from 0 up to the backoff (default); `"decorrelated"`: from the base to three times the last wait; `"none"`: the backoff itself. */
  readonly jitter?: Jitter;
  /** The longest wait that a Retry-After leads to. Default `"30s"`. */
  readonly maxRetryAfter?: Duration;
  /** Bounds retries by a share of the calls; one object may be shared. `false`: no bound. Default: 20 %, at least 3 in 10 s. */
  readonly budget?: RetryBudget | RetryBudgetOptions | false;
  /**
   * Whether to try again after this error, or bad value (then `error` is undefined). In place of the default, which
   * tries again after failures, and after rejections by our own policies that say when to come back. Attempts,
   * deadline, budget and idempotence are looked at all the same.
   */
  readonly retryable?: (error: unknown, attempt: FailedAttempt) => boolean;
}

/** What a `retryable` predicate is told about the attempt. */
export interface FailedAttempt {
  /** From 1. */
  readonly attempt: number;
  readonly outcome: "failure" | "ignored" | "rejected";
  /** How long the callee asked us to stay away. */
  readonly retryAfterMs: number | undefined;
  /** The returned value that counts as a failure, if it was one. */
  readonly value: unknown;
}

/** Why there is no further attempt. */
export type RetryStop = "exhausted" | "deadline" | "budget" | "not_retryable" | "aborted";

/** What a decision needs to know of the call. */
export interface RetrySituation {
  /** Attempts made, from 1. */
  readonly attempt: number;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** When the call as a whole runs out of time, in monotonic milliseconds; `Infinity`: never. */
  readonly until: number;
  /** The wait before this attempt; 0 for the first. */
  readonly previousDelay: number;
  /** Whether making the call twice does what making it once does. */
  readonly idempotent: boolean;
  readonly random: () => number;
}

/** {@link RetryOptions}, checked and filled in: decides about the next attempt. */
export class RetryPlan {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly maxRetryAfterMs: number;
  readonly jitter: Jitter;
  readonly #retryable: RetryOptions["retryable"];

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(
    where: string,
    options: RetryOptions<never>,
    read: ReadTunable,
    /** Kept when a knob changes, for it counts. */
    readonly budget: RetryBudget | undefined,
  ) {
    onlyKnown(options, where, RETRY_OPTIONS);
    this.attempts = integer(read<number>(options.attempts ?? DEFAULT_ATTEMPTS), `${where}.attempts`, 1, 100);
    this.backoffMs = milliseconds(read<Duration>(options.backoff ?? DEFAULT_BACKOFF), `${where}.backoff`);
    const longest = options.maxBackoff === undefined ? undefined : read<Duration>(options.maxBackoff);
    this.maxBackoffMs =
      longest === undefined
        ? Math.max(this.backoffMs, milliseconds(DEFAULT_MAX_BACKOFF, where))
        : milliseconds(longest, `${where}.maxBackoff`, this.backoffMs);
    this.maxRetryAfterMs = milliseconds(options.maxRetryAfter ?? DEFAULT_MAX_RETRY_AFTER, `${where}.maxRetryAfter`);
    this.jitter = oneOf(options.jitter ?? "full", `${where}.jitter`, ["full", "decorrelated", "none"]);
    if (options.retryable !== undefined && typeof options.retryable !== "function")
      throw new ConfigError(`${where}.retryable`, options.retryable, "a function");
    this.#retryable = options.retryable;
  }

  /** How many milliseconds to wait before trying again, or why not to. Takes from the budget when it says to. */
  next(failure: Failure, now: RetrySituation): number | RetryStop {
    if (!this.worthwhile(failure, now.attempt, now.idempotent)) return "not_retryable";
    if (now.attempt >= this.attempts) return "exhausted";
    const { jitter, backoffMs, maxBackoffMs } = this;
    const wait = backoff(jitter, backoffMs, maxBackoffMs, now.attempt, now.previousDelay, now.random);
    const delay = Math.max(wait, Math.min(failure.retryAfterMs ?? 0, this.maxRetryAfterMs));
    if (now.now + delay >= now.until) return "deadline";
    return this.budget === undefined || this.budget.take(now.now) ? delay : "budget";
  }

  /** Whether another attempt could help at all, and does no harm. */
  worthwhile(failure: Failure, attempt: number, idempotent: boolean): boolean {
    // What was refused did nothing, so it may be sent again even if it does something else the second time.
    if (!idempotent && !failure.refused) return false;
    const { outcome, retryAfterMs } = failure;
    if (this.#retryable !== undefined)
      return this.#retryable(failure.error, { attempt, outcome, retryAfterMs, value: failure.bad?.value });
    if (outcome === "rejected") return retryAfterMs !== undefined && retryAfterMs <= this.maxRetryAfterMs;
    return outcome === "failure";
  }
}

const RETRY_OPTIONS = [
  "attempts",
  "backoff",
  "maxBackoff",
  "jitter",
  "maxRetryAfter",
  "budget",
  "retryable",
] as const satisfies readonly (keyof RetryOptions)[];

/** The budget that options ask for: the one given, one of its own, or none. */
export function budgetOf(budget: RetryOptions["budget"], where: string): RetryBudget | undefined {
  if (budget === false) return undefined;
  return budget instanceof RetryBudget ? budget : new RetryBudget(budget, `${where}.budget`);
}
