/** What an objective is judged by: calls that count, how many were bad, and how many took longer than they may. */
export interface SloCounts {
  readonly valid: number;
  readonly bad: number;
  readonly slow: number;
}

export const NO_COUNTS: SloCounts = { valid: 0, bad: 0, slow: 0 };

export function plus(a: SloCounts, b: SloCounts): SloCounts {
  return { valid: a.valid + b.valid, bad: a.bad + b.bad, slow: a.slow + b.slow };
}

export function minus(a: SloCounts, b: SloCounts): SloCounts {
  return { valid: a.valid - b.valid, bad: a.bad - b.bad, slow: a.slow - b.slow };
}

const FIELDS = 4;

/** Counts by slots of time of equal length, the last so many of them: a slot that is too old makes room for a new one. */
export class CountRing {
  readonly slotMs: number;
  readonly #slots: number;
  /** slot, valid, bad, slow. */
  readonly #rows: Float64Array;
  /** The oldest slot that anything was ever counted in. */
  #oldest = Number.POSITIVE_INFINITY;

  constructor(slotMs: number, slots: number) {
    this.slotMs = slotMs;
    this.#slots = slots;
    this.#rows = new Float64Array(slots * FIELDS).fill(Number.NEGATIVE_INFINITY);
  }

  /** When the oldest slot with anything in it began; infinite where there is none. */
  get since(): number {
    return this.#oldest * this.slotMs;
  }

  add(slot: number, counts: SloCounts): void {
    this.put(slot, plus(this.#at(slot), counts));
  }

  put(slot: number, { valid, bad, slow }: SloCounts): void {
    const at = this.#row(slot);
    // What is older than what stands there has no place any more.
    if ((this.#rows[at] as number) > slot) return;
    this.#rows.set([slot, valid, bad, slow], at);
    if (valid > 0) this.#oldest = Math.min(this.#oldest, slot);
  }

  /** All from the slot that `since` falls into to the one that `until` does. */
  sum(since: number, until: number): SloCounts {
    const last = Math.floor(until / this.slotMs);
    const first = Math.max(Math.floor(since / this.slotMs), last - this.#slots + 1);
    let [valid, bad, slow] = [0, 0, 0];
    for (let slot = first; slot <= last; slot++) {
      const at = this.#row(slot);
      if (this.#rows[at] !== slot) continue;
      valid += this.#rows[at + 1] as number;
      bad += this.#rows[at + 2] as number;
      slow += this.#rows[at + 3] as number;
    }
    return { valid, bad, slow };
  }

  #at(slot: number): SloCounts {
    const at = this.#row(slot);
    if (this.#rows[at] !== slot) return NO_COUNTS;
    const [valid, bad, slow] = this.#rows.subarray(at + 1, at + FIELDS) as unknown as [number, number, number];
    return { valid, bad, slow };
  }

  #row(slot: number): number {
    // The remainder of a negative slot is negative: clocks may start anywhere.
    return (((slot % this.#slots) + this.#slots) % this.#slots) * FIELDS;
  }
}
