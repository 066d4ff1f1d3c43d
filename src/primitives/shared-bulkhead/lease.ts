import type { Alarm, Clock } from "../../core/clock.js";
import { KeelsonError } from "../../core/errors.js";

/** What a call gets that runs in a slot. */
export interface Slot {
  /** Aborts when the slot is lost, for its lease could not be renewed, or when the caller's own signal does. */
  readonly signal: AbortSignal;
  /**
   * The number of the lease, greater than those of all before: hand it to what the call writes to, so that a late write of
   * a call whose slot was lost can be told from those of its successor. 0: it runs without a slot, for the store failed.
   */
  readonly fence: number;
}

/** A slot that is held. */
export class Lease implements Slot {
  lost = false;
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  #alarm: Alarm | undefined;
  readonly #follow = () => this.#controller.abort(this.#outer?.reason);

  constructor(
    readonly key: string,
    readonly fence: number,
    signal: AbortSignal | undefined,
  ) {
    this.#outer = signal;
    if (signal?.aborted === true) this.#follow();
    else signal?.addEventListener("abort", this.#follow);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * It holds for so long from when it was asked for: then it is given up, whatever is known of the store.
   *
   * @param askedAt monotonic
   */
  holds(clock: Clock, askedAt: number, ms: number, end: () => void): void {
    this.#alarm?.cancel();
    this.#alarm = clock.alarm(Math.max(0, askedAt + ms - clock.monotonic()), end, "background");
  }

  /** It may be another's by now. */
  lose(name: string): void {
    this.lost = true;
    this.#alarm?.cancel();
    const message = `bulkhead "${name}": the slot was lost, for its lease could not be renewed`;
    this.#controller.abort(new KeelsonError("aborted", message, { source: `bulkhead:${name}` }));
  }

  /** The call has settled. */
  detach(): void {
    this.#alarm?.cancel();
    this.#outer?.removeEventListener("abort", this.#follow);
  }
}
