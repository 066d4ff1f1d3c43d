import { isKeelsonError } from "../../core/errors.js";
import { discard } from "./discard.js";

/**
 * How an attempt went wrong: an error, or a returned value that counts as a failure.
 *
 * It goes through p-retry in a box, for p-retry takes only instances of Error and stops at some of them (TypeError,
 * its AbortError). Inheriting from Error's prototype without calling Error makes an instance and records no stack,
 * which would cost more than all the rest.
 */
export class Failure {
  constructor(
    readonly outcome: "failure" | "ignored" | "rejected",
    /** What was thrown; for a bad value `undefined`. */
    readonly error: unknown,
    /** How long the callee, or our own policy, asked us to stay away. */
    readonly retryAfterMs: number | undefined,
    /** Whether the callee certainly did nothing: one of our own policies refused the call, or it said so itself (429). */
    readonly refused: boolean,
    /** The bad value, in an object of its own, for it may be `undefined`. */
    readonly bad?: { readonly value: unknown },
  ) {}

  /** Lets go of a bad value that is not handed on. */
  discard(): void {
    if (this.bad !== undefined) discard(this.bad.value);
  }
}
Object.setPrototypeOf(Failure.prototype, Error.prototype);

/** The `retryAfterMs` of a KeelsonError. */
export function retryAfterOf(error: unknown): number | undefined {
  return isKeelsonError(error) ? error.retryAfterMs : undefined;
}
