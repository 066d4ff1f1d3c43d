import { type Outcome, type StoreCall, StoreFailure } from "../../core/store.js";

/** Somebody who waits for the server's answer, until it is there, time is up, or they give up. */
export class Wait<T extends object> {
  readonly answer: Promise<Outcome<T>>;
  readonly #signal: AbortSignal | undefined;
  #resolve: ((outcome: Outcome<T>) => void) | undefined;
  /** Whether the server may have seen what was asked, or may yet. */
  sent = false;

  constructor(call: StoreCall | undefined) {
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#signal = call?.signal;
    this.#signal?.addEventListener("abort", this.#abandon, { once: true });
  }

  settle(outcome: Outcome<T>): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    this.#signal?.removeEventListener("abort", this.#abandon);
    resolve(outcome);
  }

  readonly #abandon = () => this.expire();

  /** Nobody waits any longer. */
  expire(): void {
    this.settle(new StoreFailure("timeout", this.sent ? "unknown" : "no"));
  }
}
