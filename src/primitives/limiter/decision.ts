import type { StoreFailureCause } from "../../core/store.js";
import type { LimitDecision } from "../../kernel/limit/limit.js";

/** What a limiter decides. */
export interface Decision extends LimitDecision {
  /** Why the store could not decide, where it couldn't. */
  readonly reason?: StoreFailureCause;
}
