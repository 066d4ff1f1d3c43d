import { fraction, integer, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import type { RetryBudget, RetryBudgetOptions } from "../retry/budget.js";
import { budgetOf } from "../retry/plan.js";
import { LatencyQuantile } from "./latency.js";

/** The share of calls that settle before a second one is sent. */
export const DEFAULT_HEDGE_QUANTILE = 0.95;
/** Calls that must have been measured before the first hedge. */
export const DEFAULT_WARM_UP = 20;

/** When to send a second call. Only for what does the same when it is done twice. */
export interface HedgeOptions<K = Record<string, never>> {
  /** How long to wait for the first. Default: what `quantile` of the latest calls took. */
  readonly delay?: Tunable<K, Duration>;
  /** Without `delay`: from 0.5 to 0.999. Default 0.95. */
  readonly quantile?: number;
  /** Without `delay`: successes that must have been measured before the first hedge. Default 20. */
  readonly warmUp?: number;
  /** Bounds hedges by a share of the calls; one object may be shared, also with retries. `false`: no bound. Default: 20 %, at least 3 in 10 s. */
  readonly budget?: RetryBudget | RetryBudgetOptions | false;
}

/** What outlives a change of knobs: what was counted and measured. */
export interface HedgeMemory {
  readonly budget: RetryBudget | undefined;
  readonly latency: LatencyQuantile;
}

/** @throws {ConfigError} naming the option that is wrong */
export function hedgeMemory(where: string, options: HedgeOptions<never>): HedgeMemory {
  const quantile = fraction(options.quantile ?? DEFAULT_HEDGE_QUANTILE, `${where}.quantile`, 0.5, 0.999);
  return { budget: budgetOf(options.budget, where), latency: new LatencyQuantile(quantile) };
}

/** {@link HedgeOptions}, checked and filled in. */
export class HedgePlan {
  readonly #delayMs: number | undefined;
  readonly #warmUp: number;
  readonly budget: RetryBudget | undefined;
  readonly latency: LatencyQuantile;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(where: string, options: HedgeOptions<never>, read: ReadTunable, memory: HedgeMemory) {
    onlyKnown(options, where, ["delay", "quantile", "warmUp", "budget"]);
    this.#delayMs =
      options.delay === undefined ? undefined : milliseconds(read<Duration>(options.delay), `${where}.delay`);
    this.#warmUp = integer(options.warmUp ?? DEFAULT_WARM_UP, `${where}.warmUp`, 1);
    this.budget = memory.budget;
    this.latency = memory.latency;
  }

  /** How long to wait for the first call; `undefined` while too few were measured to tell. */
  delayMs(): number | undefined {
    if (this.#delayMs !== undefined) return this.#delayMs;
    return this.latency.recorded < this.#warmUp ? undefined : this.latency.value();
  }
}
