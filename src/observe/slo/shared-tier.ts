import { StoreFailure } from "../../core/store.js";
import type { SliCellConfig, SliCellDecision, SliCellInput, SliCounts } from "../../kernel/sli/sli-cell.js";
import { type CountRing, NO_COUNTS, plus, type SloCounts } from "./counts.js";
import type { Step } from "./patient.js";

/** Steps cells of the store that hold counts. */
export type SliStep = Step<SliCellConfig, SliCellInput, SliCellDecision>;

/** Processes may write a slot this long after it has ended, before others take it for finished. */
const LATE_MS = 180_000;
/** Cells of the past that are read at once. */
const AT_ONCE = 2;
/** Numbers that a slot takes in a cell. */
const WIDTH = 3;

/**
 * Counts of one indicator in all processes: a mirror of cells in the store, each of which holds many slots of time, and
 * what of this process has yet to be written there. Adding is all that is ever done to a cell, so processes don't get in
 * each other's way; its answer is what all of them have counted. A cell whose time is over is read once more and then
 * never again.
 *
 * A cell is the kernel's sparse sum: slot `s` of it has its valid, bad and slow calls at 3s, 3s + 1 and 3s + 2.
 */
export class SharedTier {
  readonly #step: SliStep;
  readonly #id: string;
  readonly #cellMs: number;
  readonly #kept: number;
  readonly #ring: CountRing;
  /** By slot. Bounded: what no cell is left for is dropped. */
  #pending = new Map<number, SloCounts>();
  readonly #final = new Set<number>();

  /**
   * @param cellMs how much time lies in a cell
   * @param kept how many cells are looked at, the present one included
   */
  constructor(step: SliStep, id: string, cellMs: number, kept: number, ring: CountRing) {
    this.#step = step;
    this.#id = id;
    this.#cellMs = cellMs;
    this.#kept = kept;
    this.#ring = ring;
  }

  /** When the oldest slot with anything in it began. */
  get since(): number {
    return this.#ring.since;
  }

  add(at: number, counts: SloCounts): void {
    const slot = Math.floor(at / this.#ring.slotMs);
    this.#pending.set(slot, plus(this.#pending.get(slot) ?? NO_COUNTS, counts));
  }

  /** What all processes have counted, as far as it is known here. */
  sum(since: number, until: number): SloCounts {
    const first = Math.floor(since / this.#ring.slotMs);
    let sum = this.#ring.sum(since, until);
    for (const [slot, counts] of this.#pending) if (slot >= first) sum = plus(sum, counts);
    return sum;
  }

  /**
   * Writes what is pending, and reads what others may have written. The past, which a new process reads once, is read a
   * little at a time: a server that runs a month's cells in one go lets the calls of everybody else wait.
   */
  async refresh(now: number): Promise<StoreFailure | undefined> {
    const newest = Math.floor(now / this.#cellMs);
    for (const cell of this.#final) if (cell <= newest - this.#kept) this.#final.delete(cell);
    const bySlot = this.#pending;
    this.#pending = new Map();
    const present: (() => Promise<StoreFailure | undefined>)[] = [];
    const past: typeof present = [];
    for (let cell = newest; cell > newest - this.#kept; cell--) {
      const own = new Map([...bySlot].filter(([slot]) => this.#cellOf(slot) === cell));
      if (own.size > 0 || cell === newest) present.push(() => this.#exchange(cell, own, now));
      else if (!this.#final.has(cell)) past.push(() => this.#exchange(cell, own, now));
    }
    let failure = await failureOf(present);
    for (let i = 0; i < past.length && failure === undefined; i += AT_ONCE)
      failure = await failureOf(past.slice(i, i + AT_ONCE));
    return failure;
  }

  async #exchange(cell: number, own: ReadonlyMap<number, SloCounts>, now: number): Promise<StoreFailure | undefined> {
    const ttlMs = (this.#kept + 1) * this.#cellMs;
    const key = `${this.#id}:${this.#ring.slotMs}:${cell}`;
    const answer = await this.#step(key, { ttlMs }, { counts: this.#encoded(cell, own) });
    if (answer instanceof StoreFailure) {
      // What may have been written is not written again: a budget that is a little too large is no false alarm.
      if (answer.applied === "no") for (const [slot, counts] of own) this.add(slot * this.#ring.slotMs, counts);
      return answer;
    }
    this.#mirror(cell, answer.counts);
    if (now >= (cell + 1) * this.#cellMs + LATE_MS) this.#final.add(cell);
    return undefined;
  }

  #cellOf(slot: number): number {
    return Math.floor((slot * this.#ring.slotMs) / this.#cellMs);
  }

  #encoded(cell: number, own: ReadonlyMap<number, SloCounts>): SliCounts {
    const first = (cell * this.#cellMs) / this.#ring.slotMs;
    const sparse: number[] = [];
    let total = NO_COUNTS;
    for (const [slot, counts] of [...own].sort(([a], [b]) => a - b)) {
      total = plus(total, counts);
      [counts.valid, counts.bad, counts.slow].forEach((count, i) => {
        if (count > 0) sparse.push((slot - first) * WIDTH + i, count);
      });
    }
    return [total.valid, total.bad, ...sparse];
  }

  #mirror(cell: number, [, , ...sparse]: SliCounts): void {
    const first = (cell * this.#cellMs) / this.#ring.slotMs;
    const slots = new Map<number, [number, number, number]>();
    for (let i = 0; i < sparse.length; i += 2) {
      const place = sparse[i] as number;
      const slot = first + Math.floor(place / WIDTH);
      const counts = slots.get(slot) ?? [0, 0, 0];
      counts[place % WIDTH] = sparse[i + 1] as number;
      slots.set(slot, counts);
    }
    for (const [slot, [valid, bad, slow]] of slots) this.#ring.put(slot, { valid, bad, slow });
  }
}

async function failureOf(
  asks: readonly (() => Promise<StoreFailure | undefined>)[],
): Promise<StoreFailure | undefined> {
  const answers = await Promise.all(asks.map((ask) => ask()));
  return answers.find((answer) => answer !== undefined);
}
