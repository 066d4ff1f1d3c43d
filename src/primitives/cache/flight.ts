import type { Context } from "../../core/context.js";

/** What a loader gets. */
export interface LoadCall {
  /** Aborts when nobody waits for the value any more. Made when first read. */
  readonly signal: AbortSignal;
  /**
   * Of the caller that came first, but with this load's signal and without a deadline: the load serves everyone who
   * asks, and doesn't end with the first of them.
   */
  readonly context: Context | undefined;
}

/** One load, and those who wait for it. */
export class Flight<V> implements LoadCall {
  readonly #controller = { made: undefined as AbortController | undefined };
  /** Whether the value may still be kept: not once the key or the namespace was changed meanwhile. */
  current = true;
  #waiting = 0;
  #settled = false;
  #abandoned: unknown;
  promise: Promise<V> | undefined;

  /** @param caller the context of the caller that came first */
  constructor(readonly caller: Context | undefined) {}

  get context(): Context | undefined {
    if (this.caller === undefined) return undefined;
    const { deadline: _, ...rest } = this.caller;
    return { ...rest, signal: this.signal };
  }

  get signal(): AbortSignal {
    const { made } = this.#controller;
    if (made !== undefined) return made.signal;
    const controller = new AbortController();
    this.#controller.made = controller;
    if (this.#abandoned !== undefined) controller.abort(this.#abandoned);
    return controller.signal;
  }

  /** Notes that the load has ended. */
  settled(): void {
    this.#settled = true;
  }

  /**
   * Waits with everyone else, until `signal` aborts. A load that nobody waits for any more is told so, unless
   * it is for everyone's good.
   */
  join(promise: Promise<V>, signal: AbortSignal | undefined): Promise<V> {
    this.#waiting++;
    if (signal === undefined) return promise;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--this.#waiting === 0 && !this.#settled) this.#abandon(signal.reason);
      };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      const done = <T>(settle: (outcome: T) => void) => {
        return (outcome: T) => {
          signal.removeEventListener("abort", leave);
          settle(outcome);
        };
      };
      promise.then(done(resolve), done(reject));
    });
  }

  /** Someone who does not give up: the value is wanted whoever leaves. */
  keep(): void {
    this.#waiting++;
  }

  #abandon(reason: unknown): void {
    this.current = false;
    this.#abandoned = reason;
    this.#controller.made?.abort(reason);
  }
}
