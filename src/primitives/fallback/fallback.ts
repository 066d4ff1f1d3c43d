import type { Context } from "../../core/context.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import { runRules } from "../upstream/rules.js";
import { type FallbackOptions, FallbackPlan } from "./plan.js";

/** What a caller may say about one call. */
export interface FallbackCall {
  /** The caller's own: once it has aborted there is no fallback. */
  readonly signal?: AbortSignal;
  /** Goes into events and to the fallback; its signal counts where the call has none of its own. */
  readonly context?: Context;
}

/** A {@link Fallback} as plain data. */
export interface FallbackSnapshot {
  readonly calls: number;
  /** How often the fallback was asked. */
  readonly used: number;
}

const classify = runRules().error;

/**
 * Answers in place of an error: only where the kind of error is named, and never when the caller has left.
 *
 * @example
 * const rates = new Fallback("rates", { on: ["failure", "rejected"], use: () => lastKnown });
 * const today = await rates.run(() => fetchRates());
 */
export class Fallback<F> {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #plan: FallbackPlan<F>;
  readonly #counts = { calls: 0, used: 0 };

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: FallbackOptions<F>, rt: Runtime = runtime()) {
    this.name = name;
    this.#rt = rt;
    this.#plan = new FallbackPlan(`fallback(${JSON.stringify(name)})`, options);
  }

  /**
   * Runs a function, and the fallback where it throws what that is for.
   *
   * @throws what the function throws where the fallback is not for it; the fallback's own error
   */
  async run<T>(fn: () => T | PromiseLike<T>, call: FallbackCall = {}): Promise<T | F> {
    this.#counts.calls++;
    const context = call.context ?? this.#rt.currentContext?.();
    const signal = call.signal ?? context?.signal;
    try {
      return await fn();
    } catch (error) {
      signal?.throwIfAborted();
      const outcome = classify(error);
      if (!this.#plan.covers(outcome, error)) throw error;
      this.#counts.used++;
      const { name } = this;
      const { events } = this.#rt;
      if (events.wants("fallback.used")) events.emit("fallback.used", { name, context, error });
      return this.#plan.answer(error, { name, outcome, context, signal });
    }
  }

  /** Counts so far. */
  snapshot(): FallbackSnapshot {
    return { ...this.#counts };
  }
}
