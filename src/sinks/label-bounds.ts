import type { Point } from "./families.js";

/** What stands for whatever is past a bound. */
export const OTHER = "other";

/** Labels whose words come from definitions; the others' are Keelson's own, and few. */
const BOUNDED = ["name", "tool"] as const;

/**
 * Tells so many words of each label apart, and adds up what is past that as `other`. A word that was let in stays in, so
 * that counters go on going up.
 */
export class LabelBounds {
  readonly #max: number;
  readonly #known = new Map<string, Set<string>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The word itself, or `other`. */
  word(family: string, label: string, word: string): string {
    const scope = `${family} ${label}`;
    const known = this.#known.get(scope) ?? new Set();
    if (known.has(word)) return word;
    if (known.size >= this.#max) return OTHER;
    this.#known.set(scope, known.add(word));
    return word;
  }

  /** The points of a family with few enough words. */
  fold(family: string, points: readonly Point[]): readonly Point[] {
    const sums = new Map<string, { readonly labels: Point["labels"]; value: number }>();
    for (const { labels, value } of points) {
      const few = { ...labels };
      for (const label of BOUNDED) {
        const word = few[label];
        if (word !== undefined) few[label] = this.word(family, label, word);
      }
      const id = JSON.stringify(few);
      const sum = sums.get(id);
      if (sum === undefined) sums.set(id, { labels: few, value });
      else sum.value += value;
    }
    return [...sums.values()];
  }
}
