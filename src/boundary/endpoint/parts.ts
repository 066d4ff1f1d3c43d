import type { Bindable, Capabilities } from "../../core/binding.js";
import type { Context } from "../../core/context.js";
import type { MaybePromise } from "../../core/store.js";
import type { LimitDecision } from "../../kernel/limit/limit.js";

/** What the guards ask of a limiter that is bound to this call. */
export interface LimiterCalls {
  readonly name: string;
  take(key: string, cost?: number, context?: Context): MaybePromise<LimitDecision>;
  readonly policy: { readonly name: string; readonly limit: number; readonly windowMs: number };
}

/** A limiter's definition. */
export type LimiterUse = Bindable<Capabilities & { act: LimiterCalls }>;
