/** How many of the latest durations are remembered. */
const REMEMBERED = 128;
/** The quantile is found again after so many new durations: sorting at every call would cost more than it tells. */
const STALE_AFTER = 16;

/** A quantile of the latest durations. */
export class LatencyQuantile {
  readonly #durations = new Float64Array(REMEMBERED);
  readonly #quantile: number;
  #recorded = 0;
  #found = 0;
  #foundAt = 0;

  /** @param quantile from 0 up to 1 */
  constructor(quantile: number) {
    this.#quantile = quantile;
  }

  /** How many durations were recorded, ever. */
  get recorded(): number {
    return this.#recorded;
  }

  record(ms: number): void {
    this.#durations[this.#recorded++ % REMEMBERED] = ms;
  }

  /** The quantile in milliseconds, as of at most 16 durations ago; 0 before the first. */
  value(): number {
    if (this.#recorded > 0 && (this.#foundAt === 0 || this.#recorded - this.#foundAt >= STALE_AFTER)) {
      const sorted = this.#durations.slice(0, Math.min(this.#recorded, REMEMBERED)).sort();
      this.#found = sorted[Math.ceil(sorted.length * this.#quantile) - 1] ?? 0;
      this.#foundAt = this.#recorded;
    }
    return this.#found;
  }
}
