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
  readonly #follow = () => this.#controller.abort(this.#outer?.reason);

  constructor(
    readonly key: string,
    readonly fence: number,
    /** When the lease that it has was asked for, monotonic. */
    public renewedAt: number,
    signal: AbortSignal | undefined,
  ) {
    this.#outer = signal;
    if (signal?.aborted === true) this.#follow();
    else signal?.addEventListener("abort", this.#follow);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** It may be another's by now. */
  lose(name: string): void {
    this.lost = true;
    const message = `bulkhead "${name}": the slot was lost, for its lease could not be renewed`;
    this.#controller.abort(new KeelsonError("aborted", message, { source: `bulkhead:${name}` }));
  }

  /** The call has settled. */
  detach(): void {
    this.#outer?.removeEventListener("abort", this.#follow);
  }
}
