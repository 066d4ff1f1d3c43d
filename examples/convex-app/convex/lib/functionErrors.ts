import { ConvexError } from "convex/values";
import { type ErrorCode, type FunctionError, KeelsonError, taxonomy } from "keelson";
import { isConflict } from "keelson/convex";

/** A conflict is over soon: others have written what this call wanted to. */
const AGAIN_MS = 1_000;

/** The error that a guarded function has thrown, as another function gets it: with its code, and how long to wait. */
export function functionErrorOf(error: unknown): KeelsonError | undefined {
  if (isConflict(error))
    return new KeelsonError("unavailable", "Others kept writing the same documents", {
      retryAfterMs: AGAIN_MS,
      cause: error,
    });
  if (!(error instanceof ConvexError)) return undefined;
  const { code, message, retryAfterMs } = error.data as Partial<FunctionError>;
  if (typeof code !== "string" || !Object.hasOwn(taxonomy, code)) return undefined;
  return new KeelsonError(code as ErrorCode, message, {
    ...(message !== undefined && { detail: message }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: error,
  });
}

/**
 * Calls a function of this app from an action and hands its errors on as what they are; a conflict, which shows where
 * its transaction was to be committed, is no mistake of ours.
 */
export async function called<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw functionErrorOf(error) ?? error;
  }
}
