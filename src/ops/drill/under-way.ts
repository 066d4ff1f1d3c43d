import type { Exchange } from "./exchange.js";
import { OUTCOME } from "./outcome.js";

/**
 * The requests under way in one lane. All have the same time to be answered in, so the oldest runs out first: one timer
 * for all of them, and nothing to be done for one that is answered in time but to take it out of the row.
 */
export class UnderWay {
  readonly #timeoutMs: number;
  readonly #now: () => number;
  #oldest: Exchange | undefined;
  #newest: Exchange | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, now: () => number) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  add(exchange: Exchange): void {
    exchange.before = this.#newest;
    if (this.#newest === undefined) this.#oldest = exchange;
    else this.#newest.after = exchange;
    this.#newest = exchange;
    this.#timer ??= this.#ringIn(this.#timeoutMs);
  }

  remove(exchange: Exchange): void {
    const { before, after } = exchange;
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
  }

  /** Cuts all of them off. */
  abort(): void {
    while (this.#oldest !== undefined) this.#oldest.cut(OUTCOME.aborted);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #ringIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      const now = this.#now();
      while (this.#oldest !== undefined && this.#oldest.sent + this.#timeoutMs <= now)
        this.#oldest.cut(OUTCOME.timeout, `no answer in ${this.#timeoutMs} ms`);
      if (this.#oldest !== undefined) this.#timer ??= this.#ringIn(this.#oldest.sent + this.#timeoutMs - now);
    }, Math.ceil(ms));
  }
}
