import type { Runtime } from "../../core/runtime.js";
import { type Cells, type MaybePromise, type Outcome, StoreFailure } from "../../core/store.js";
import {
  type IdempotencyConfig,
  type IdempotencyDecision,
  type IdempotencyInput,
  idempotencyKernel,
} from "../../kernel/idempotency/idempotency.js";

/** Fences are random: 48 bits, so that two are never the same in a store's lifetime. */
const FENCES = 2 ** 48;

/** The right to carry out an operation, for as long as its lease is renewed. */
export interface Permit {
  readonly key: string;
  readonly fence: number;
}

/** The cells of operations that happen once. Opened when first used, so that a definition needs no store. */
export class OnceCells<R> {
  readonly #rt: Runtime;
  readonly #space: string;
  #cells: Cells<IdempotencyConfig, IdempotencyInput<R>, IdempotencyDecision<R>> | undefined;

  constructor(rt: Runtime, space: string) {
    this.#rt = rt;
    this.#space = space;
  }

  /** Asks to begin. */
  begin(key: string, fingerprint: string, config: IdempotencyConfig): MaybePromise<Outcome<IdempotencyDecision<R>>> {
    const fence = Math.floor(this.#rt.random() * FENCES);
    return this.#open().step(key, config, { op: "begin", fingerprint, fence });
  }

  /** Ends, renews or gives up what began. */
  end(
    permit: Permit,
    config: IdempotencyConfig,
    input: { readonly op: "complete"; readonly record: R } | { readonly op: "renew" | "release" },
  ): MaybePromise<"kept" | "lost" | StoreFailure> {
    const outcome = this.#open().step(permit.key, config, { ...input, fence: permit.fence } as IdempotencyInput<R>);
    return outcome instanceof Promise ? outcome.then(ending) : ending(outcome);
  }

  /** Renews a lease for as long as its work runs, at half its time; the returned function stops it. */
  renewing(permit: Permit, config: IdempotencyConfig): () => void {
    const { clock } = this.#rt;
    const again = () => {
      // A lease that is lost, or can't be renewed now, shows when the work ends.
      void this.end(permit, config, { op: "renew" });
      alarm = clock.alarm(config.leaseMs / 2, again, "background");
    };
    let alarm = clock.alarm(config.leaseMs / 2, again, "background");
    return () => alarm.cancel();
  }

  #open(): Cells<IdempotencyConfig, IdempotencyInput<R>, IdempotencyDecision<R>> {
    if (this.#cells !== undefined) return this.#cells;
    const { store } = this.#rt;
    if (store === undefined) throw new TypeError(`${this.#space} has no store: give it one, or use it through a kit`);
    this.#cells = store.open(idempotencyKernel<R>(), this.#space);
    return this.#cells;
  }
}

function ending<R>(outcome: Outcome<IdempotencyDecision<R>>): "kept" | "lost" | StoreFailure {
  if (outcome instanceof StoreFailure) return outcome;
  return outcome.outcome === "kept" ? "kept" : "lost";
}
