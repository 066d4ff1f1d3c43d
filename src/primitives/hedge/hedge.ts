import { type Runtime, runtime } from "../../core/runtime.js";
import type { Attempt, UpstreamCall } from "../upstream/options.js";
import { Upstream } from "../upstream/upstream.js";
import type { HedgeOptions } from "./plan.js";

/**
 * Sends a second call when the first takes longer than most do, or has failed, and takes the first acceptable answer:
 * an upstream with nothing but a `hedge`. Only for what does the same when it is done twice.
 *
 * @example
 * const nearest = new Hedge("nearest", { delay: "80ms" });
 * const place = await nearest.run(({ signal }) => lookup(ip, signal));
 */
export class Hedge {
  readonly name: string;
  readonly #upstream: Upstream;

  /** @throws {ConfigError} naming the option that is wrong, as that of an upstream */
  constructor(name: string, options: HedgeOptions<never> = {}, rt: Runtime = runtime()) {
    this.name = name;
    this.#upstream = new Upstream(name, { hedge: options }, rt);
  }

  /**
   * Runs a function, perhaps twice.
   *
   * @throws {AggregateError} of both errors when both failed; otherwise what the function throws, or the caller's
   * reason to abort
   */
  run<T>(fn: (attempt: Attempt) => T | PromiseLike<T>, call?: UpstreamCall): Promise<T> {
    return this.#upstream.run(fn, call);
  }

  /** Counts and configuration in effect. */
  snapshot(): ReturnType<Upstream["snapshot"]> {
    return this.#upstream.snapshot();
  }
}
