import { ConfigError } from "../core/config.js";
import type { Context } from "../core/context.js";
import { KeelsonError } from "../core/errors.js";
import type { MaybePromise } from "../core/store.js";
import type { LimitDecision } from "../kernel/limit/limit.js";
import { isUnlimited, type Unlimited } from "./declare.js";

/** What a function boundary asks of a limiter. */
export interface FunctionLimiter {
  readonly name: string;
  take(key: string, cost?: number, context?: Context): MaybePromise<LimitDecision>;
  refund(key: string, cost?: number, at?: number): MaybePromise<unknown>;
}

/** One limit of a function boundary. */
export interface FunctionLimit<in S> {
  readonly limiter: FunctionLimiter;
  /** What is counted. An empty key is an error of this function, and nothing is let through. */
  readonly by: (call: S) => string;
  /** Units that one call takes. Default 1. */
  readonly cost?: number;
}

/** Limits, or the reason why there are none. */
export type FunctionLimits<S> = readonly [FunctionLimit<S>, ...FunctionLimit<S>[]] | Unlimited;

/**
 * Takes from every limit in turn. When one refuses, what the earlier ones gave is handed back: a refused call
 * consumes nothing.
 *
 * @throws {KeelsonError} `rate_limit`; `unavailable` where a limiter that can't reach its store lets nothing through
 */
export async function takeLimits<S extends { readonly context: Context }>(
  limits: FunctionLimits<S>,
  call: S,
  where: string,
): Promise<void> {
  if (isUnlimited(limits)) return;
  const given: { limit: FunctionLimit<S>; key: string; at: number }[] = [];
  for (const limit of limits) {
    const key = limit.by(call);
    const decision =
      typeof key === "string" && key !== "" ? await limit.limiter.take(key, limit.cost ?? 1, call.context) : undefined;
    if (decision?.allowed) {
      if (decision.source === "store" || decision.source === "local") given.push({ limit, key, at: decision.at });
      continue;
    }
    await Promise.all(given.map((taken) => taken.limit.limiter.refund(taken.key, taken.limit.cost ?? 1, taken.at)));
    if (decision === undefined) throw new ConfigError(`${where}.limits[].by`, key, "a function that returns a key");
    throw new KeelsonError(
      decision.source === "closed" ? "unavailable" : "rate_limit",
      `limiter ${limit.limiter.name} refused (${decision.source})`,
      { retryAfterMs: decision.retryAfterMs, source: `limiter:${limit.limiter.name}` },
    );
  }
}
