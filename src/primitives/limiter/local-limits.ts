import type { LimitConfig, LimitDecision, LimitInput, LimitKernel, LimitState } from "../../kernel/limit/limit.js";

interface LocalCell {
  state: LimitState;
  expiresAt: number;
}

/** Expired keys looked for when a new one finds the table full. */
const SWEEP_BUDGET = 64;

/**
 * Counts in this process what the store can't count. Bounded: while all its keys are live a new one is refused, for
 * dropping one would hand it its whole limit again.
 */
export class LocalLimits {
  readonly #cells = new Map<string, LocalCell>();
  #cursor = this.#cells.entries();

  /** The decision; `undefined` when there is no room for the key. */
  step(
    kernel: LimitKernel,
    key: string,
    now: number,
    config: LimitConfig,
    maxKeys: number,
    input: LimitInput,
  ): LimitDecision | undefined {
    const cell = this.#cells.get(key);
    const live = cell !== undefined && cell.expiresAt > now ? cell.state : undefined;
    const { state, ttlMs, decision } = kernel.step(live, now, config, input);
    if (state === null) this.#cells.delete(key);
    else if (state !== undefined) {
      if (cell === undefined && this.#cells.size >= maxKeys && !this.#sweep(now)) return undefined;
      this.#cells.set(key, { state, expiresAt: now + ttlMs });
    }
    return decision;
  }

  #sweep(now: number): boolean {
    const before = this.#cells.size;
    for (let looked = 0; looked < SWEEP_BUDGET; looked++) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = this.#cells.entries();
        break;
      }
      const [key, cell] = next.value;
      if (cell.expiresAt <= now) this.#cells.delete(key);
    }
    return this.#cells.size < before;
  }
}
