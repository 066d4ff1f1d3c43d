import { ConfigError, onlyKnown } from "../../core/config.js";
import type { Context } from "../../core/context.js";
import { isKeelsonError, KeelsonError } from "../../core/errors.js";
import type { CallOutcome } from "../outcome.js";

/**
 * What a fallback stands in for. `failure`: the callee failed or didn't answer in time; `timeout`: only the latter;
 * `rejected`: one of our own policies refused the call; `ignored`: an error that says nothing about the callee.
 * A caller who aborts gets no fallback.
 */
export type FallbackCase = "failure" | "timeout" | "rejected" | "ignored";

/** What to answer in place of an error. */
export interface FallbackOptions<F> {
  /** What it stands in for: named, so that nothing is hidden by accident. */
  readonly on: readonly FallbackCase[];
  /** Makes the answer. Its own error reaches the caller, with the call's error as `cause`. */
  readonly use: (error: unknown, call: FailedCall) => F | PromiseLike<F>;
}

/** What a fallback is told about the call. */
export interface FailedCall {
  readonly name: string;
  readonly outcome: CallOutcome;
  readonly context: Context | undefined;
  /** The caller's own signal, where it gave one. */
  readonly signal: AbortSignal | undefined;
}

const CASES = ["failure", "timeout", "rejected", "ignored"] as const;

/** {@link FallbackOptions}, checked. */
export class FallbackPlan<F> {
  readonly #on: ReadonlySet<FallbackCase>;
  readonly #use: FallbackOptions<F>["use"];

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(where: string, options: FallbackOptions<F>) {
    onlyKnown(options, where, ["on", "use"]);
    if (!Array.isArray(options.on) || options.on.length === 0 || !options.on.every((name) => CASES.includes(name)))
      throw new ConfigError(`${where}.on`, options.on, `a list of ${CASES.join(", ")}`);
    if (typeof options.use !== "function") throw new ConfigError(`${where}.use`, options.use, "a function");
    this.#on = new Set(options.on);
    this.#use = options.use;
  }

  covers(outcome: CallOutcome, error: unknown): boolean {
    if (outcome === "success" || outcome === "cancelled") return false;
    return this.#on.has(outcome) || (this.#on.has("timeout") && isKeelsonError(error, "upstream_timeout"));
  }

  /** @throws the fallback's own error, which carries the call's as its `cause` */
  async answer(error: unknown, call: FailedCall): Promise<F> {
    try {
      return await this.#use(error, call);
    } catch (own) {
      throw withCause(own, error, call.name);
    }
  }
}

/** The fallback's own error with the call's as its cause; both within another where it has a cause, or can't have one. */
function withCause(own: unknown, error: unknown, name: string): unknown {
  if (own === error) return own;
  if (own instanceof Error && own.cause === undefined && Object.isExtensible(own)) {
    Object.defineProperty(own, "cause", { value: error, configurable: true, writable: true });
    return own;
  }
  return new KeelsonError("upstream_failed", `the fallback of "${name}" failed`, {
    cause: new AggregateError([own, error], "the fallback's own error, and the one it stood in for"),
  });
}
