/** A key with how often it came: at most `count` times, and at least `count - error` times. */
export interface Counted {
  readonly key: string;
  readonly count: number;
  readonly error: number;
}

/**
 * The keys that come most often, in so many counters and no more: Space-Saving, of Metwally, Agrawal and El Abbadi,
 * "Efficient Computation of Frequent and Top-k Elements in Data Streams" (ICDT 2005). A key without a counter takes over
 * the smallest one, and goes on counting from there: by what it found, its count may be too high.
 *
 * After `n` keys, in `size` counters: each key that came more often than `n / size` has one; no error is greater than
 * that; and who has none came at most {@link SpaceSaving.floor} times.
 */
export class SpaceSaving {
  readonly size: number;
  readonly #places = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #counts: number[] = [];
  readonly #errors: number[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /** Counts a key once. */
  add(key: string): void {
    const known = this.#places.get(key);
    if (known !== undefined) {
      this.#counts[known] = (this.#counts[known] as number) + 1;
      return;
    }
    const held = this.#keys.length;
    const place = held < this.size ? held : this.#smallest();
    const found = place === held ? 0 : (this.#counts[place] as number);
    if (place !== held) this.#places.delete(this.#keys[place] as string);
    this.#places.set(key, place);
    this.#keys[place] = key;
    this.#counts[place] = found + 1;
    this.#errors[place] = found;
  }

  /** How often a key came at most that has no counter. */
  get floor(): number {
    return this.#keys.length < this.size ? 0 : (this.#counts[this.#smallest()] as number);
  }

  /** The keys that have a counter. */
  keys(): Iterable<string> {
    return this.#keys;
  }

  /** How often a key came; of one without a counter that is all that can be said: from never to {@link floor}. */
  find(key: string): Counted {
    const place = this.#places.get(key);
    if (place === undefined) return { key, count: this.floor, error: this.floor };
    return { key, count: this.#counts[place] as number, error: this.#errors[place] as number };
  }

  #smallest(): number {
    const counts = this.#counts;
    let smallest = 0;
    for (let place = 1; place < counts.length; place++)
      if ((counts[place] as number) < (counts[smallest] as number)) smallest = place;
    return smallest;
  }
}
