import type { Use } from "../core/binding.js";
import { ConfigError } from "../core/config.js";
import type { Context } from "../core/context.js";
import { KeelsonError } from "../core/errors.js";
import { takeAll } from "../primitives/limiter/take-all.js";
import { isUnlimited, type Unlimited } from "./declare.js";
import type { LimiterUse } from "./endpoint/parts.js";

/** One limit of a function boundary. */
export interface FunctionLimit<in S> {
  readonly limiter: LimiterUse;
  /** What is counted. An empty key is an error of this function, and nothing is let through. */
  readonly by: (call: S) => string;
  /** Units that one call takes. Default 1. */
  readonly cost?: number;
}

/** Limits, or the reason why there are none. */
export type FunctionLimits<S> = readonly [FunctionLimit<S>, ...FunctionLimit<S>[]] | Unlimited;

/**
 * Takes from all limits or none: a refused call consumes nothing.
 *
 * @throws {KeelsonError} `rate_limit`; `unavailable` where a limiter that can't reach its store lets nothing through
 */
export async function takeLimits<S extends { readonly context: Context; readonly use: Use<"act"> }>(
  limits: FunctionLimits<S>,
  call: S,
  where: string,
): Promise<void> {
  if (isUnlimited(limits)) return;
  const takes = limits.map(({ limiter, by, cost = 1 }, index) => {
    const key = by(call);
    if (typeof key === "string" && key !== "") return { limiter: call.use(limiter), key, cost };
    throw new ConfigError(`${where}.limits[${index}].by`, key, "a function that returns a key");
  });
  const { allowed, decisions, retryAfterMs } = await takeAll(takes, call.context);
  if (allowed) return;
  // A limit that is reached is the caller's to know; a store that failed comes second.
  const reached = decisions.some((decision) => !decision.allowed && decision.source !== "closed");
  throw new KeelsonError(reached ? "rate_limit" : "unavailable", `${where}: a limit refused`, {
    retryAfterMs,
    source: where,
  });
}
