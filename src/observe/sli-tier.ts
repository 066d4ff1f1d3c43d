/**
 * A ring of rows, one for each stretch of time of equal length, the newest at `index`. A row is `[bad, …latency
 * counts]`; the calls that count are the sum of its latencies.
 */
export class SliTier {
  readonly stretchMs: number;
  readonly #rows: number;
  readonly #width: number;
  readonly #counts: Uint32Array;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(stretchMs: number, rows: number, width: number) {
    this.stretchMs = stretchMs;
    this.#rows = rows;
    this.#width = width;
    this.#counts = new Uint32Array(rows * width);
  }

  /** The row that `now` falls into, emptied if time has gone past it. Time that went back stays in the newest row. */
  row(now: number): Uint32Array {
    const index = Math.max(Math.floor(now / this.stretchMs), this.#newest);
    const stale = Math.min(index - this.#newest, this.#rows);
    for (let age = 0; age < stale; age++) this.#at(index - age).fill(0);
    this.#newest = index;
    return this.#at(index);
  }

  /** Adds up the rows that reach past `since`; call {@link row} with the present time before. */
  sum(since: number, into: Float64Array): void {
    const oldest = Math.max(Math.floor(since / this.stretchMs), this.#newest - this.#rows + 1);
    for (let index = oldest; index <= this.#newest; index++) addRow(this.#at(index), into);
  }

  #at(index: number): Uint32Array {
    // The remainder of a negative index is negative: clocks may start anywhere.
    const start = (((index % this.#rows) + this.#rows) % this.#rows) * this.#width;
    return this.#counts.subarray(start, start + this.#width);
  }
}

/** Adds one row to another. */
export function addRow(row: ArrayLike<number>, into: Uint32Array | Float64Array): void {
  for (let i = 0; i < row.length; i++) into[i] = (into[i] as number) + (row[i] as number);
}
