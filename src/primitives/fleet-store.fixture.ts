import type { Kernel } from "../core/kernel.js";
import {
  type CellStep,
  type Cells,
  type MaybePromise,
  type Outcome,
  type Store,
  StoreFailure,
  type StoreStats,
} from "../core/store.js";
import type { MemoryStore } from "../stores/memory/memory-store.js";
import type { ManualClock } from "../testing/manual-clock.js";

/**
 * What is wrong between one process and the store: it is unreachable, breaks, keeps its answers to itself though it does
 * what it is asked, or hears nothing.
 */
export type Line = "fine" | "refused" | "throws" | "rejects" | "mute" | "deaf";

/** One process's way to a store that several share. */
export class FleetStore implements Store<"act", undefined> {
  readonly capability = "act";
  readonly ctx = undefined;
  readonly kind = "fleet";
  line: Line = "fine";
  /** Milliseconds to the store, and as many back. 0: it answers at once. */
  tripMs = 0;
  /** What was asked, in order. */
  readonly asked: { readonly op: string; readonly nonce?: number }[] = [];
  readonly #shared: MemoryStore;
  readonly #clock: ManualClock;

  constructor(shared: MemoryStore, clock: ManualClock) {
    this.#shared = shared;
    this.#clock = clock;
  }

  open<S, Config, Input, D extends object>(
    kernel: Kernel<S, Config, Input, D>,
    space: string,
  ): Cells<Config, Input, D> {
    const cells = this.#shared.open(kernel, space);
    return {
      step: (key, config, input) => {
        this.asked.push(input as { op: string });
        return this.#answer(() => cells.step(key, config, input) as Outcome<D>);
      },
      with: (key, config, input) => cells.with(key, config, input),
    };
  }

  together(): boolean {
    return true;
  }

  stepAll<D extends object>(steps: readonly CellStep<D>[]): Outcome<readonly D[]> {
    return this.#shared.stepAll(steps);
  }

  stats(): StoreStats {
    return this.#shared.stats();
  }

  close(): void {
    // The store is not this process's own.
  }

  /** How often it was asked for this. */
  count(op: string): number {
    return this.asked.filter((input) => input.op === op).length;
  }

  #answer<D extends object>(decide: () => Outcome<D>): MaybePromise<Outcome<D>> {
    const { line, tripMs } = this;
    if (line === "throws") throw new Error("broken");
    if (line === "rejects") return Promise.reject(new Error("broken"));
    if (line === "refused") return new StoreFailure("unavailable", "no");
    if (line === "fine" && tripMs === 0) return decide();
    return new Promise((resolve) => {
      if (line === "deaf") return;
      this.#after(tripMs, () => {
        const decision = decide();
        if (line !== "mute") this.#after(tripMs, () => resolve(decision));
      });
    });
  }

  #after(ms: number, then: () => void): void {
    if (ms === 0) then();
    else this.#clock.alarm(ms, then, "held");
  }
}
