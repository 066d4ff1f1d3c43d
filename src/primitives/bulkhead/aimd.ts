import type { CallOutcome } from "../outcome.js";

/** What an {@link Aimd} goes by. */
export interface AimdConfig {
  readonly min: number;
  readonly max: number;
  /** What the limit is multiplied by at a drop. */
  readonly decrease: number;
  /** A success that took longer is a drop; `Infinity`: none is. */
  readonly dropOverMs: number;
}

/**
 * Additive increase, multiplicative decrease: finds how many calls at a time a callee can take, as TCP finds how many
 * segments a path can (RFC 5681), and with the sampling rules of Netflix's concurrency-limits (AIMDLimit).
 *
 * - A success raises the limit by its share of it, so by one for each round of calls, unless fewer than half of the slots
 *   are in use: then it says nothing about a higher limit.
 * - A drop (a time-out, a 429, a success slower than `dropOverMs`) lowers it by `decrease`, once for each round: the
 *   other calls that were in flight then were let in by the old limit and say nothing about the new one.
 * - Any other failure, and what was ignored, cancelled or rejected, is no sample: it ended too soon to tell.
 */
export class Aimd {
  readonly #config: AimdConfig;
  #limit: number;
  /** Slots of calls that began before the last decrease and have yet to settle. */
  #oldSlots = 0;

  constructor(config: AimdConfig, limit: number) {
    this.#config = config;
    this.#limit = limit;
  }

  /** Whole calls. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Takes in a call of `weight` that settled while `inFlight` slots were taken, its own included; answers the limit. */
  sample(outcome: CallOutcome, inFlight: number, durationMs: number, dropped: boolean, weight = 1): number {
    const { min, max, decrease, dropOverMs } = this.#config;
    const old = this.#oldSlots > 0;
    if (old) this.#oldSlots = Math.max(0, this.#oldSlots - weight);
    if (outcome !== "success" && outcome !== "failure") return this.limit;
    if (dropped || (outcome === "success" && durationMs > dropOverMs)) {
      if (!old) {
        this.#limit = Math.max(min, this.#limit * decrease);
        this.#oldSlots = inFlight - weight;
      }
    } else if (outcome === "success" && inFlight >= this.#limit / 2) {
      this.#limit = Math.min(max, this.#limit + weight / this.#limit);
    }
    return this.limit;
  }
}
