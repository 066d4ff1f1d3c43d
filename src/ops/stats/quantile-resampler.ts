import { nearestRank } from "./quantile.js";

/** The values from some rank on: their places among each other, in time order, and how many come before each moment. */
interface View {
  readonly from: number;
  readonly places: Uint32Array;
  readonly before: Uint32Array;
  /** How often each was drawn. */
  readonly counts: Uint32Array;
}

/**
 * Draws a quantile again and again from moving blocks of one sample (H. R. Künsch, The Jackknife and the Bootstrap for
 * General Stationary Observations, Annals of Statistics 17, 1989): runs of `blockLength` values that followed each other
 * in time, so that waves of load stay waves.
 *
 * Fast, for nothing is sorted twice: a resample counts how often each rank was drawn, and walks the counts down from the
 * top. For a p95 only the upper ranks are counted at all; the rare resample that reaches below them is counted in full.
 */
export class QuantileResampler {
  readonly #sorted: Float64Array;
  readonly #blockLength: number;
  /** From the top: the so-manyeth largest value is the quantile. */
  readonly #fromTop: number;
  readonly #starts: Uint32Array;
  readonly #tail: View;
  readonly #all: View;

  /** @param values in time order, finite, at least one; `blockLength` from 1 to as many as there are */
  constructor(values: Float64Array, q: number, blockLength: number) {
    const n = values.length;
    const order = Uint32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
    const ranks = new Uint32Array(n);
    for (const [rank, at] of order.entries()) ranks[at] = rank;
    this.#sorted = Float64Array.from(order, (at) => values[at] as number);
    this.#blockLength = blockLength;
    this.#fromTop = n - nearestRank(n, q) + 1;
    this.#starts = new Uint32Array(Math.ceil(n / blockLength));
    // Twice as many as the quantile is expected to need, and some for small samples.
    this.#tail = view(ranks, Math.max(0, n - 2 * this.#fromTop - 20));
    this.#all = view(ranks, 0);
  }

  /** The quantile of the sample as it is. */
  get observed(): number {
    return this.#sorted[this.#sorted.length - this.#fromTop] as number;
  }

  /** The quantile of one resample. */
  draw(random: () => number): number {
    const starts = this.#starts;
    const choices = this.#sorted.length - this.#blockLength + 1;
    for (let at = 0; at < starts.length; at++) starts[at] = random() * choices;
    return this.#walk(this.#tail) ?? this.#walk(this.#all) ?? this.observed;
  }

  /** Counts what the drawn blocks hold of a view, and walks down to the quantile, if it is in the view. */
  #walk({ from, places, before, counts }: View): number | undefined {
    const starts = this.#starts;
    const length = this.#blockLength;
    // The last block is cut, so that a resample is as large as its sample.
    const whole = starts.length - 1;
    const rest = this.#sorted.length - whole * length;
    let drawn = 0;
    counts.fill(0);
    for (let block = 0; block <= whole; block++) {
      const start = starts[block] as number;
      const to = before[start + (block < whole ? length : rest)] as number;
      const at = before[start] as number;
      drawn += to - at;
      for (let value = at; value < to; value++) {
        const place = places[value] as number;
        counts[place] = (counts[place] as number) + 1;
      }
    }
    if (drawn < this.#fromTop) return undefined;
    let place = counts.length;
    for (let left = this.#fromTop; left > 0; left -= counts[place] as number) place--;
    return this.#sorted[from + place];
  }
}

function view(ranks: Uint32Array, from: number): View {
  const before = new Uint32Array(ranks.length + 1);
  for (const [at, rank] of ranks.entries()) before[at + 1] = (before[at] as number) + (rank >= from ? 1 : 0);
  const places = ranks.filter((rank) => rank >= from).map((rank) => rank - from);
  return { from, places, before, counts: new Uint32Array(places.length) };
}
