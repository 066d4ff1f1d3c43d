import type { Bindable, Capabilities } from "../../core/binding.js";
import type { Limiter } from "../../primitives/limiter/limiter.js";
import type { LimiterOptions } from "../../primitives/limiter/options.js";

/** A limiter as an endpoint's options name it: the definition, which each call binds to where it is. */
export type LimiterUse = Bindable<Capabilities & { readonly act: Limiter }>;

/** Defines a limiter that an endpoint needs and was not given. */
export type DefineLimiter = (name: string, options: LimiterOptions) => LimiterUse;
