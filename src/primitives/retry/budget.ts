import { fraction, integer, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";

/** Retries may be this share of the calls. */
export const DEFAULT_BUDGET_RATIO = 0.2;
/** So many retries are allowed in a window whatever the share. */
export const DEFAULT_BUDGET_MINIMUM = 3;
/** What calls and retries are counted over. */
export const DEFAULT_BUDGET_WINDOW: Duration = "10s";
/** The window forgets a tenth of its length at a time. */
const SLOTS = 10;

/** See {@link RetryBudget}. */
export interface RetryBudgetOptions {
  /** Retries and hedges allowed, as a share of the calls in the window. Default 0.2. */
  readonly ratio?: number;
  /** Retries and hedges allowed in a window whatever the share. Default 3. */
  readonly minimum?: number;
  /** What calls are counted over. Default `"10s"`. */
  readonly window?: Duration;
}

/** A {@link RetryBudget} as plain data. */
export interface RetryBudgetSnapshot {
  readonly ratio: number;
  readonly minimum: number;
  readonly windowMs: number;
  /** First attempts in the window. */
  readonly calls: number;
  /** Retries and hedges in the window. */
  readonly retries: number;
  /** How often one was refused, ever. */
  readonly refused: number;
}

/**
 * Bounds retries by a share of the calls, so that retrying can't multiply the load on an upstream that is failing
 * for everybody. (Google SRE book, "Handling Overload"; Finagle's RetryBudget.) One object may serve several
 * upstreams that end at the same callee.
 *
 * @example
 * const budget = new RetryBudget({ ratio: 0.1 });
 * const chat = new Upstream("chat", { retry: { budget } });
 * const embeddings = new Upstream("embeddings", { retry: { budget } });
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #minimum: number;
  readonly #slotMs: number;
  readonly #slotCalls: number[] = new Array(SLOTS).fill(0);
  readonly #slotRetries: number[] = new Array(SLOTS).fill(0);
  #calls = 0;
  #retries = 0;
  #refused = 0;
  /** Which slot of time is being filled, counted from the clock's start. */
  #tick = 0;

  /**
   * @param where how the options' names begin in errors
   * @throws {ConfigError} naming the option that is wrong
   */
  constructor(options: RetryBudgetOptions = {}, where = "retryBudget") {
    onlyKnown(options, where, ["ratio", "minimum", "window"]);
    this.#ratio = fraction(options.ratio ?? DEFAULT_BUDGET_RATIO, `${where}.ratio`, 0, 1);
    this.#minimum = integer(options.minimum ?? DEFAULT_BUDGET_MINIMUM, `${where}.minimum`, 0);
    this.#slotMs = milliseconds(options.window ?? DEFAULT_BUDGET_WINDOW, `${where}.window`, SLOTS) / SLOTS;
  }

  /** Counts a first attempt, at `now` (monotonic). */
  call(now: number): void {
    const slot = this.#advance(now);
    this.#slotCalls[slot] = (this.#slotCalls[slot] ?? 0) + 1;
    this.#calls++;
  }

  /** Takes one retry or hedge out of the budget, if it is in there. */
  take(now: number): boolean {
    const slot = this.#advance(now);
    if (this.#retries >= Math.max(this.#minimum, Math.floor(this.#calls * this.#ratio))) {
      this.#refused++;
      return false;
    }
    this.#slotRetries[slot] = (this.#slotRetries[slot] ?? 0) + 1;
    this.#retries++;
    return true;
  }

  /** The budget as plain data. */
  snapshot(now: number): RetryBudgetSnapshot {
    this.#advance(now);
    return {
      ratio: this.#ratio,
      minimum: this.#minimum,
      windowMs: this.#slotMs * SLOTS,
      calls: this.#calls,
      retries: this.#retries,
      refused: this.#refused,
    };
  }

  /** Empties the slots that time has left behind; a clock that went back stays in its slot. */
  #advance(now: number): number {
    const tick = Math.floor(now / this.#slotMs);
    if (tick > this.#tick) {
      for (let left = Math.min(SLOTS, tick - this.#tick); left > 0; left--) {
        const slot = (tick - left + 1) % SLOTS;
        this.#calls -= this.#slotCalls[slot] ?? 0;
        this.#retries -= this.#slotRetries[slot] ?? 0;
        this.#slotCalls[slot] = 0;
        this.#slotRetries[slot] = 0;
      }
      this.#tick = tick;
    }
    return this.#tick % SLOTS;
  }
}
