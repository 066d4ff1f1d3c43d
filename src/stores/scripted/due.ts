import type { Deadlines, Expirable } from "../../core/deadlines.js";

/** Those whose time is up at the same moment. */
export class Due implements Expirable {
  deadline = 0;
  previous: Expirable | undefined = undefined;
  next: Expirable | undefined = undefined;
  readonly #deadlines: Deadlines;
  readonly #waiting: { expire(): void }[] = [];
  #over = false;

  constructor(deadlines: Deadlines, now: number) {
    this.#deadlines = deadlines;
    deadlines.add(this, now);
  }

  add(one: { expire(): void }): void {
    this.#waiting.push(one);
  }

  expire(): void {
    this.#over = true;
    for (const one of this.#waiting) one.expire();
  }

  /** They have their answers. */
  done(): void {
    if (!this.#over) this.#deadlines.remove(this);
    this.#over = true;
  }
}
