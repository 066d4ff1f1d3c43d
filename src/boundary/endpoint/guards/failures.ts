import { isKeelsonError } from "../../../core/errors.js";
import type { LimitDecision } from "../../../kernel/limit/limit.js";
import type { ActiveCall } from "../call.js";
import type { LimiterUse } from "../parts.js";
import type { Guard } from "../plan.js";
import { bound, contextFor, refusal } from "./limit.js";

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
    return (call) => {
      const decision = this.#take(call, 0);
      return decision instanceof Promise
        ? decision.then((settled) => this.#admit(call, settled, check))
        : this.#admit(call, decision, check);
    };
  }

  #take(call: ActiveCall, cost: number): LimitDecision | Promise<LimitDecision> {
    return bound(call, this.#limiter).take(call.client, cost, contextFor(call));
  }

  #admit(call: ActiveCall, decision: LimitDecision, check: Guard): undefined | Promise<undefined> {
    if (!decision.allowed || (decision.remaining < 1 && decision.source !== "open"))
      throw refusal(this.#limiter.name, {
        ...decision,
        retryAfterMs: decision.retryAfterMs > 0 ? decision.retryAfterMs : decision.resetMs,
      });
    try {
      const pending = check(call);
      return pending instanceof Promise ? pending.catch((error: unknown) => this.#failed(call, error)) : pending;
    } catch (error) {
      return this.#failed(call, error);
    }
  }

  #failed(call: ActiveCall, error: unknown): Promise<never> {
    if (!isKeelsonError(error, "unauthenticated")) throw error;
    const counted = this.#take(call, 1);
    if (!(counted instanceof Promise)) throw error;
    return counted.then(() => {
      throw error;
    });
  }
}
