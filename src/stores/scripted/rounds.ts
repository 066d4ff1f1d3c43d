/**
 * Gathers what is asked in one tick: once a round of microtasks has added nothing more, it is sent. So callers that
 * were woken by the same answer, and take some steps before they ask again, are sent together.
 */
export class Rounds {
  readonly #flush: () => void;
  #added = 0;
  #looked = 0;
  #waiting = false;

  constructor(flush: () => void) {
    this.#flush = flush;
  }

  /** Something more is to be sent. */
  add(): void {
    this.#added++;
    if (this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(this.#look);
  }

  readonly #look = () => {
    if (this.#looked !== this.#added) {
      this.#looked = this.#added;
      queueMicrotask(this.#look);
      return;
    }
    this.#waiting = false;
    this.#flush();
  };
}
