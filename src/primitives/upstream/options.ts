import { ConfigError, onlyKnown } from "../../core/config.js";
import type { Context, Priority } from "../../core/context.js";
import type { Duration } from "../../core/duration.js";
import type { Tunable } from "../../core/runtime.js";
import type { MaybePromise } from "../../core/store.js";
import { Breaker } from "../breaker/breaker.js";
import type { BreakerOptions } from "../breaker/options.js";
import type { BulkheadOptions } from "../bulkhead/options.js";
import type { FallbackOptions } from "../fallback/plan.js";
import type { HedgeOptions } from "../hedge/plan.js";
import type { RetryOptions } from "../retry/plan.js";

/**
 * How to call an upstream. Nothing is on that isn't named, and `false` is the same as left out.
 *
 * `K` is the type of the knobs that tunable options are functions of, `F` what the fallback answers.
 */
export interface UpstreamOptions<K = Record<string, never>, F = never> {
  /** How long a call may take in all: waits, retries and queueing included. */
  readonly timeout?: Tunable<K, Duration>;
  /** How long one attempt may take, from when it has its place in the bulkhead. For `fetch`: until the headers are there. */
  readonly attemptTimeout?: Tunable<K, Duration>;
  readonly retry?: RetryOptions<K> | false;
  /** Stands where `retry` does: an upstream has one or the other. */
  readonly hedge?: HedgeOptions<K> | false;
  /** A breaker of its own, or one that is shared. Errors and results are classified by `classify`, for all parts alike. */
  readonly breaker?: UpstreamBreakerOptions<K> | Breaker | false;
  readonly bulkhead?: BulkheadOptions<K> | false;
  /** Asked before every attempt, with the upstream's name as its key. */
  readonly limiter?: UpstreamLimiter;
  readonly fallback?: FallbackOptions<F>;
  readonly classify?: Classification;
  /** For {@link Upstream.fetch}. */
  readonly http?: HttpOptions;
}

/** A breaker's options; what counts as a failure is said in {@link Classification}. */
export type UpstreamBreakerOptions<K = Record<string, never>> = Omit<BreakerOptions<K>, "ignore" | "isFailure">;

/** What an upstream needs of a limiter. A {@link Limiter} is one. */
export interface UpstreamLimiter {
  take(
    key: string,
    cost?: number,
    context?: Context,
  ): MaybePromise<{ readonly allowed: boolean; readonly retryAfterMs: number; readonly source: string }>;
}

/** How an outcome counts, for breaker, retry, bulkhead and indicators alike. */
export interface Classification {
  /** For `run`. Default: every value is a success. A bad value is retried; the last one is returned. */
  readonly result?: (value: unknown) => "success" | "failure" | "ignored";
  /**
   * Default: `ignored` for an error that has a 4xx `status` or `statusCode` other than 408 and 429, for then the
   * request was at fault; `rejected` for refusals by another of Keelson's policies; otherwise `failure`.
   */
  readonly error?: (error: unknown) => "failure" | "ignored" | "rejected";
  /** For `fetch`. Default: `failure` for 408, 429 and 5xx, `ignored` for other 4xx, otherwise `success`. */
  readonly response?: (response: Response) => "success" | "failure" | "ignored";
  /** Milliseconds that an error asks us to stay away. Default: its `retryAfterMs`. */
  readonly retryAfter?: (error: unknown) => number | undefined;
}

/** See {@link Upstream.fetch}. */
export interface HttpOptions {
  /** In place of the global one. */
  readonly fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** What to do with a response that counts as a failure when there is no further attempt. Default `"throw"`. */
  readonly badStatus?: "throw" | "return";
  /** Methods that may be sent twice, beside GET, HEAD, OPTIONS, TRACE, PUT and DELETE (RFC 9110, 9.2.2). */
  readonly idempotentMethods?: readonly string[];
  /** How long a body may take once its headers are there. Default: as long as it wants. */
  readonly bodyTimeout?: Duration;
}

/** What a caller may say about one call. */
export interface UpstreamCall {
  /** The caller's own: when it aborts, the call ends at once and rejects with its reason. */
  readonly signal?: AbortSignal;
  /** When the caller stops waiting, in milliseconds of the clock's `monotonic()`. */
  readonly deadline?: number;
  /** Goes into events and to the limiter. Its signal counts too; its deadline and priority where the call has none. */
  readonly context?: Context;
  /** The place in the bulkhead's queue. Default `"normal"`. */
  readonly priority?: Priority;
  /** Whether doing it twice is the same as doing it once. Default true; for `fetch`, by method and `Idempotency-Key`. */
  readonly idempotent?: boolean;
}

/** What a function that calls an upstream gets. */
export interface Attempt {
  /** Aborts when this attempt is given up. Made when first read: a callee that needs none has none to pay for. */
  readonly signal: AbortSignal;
  /** From 1. A hedge is an attempt too. */
  readonly attempt: number;
  /** When this attempt runs out of time, in milliseconds of the clock's `monotonic()`; `Infinity`: never. */
  readonly deadline: number;
  readonly context: Context | undefined;
}

const OPTIONS = [
  "timeout",
  "attemptTimeout",
  "retry",
  "hedge",
  "breaker",
  "bulkhead",
  "limiter",
  "fallback",
  "classify",
  "http",
] as const satisfies readonly (keyof UpstreamOptions)[];

/**
 * Checks what isn't checked by the parts themselves.
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function checkUpstream(where: string, options: UpstreamOptions<never, unknown>): void {
  onlyKnown(options, where, OPTIONS);
  const { retry, hedge, breaker, limiter, classify = {} } = options;
  if (hedge && retry) throw new ConfigError(`${where}.hedge`, hedge, "only without `retry`: it stands in its place");
  if (breaker && !(breaker instanceof Breaker)) {
    for (const option of ["ignore", "isFailure"]) {
      if (option in breaker) throw new ConfigError(`${where}.breaker.${option}`, option, "to be said in `classify`");
    }
  }
  if (limiter !== undefined && typeof limiter?.take !== "function")
    throw new ConfigError(`${where}.limiter`, limiter, "a limiter");
  onlyKnown(classify, `${where}.classify`, ["result", "error", "response", "retryAfter"]);
  for (const [name, predicate] of Object.entries(classify)) {
    if (typeof predicate !== "function") throw new ConfigError(`${where}.classify.${name}`, predicate, "a function");
  }
}
