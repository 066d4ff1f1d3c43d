import { outcomeOfError } from "../breaker/classify-call.js";
import { retryAfterOf } from "../retry/failure.js";
import type { Classification } from "./options.js";

/** How the outcomes of one kind of call are read: those of `run`, or those of `fetch`. */
export interface Rules {
  /** Left out: every value is a success. */
  readonly result: ((value: never) => "success" | "failure" | "ignored") | undefined;
  error(error: unknown): "failure" | "ignored" | "rejected";
  /** How long a bad value or an error asks us to stay away, in milliseconds. */
  retryAfter(error: unknown, bad: { readonly value: unknown } | undefined): number | undefined;
  /** Whether the callee says it had too much to do, and did nothing (429). */
  refused(error: unknown, bad: { readonly value: unknown } | undefined): boolean;
  /** Makes the error that the caller gets for a bad value. Left out: the caller gets the value. */
  readonly surface: ((value: never) => unknown) | undefined;
}

/** The rules of `run`. */
export function runRules(classify: Classification = {}): Rules {
  return {
    result: classify.result,
    error: classify.error ?? outcomeByStatus,
    retryAfter: (error) => (classify.retryAfter ?? retryAfterOf)(error),
    refused: (error) => statusOf(error) === 429,
    surface: undefined,
  };
}

/** A status that says the callee is unwell or busy, not that the request was wrong. */
export function isBadStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

function outcomeByStatus(error: unknown): "failure" | "ignored" | "rejected" {
  return outcomeOfError(error, undefined, isCallersFault) as "failure" | "ignored" | "rejected";
}

function isCallersFault(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && !isBadStatus(status);
}

/** The status that SDKs, and Keelson, put on their errors. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  const found = status ?? statusCode;
  return typeof found === "number" ? found : undefined;
}
