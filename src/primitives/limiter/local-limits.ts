import type { Clock } from "../../core/clock.js";
import { PlainTable } from "../../kernel/cells/table.js";
import type { LimitConfig, LimitDecision, LimitInput, LimitKernel, LimitState } from "../../kernel/limit/limit.js";

/** Expired keys looked for when a new one finds the table full. */
const SWEEP_BUDGET = 64;

/**
 * Counts in this process what the store can't count. Bounded: while all its keys are live a new one is refused, for
 * dropping one would hand it its whole limit again.
 */
export class LocalLimits {
  readonly #cells = new PlainTable<LimitState>();
  readonly #kernel: LimitKernel;
  readonly #clock: Clock;

  constructor(kernel: LimitKernel, clock: Clock) {
    this.#kernel = kernel;
    this.#clock = clock;
  }

  /** Whole milliseconds of the clock that never goes back: nobody else sees this time. */
  now(): number {
    return Math.floor(this.#clock.monotonic());
  }

  /** The decision; `undefined` when there is no room for the key. */
  step(key: string, config: LimitConfig, maxKeys: number, input: LimitInput): LimitDecision | undefined {
    const now = this.now();
    const cells = this.#cells;
    const cell = cells.find(key);
    const held = cell === undefined ? undefined : cells.read(cell, now);
    const { state, ttlMs, decision } = this.#kernel.step(held, now, config, input);
    if (state === null) cells.delete(key);
    else if (state !== undefined) {
      if (cell !== undefined) cells.write(cell, state, now + ttlMs);
      else if (this.#hasRoom(now, maxKeys)) cells.insert(key, state, now + ttlMs);
      else return undefined;
    }
    return decision;
  }

  #hasRoom(now: number, maxKeys: number): boolean {
    if (this.#cells.size < maxKeys) return true;
    // A second time where the first came to the end of the round.
    if (this.#cells.sweep(now, SWEEP_BUDGET) < SWEEP_BUDGET) this.#cells.sweep(now, SWEEP_BUDGET);
    return this.#cells.size < maxKeys;
  }
}
