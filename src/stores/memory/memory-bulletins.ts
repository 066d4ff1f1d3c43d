import type { Bulletins } from "../../core/bulletins.js";

/** Tells all who hear a topic within this process. */
export class MemoryBulletins implements Bulletins {
  readonly #listeners = new Map<string, Set<(text: string) => void>>();

  tell(topic: string, text: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener(text);
  }

  hear(topic: string, listener: (text: string) => void): () => void {
    // One of its own for each call: what is given twice is ended twice.
    const own = (text: string) => listener(text);
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(own));
    return () => {
      listeners.delete(own);
      if (listeners.size === 0) this.#listeners.delete(topic);
    };
  }
}
