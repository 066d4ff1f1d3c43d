import { type Counted, SpaceSaving } from "./space-saving.js";

/**
 * The keys that come most often lately: in the window that now is and all of the one before, so that what is over is
 * forgotten after two windows at most. The bounds of both are added up, as of summaries that are merged (Agarwal et al.,
 * "Mergeable Summaries", PODS 2012): each count stays within its error, and each key that came more often than
 * `n / size` of the `n` in both windows is there.
 */
export class RecentTop {
  readonly #windowMs: number;
  #now: SpaceSaving;
  #before: SpaceSaving;
  #began = Number.NEGATIVE_INFINITY;

  /** @param size counters of each window */
  constructor(size: number, windowMs: number) {
    this.#windowMs = windowMs;
    this.#now = new SpaceSaving(size);
    this.#before = new SpaceSaving(size);
  }

  /** Counts a key once, at `now`: milliseconds that never go back. */
  add(key: string, now: number): void {
    this.#turn(now);
    this.#now.add(key);
  }

  /** The `most` keys with the highest counts, highest first. */
  top(most: number, now: number): Counted[] {
    this.#turn(now);
    const [one, other] = [this.#now, this.#before];
    const all = [...new Set([...one.keys(), ...other.keys()])].map((key): Counted => {
      const [here, there] = [one.find(key), other.find(key)];
      return { key, count: here.count + there.count, error: here.error + there.error };
    });
    return all.sort((a, b) => b.count - a.count || a.error - b.error).slice(0, most);
  }

  #turn(now: number): void {
    const age = now - this.#began;
    if (age < this.#windowMs) return;
    const { size } = this.#now;
    this.#before = age < 2 * this.#windowMs ? this.#now : new SpaceSaving(size);
    this.#now = new SpaceSaving(size);
    // Windows follow each other without a gap for as long as there is something to forget.
    this.#began = age < 2 * this.#windowMs ? this.#began + this.#windowMs : now;
  }
}
