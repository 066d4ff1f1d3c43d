import { ConvexError } from "convex/values";
import { type ErrorCode, type FunctionError, KeelsonError } from "keelson";

/** The error that a guarded function has thrown, as another function gets it: with its code, and how long to wait. */
export function functionErrorOf(error: unknown): KeelsonError | undefined {
  if (!(error instanceof ConvexError)) return undefined;
  const { code, message, retryAfterMs } = error.data as Partial<FunctionError>;
  if (typeof code !== "string") return undefined;
  return new KeelsonError(code as ErrorCode, message, {
    ...(message !== undefined && { detail: message }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: error,
  });
}

/** Calls a guarded function of this app and hands its errors on as what they are. */
export async function called<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw functionErrorOf(error) ?? error;
  }
}
