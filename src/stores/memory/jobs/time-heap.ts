/** Something that is due at a time. It knows its place, so that it can be taken out of the middle. */
export interface Timed {
  at: number;
  /** Which of two that are due at the same time comes first. */
  readonly number: number;
  /** Its place in the heap; −1: in none. */
  place: number;
}

/** What is due, soonest first: a binary heap. Adding and taking out cost the logarithm of its size. */
export class TimeHeap<T extends Timed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The soonest. */
  first(): T | undefined {
    return this.#items[0];
  }

  /** The soonest, if it is due. */
  due(now: number): T | undefined {
    const first = this.#items[0];
    return first !== undefined && first.at <= now ? first : undefined;
  }

  add(item: T, at: number): void {
    item.at = at;
    this.#up(item, this.#items.length);
  }

  /** @param item one that is in this heap */
  remove(item: T): void {
    const { place } = item;
    item.place = -1;
    const last = this.#items.pop() as T;
    if (last === item) return;
    this.#settle(last, place);
  }

  /** Changes when one that is in this heap is due. */
  move(item: T, at: number): void {
    item.at = at;
    this.#settle(item, item.place);
  }

  #settle(item: T, place: number): void {
    const parent = this.#items[(place - 1) >> 1];
    if (place > 0 && parent !== undefined && before(item, parent)) this.#up(item, place);
    else this.#down(item, place);
  }

  #up(item: T, from: number): void {
    const items = this.#items;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = items[above] as T;
      if (!before(item, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  #down(item: T, from: number): void {
    const items = this.#items;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      let child = items[below];
      if (child === undefined) break;
      const other = items[below + 1];
      if (other !== undefined && before(other, child)) {
        below++;
        child = other;
      }
      if (!before(child, item)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}

function before(a: Timed, b: Timed): boolean {
  return a.at === b.at ? a.number < b.number : a.at < b.at;
}
