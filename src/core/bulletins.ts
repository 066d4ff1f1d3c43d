import type { MaybePromise } from "./store.js";

/**
 * Telling other processes something at once. Telling is not certain: whoever depends on it also looks now and then.
 */
export interface Bulletins {
  /** Tells all who hear the topic, in every process, this one included. */
  tell(topic: string, text: string): void;
  /**
   * @param gap called when something may have been missed: the connection was lost and is there again
   * @returns what ends it, once it is certain that what is told from now on is heard
   */
  hear(topic: string, listener: (text: string) => void, gap: () => void): MaybePromise<() => void>;
}

/** What a store has beside `Store` where it can tell other processes something. */
export interface BulletinSource {
  readonly bulletins?: Bulletins | undefined;
}
