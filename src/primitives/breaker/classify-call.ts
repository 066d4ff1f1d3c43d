import { type ErrorCode, isKeelsonError } from "../../core/errors.js";
import type { CallOutcome } from "../outcome.js";

/** Codes of errors by which one of our own policies kept a call from its callee. */
const OWN_REJECTIONS: readonly ErrorCode[] = [
  "upstream_circuit_open",
  "upstream_bulkhead_full",
  "queue_saturated",
  "rate_limit",
  "unavailable",
];

/**
 * What an error says about the callee, for a policy that is used on its own. Cancelled only if the caller's own signal
 * has aborted; rejected if another of our policies threw it.
 */
export function outcomeOfError(
  error: unknown,
  signal: AbortSignal | undefined,
  ignore: ((error: unknown) => boolean) | undefined,
): CallOutcome {
  if (signal?.aborted === true) return "cancelled";
  if (isKeelsonError(error) && OWN_REJECTIONS.includes(error.code)) return "rejected";
  return ignore?.(error) === true ? "ignored" : "failure";
}

/** The `retryAfterMs` that an error carries, if it does. */
export function retryAfterOf(error: unknown): number | undefined {
  try {
    const hint = (error as { retryAfterMs?: unknown } | null | undefined)?.retryAfterMs;
    return typeof hint === "number" ? hint : undefined;
  } catch {
    // Its getter throws: no hint, and the call is settled all the same.
    return undefined;
  }
}
