import type { Bindable, Capabilities } from "../../core/binding.js";
import type { Idempotency } from "../../primitives/idempotency/idempotency.js";
import type { Limiter } from "../../primitives/limiter/limiter.js";
import type { LimiterOptions } from "../../primitives/limiter/options.js";

/** A limiter as an endpoint's options name it: the definition, which each call binds to where it is. */
export type LimiterUse = Bindable<Capabilities & { readonly act: Limiter }>;

/** Defines a limiter that an endpoint needs and was not given. */
export type DefineLimiter = (name: string, options: LimiterOptions) => LimiterUse;

/** How an endpoint uses an idempotency guard. */
export interface IdempotencyUse<in S> {
  readonly guard: Bindable<Capabilities & { readonly act: Idempotency }>;
  /** Whether a request without an `Idempotency-Key` is refused. Default false: it is carried out every time. */
  readonly required?: boolean;
  /** Whose keys they are. Default: the principal's `id`; where anyone may call, the client. */
  readonly by?: (call: S) => string;
  /**
   * What becomes of a failure that may have come after something was done: a 500, 502 or 504. `keep`: it is the answer
   * to every request with this key; `forget`: the request can be carried out again. Default `keep`.
   */
  readonly onFailure?: "keep" | "forget";
}
