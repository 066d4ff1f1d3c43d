import { Table } from "../../kernel/cells/table.js";

const PAGE_BITS = 10;
const PAGE_SLOTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SLOTS - 1;

/**
 * States that are tuples of `width` numbers, packed into pages of doubles: eight bytes a number beside the map's own,
 * where an object and an array each would take some hundred more. Pages, so that growing never copies.
 */
export class PackedTable extends Table<readonly number[], number> {
  readonly #pages: Float64Array[] = [];
  readonly #free: number[] = [];
  readonly #width: number;
  readonly #stride: number;
  #used = 0;

  constructor(width: number) {
    super();
    this.#width = width;
    this.#stride = width + 1;
  }

  read(slot: number, now: number): readonly number[] | undefined {
    const page = this.#pages[slot >> PAGE_BITS] as Float64Array;
    const at = (slot & PAGE_MASK) * this.#stride;
    if ((page[at] as number) <= now) return undefined;
    // Literals for the common widths: made in one go.
    const width = this.#width;
    if (width === 4)
      return [page[at + 1] as number, page[at + 2] as number, page[at + 3] as number, page[at + 4] as number];
    if (width === 5)
      return [
        page[at + 1] as number,
        page[at + 2] as number,
        page[at + 3] as number,
        page[at + 4] as number,
        page[at + 5] as number,
      ];
    const state: number[] = [];
    for (let i = 1; i <= width; i++) state.push(page[at + i] as number);
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
    this.handles.set(key, slot);
    this.write(slot, state, expiresAt);
  }

  override delete(key: string): boolean {
    const slot = this.handles.get(key);
    if (slot === undefined) return false;
    this.#free.push(slot);
    return super.delete(key);
  }

  override clear(): void {
    super.clear();
    this.#release();
  }

  override sweep(now: number, budget: number): number {
    const looked = super.sweep(now, budget);
    if (this.size === 0) this.#release();
    return looked;
  }

  protected override expiresAt(slot: number): number {
    return (this.#pages[slot >> PAGE_BITS] as Float64Array)[(slot & PAGE_MASK) * this.#stride] as number;
  }

  /** Gives the pages of a flood back once it is over. */
  #release(): void {
    this.#pages.length = 0;
    this.#free.length = 0;
    this.#used = 0;
  }
}
