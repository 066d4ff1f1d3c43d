import { isKeelsonError } from "../../../core/errors.js";
import type { LimiterOptions } from "../../../primitives/limiter/options.js";
import type { ActiveCall } from "../call.js";
import type { LimiterUse } from "../parts.js";
import type { Guard } from "../stage.js";
import { bound, refusal } from "./limit.js";

/** What limits failed credentials where nothing was said: ample for a person, far too few for guessing. */
export const DEFAULT_FAILURE_LIMIT: LimiterOptions = { algorithm: "gcra", limit: 30, per: "1m" };

/**
 * Limits failed credentials by client. A client that has none left is refused before its credentials are looked at,
 * so that a right guess after too many wrong ones does not get in either. Attempts that run at the same time are all
 * let through to be checked, and all counted.
 */
export class FailureLimit {
  readonly #limiter: LimiterUse;

  constructor(limiter: LimiterUse) {
    this.#limiter = limiter;
  }

  /** Runs a guard that checks credentials; what it refuses is counted. */
  around(check: Guard): Guard {
    return async (call): Promise<undefined> => {
      const limiter = bound(call, this.#limiter);
      const decision = await limiter.peek(call.client);
      if (!decision.allowed) throw refusal(limiter.name, decision);
      try {
        await check(call);
      } catch (error) {
        await this.#count(call, error);
        throw error;
      }
    };
  }

  async #count(call: ActiveCall, error: unknown): Promise<void> {
    // What broke on our side says nothing about the credentials.
    if (isKeelsonError(error, "unauthenticated")) await bound(call, this.#limiter).check(call.client);
  }
}
