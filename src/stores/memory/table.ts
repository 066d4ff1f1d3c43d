/**
 * Cells of one kernel: keys, states and when each may go. A cell is addressed by a handle, so that reading and writing
 * it look its key up once.
 */
export interface Table<S, Handle> {
  readonly size: number;
  find(key: string): Handle | undefined;
  /** The live state; an expired cell counts as absent. */
  read(handle: Handle, now: number): S | undefined;
  write(handle: Handle, state: S, expiresAt: number): void;
  insert(key: string, state: S, expiresAt: number): void;
  delete(key: string): boolean;
  /** Looks at up to `budget` cells, going round, and drops those that have expired; says how many it dropped. */
  sweep(now: number, budget: number): number;
}

interface Cell<S> {
  state: S;
  expiresAt: number;
}

/** States of any shape. */
export class PlainTable<S> implements Table<S, Cell<S>> {
  readonly #cells = new Map<string, Cell<S>>();
  #cursor = this.#cells.entries();

  get size(): number {
    return this.#cells.size;
  }

  find(key: string): Cell<S> | undefined {
    return this.#cells.get(key);
  }

  read(cell: Cell<S>, now: number): S | undefined {
    return cell.expiresAt > now ? cell.state : undefined;
  }

  write(cell: Cell<S>, state: S, expiresAt: number): void {
    cell.state = state;
    cell.expiresAt = expiresAt;
  }

  insert(key: string, state: S, expiresAt: number): void {
    this.#cells.set(key, { state, expiresAt });
  }

  delete(key: string): boolean {
    return this.#cells.delete(key);
  }

  sweep(now: number, budget: number): number {
    let dropped = 0;
    for (let looked = 0; looked < budget; looked++) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = this.#cells.entries();
        break;
      }
      const [key, cell] = next.value;
      if (cell.expiresAt <= now && this.#cells.delete(key)) dropped++;
    }
    return dropped;
  }
}

const PAGE_BITS = 10;
const PAGE_SLOTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SLOTS - 1;

/**
 * States that are tuples of `width` numbers, packed into pages of doubles: some 30 bytes a key beside the Map's own,
 * where an object each would take three times that. Pages, so that growing never copies.
 */
export class PackedTable implements Table<readonly number[], number> {
  readonly #slots = new Map<string, number>();
  readonly #pages: Float64Array[] = [];
  readonly #free: number[] = [];
  readonly #width: number;
  readonly #stride: number;
  #used = 0;
  #cursor = this.#slots.entries();

  constructor(width: number) {
    this.#width = width;
    this.#stride = width + 1;
  }

  get size(): number {
    return this.#slots.size;
  }

  find(key: string): number | undefined {
    return this.#slots.get(key);
  }

  read(slot: number, now: number): readonly number[] | undefined {
    const page = this.#pages[slot >> PAGE_BITS] as Float64Array;
    const at = (slot & PAGE_MASK) * this.#stride;
    if ((page[at] as number) <= now) return undefined;
    // Literals for the common widths: made in one go.
    if (this.#width === 3) return [page[at + 1] as number, page[at + 2] as number, page[at + 3] as number];
    const state: number[] = [];
    for (let i = 1; i <= this.#width; i++) state.push(page[at + i] as number);
    return state;
  }

  write(slot: number, state: readonly number[], expiresAt: number): void {
    const page = this.#pages[slot >> PAGE_BITS] as Float64Array;
    const at = (slot & PAGE_MASK) * this.#stride;
    page[at] = expiresAt;
    for (let i = 0; i < this.#width; i++) page[at + 1 + i] = state[i] as number;
  }

  insert(key: string, state: readonly number[], expiresAt: number): void {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >> PAGE_BITS === this.#pages.length) this.#pages.push(new Float64Array(PAGE_SLOTS * this.#stride));
    this.#slots.set(key, slot);
    this.write(slot, state, expiresAt);
  }

  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#free.push(slot);
    return this.#slots.delete(key);
  }

  sweep(now: number, budget: number): number {
    let dropped = 0;
    for (let looked = 0; looked < budget; looked++) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = this.#slots.entries();
        break;
      }
      const [key, slot] = next.value;
      const page = this.#pages[slot >> PAGE_BITS] as Float64Array;
      if ((page[(slot & PAGE_MASK) * this.#stride] as number) <= now && this.delete(key)) dropped++;
    }
    if (this.#slots.size === 0) this.#release();
    return dropped;
  }

  /** Gives the pages of a flood back once it is over. */
  #release(): void {
    this.#pages.length = 0;
    this.#free.length = 0;
    this.#used = 0;
  }
}
