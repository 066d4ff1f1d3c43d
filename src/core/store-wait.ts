import type { Deadlines, Expirable } from "./deadlines.js";
import { type Outcome, StoreFailure } from "./store.js";

/** A store answers failures as values; one that throws or rejects all the same has failed too. */
export function broken(error: unknown): StoreFailure {
  return new StoreFailure("unavailable", "unknown", error);
}

/**
 * Waits for a store's answer, but not longer than the deadline: a late one counts as none, and whether it was written
 * is unknown.
 */
export class StoreWait<D extends object> implements Expirable {
  deadline = 0;
  previous: Expirable | undefined = undefined;
  next: Expirable | undefined = undefined;
  readonly answer: Promise<Outcome<D>>;
  #resolve: (outcome: Outcome<D>) => void = () => undefined;
  #waiting = true;

  constructor(pending: Promise<Outcome<D>>, deadlines: Deadlines, now: number) {
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    deadlines.add(this, now);
    const settle = (outcome: Outcome<D>) => {
      if (!this.#waiting) return;
      this.#waiting = false;
      deadlines.remove(this);
      this.#resolve(outcome);
    };
    pending.then(settle, (error: unknown) => settle(broken(error)));
  }

  expire(): void {
    this.#waiting = false;
    this.#resolve(new StoreFailure("timeout", "unknown"));
  }
}
