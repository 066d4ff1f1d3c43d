import type { Clock } from "../../core/clock.js";
import { type MaybePromise, type Outcome, StoreFailure } from "../../core/store.js";
import type { LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import type { Decision } from "./decision.js";
import type { LimiterConfig, PrefetchConfig } from "./options.js";

/** What fetching tokens asks of the limiter. */
export interface Mint {
  /** Takes units from the store. */
  fetch(key: string, amount: number): MaybePromise<Outcome<LimitDecision>>;
  /** Gives back what wasn't used. */
  giveBack(key: string, amount: number, at: number): void;
  /** Decides without the store. */
  degraded(key: string, input: LimitInput, failure: StoreFailure): Decision;
}

/** A configuration with prefetch. */
export type PrefetchingConfig = LimiterConfig & { readonly prefetch: PrefetchConfig };

/** What one key has at hand here. Times are monotonic. */
class Purse {
  tokens = 0;
  usableUntil = 0;
  /** What the store said last. */
  said: LimitDecision | undefined;
  /** From `refusedCost` on it would refuse, until units have come back; believed for a while. */
  refusedCost = Number.POSITIVE_INFINITY;
  refusedUntil = 0;
  retryAt = 0;
  /** How many are fetched next. */
  size = 1;
  /** Units that those ask for who wait for the fetch under way. */
  wanted = 0;
  fetching: Promise<StoreFailure | undefined> | undefined;
}

/** Keys that have tokens here at most; then those of the key that came first are left to run out in the store. */
const MOST_KEYS = 10_000;

/**
 * Tokens that this process has taken from the store and not used yet, so that a busy key needs a round trip for a
 * hundred decisions only. As many are fetched as the key has lately used: twice as many as before where these were used
 * up in time, half as many where not.
 *
 * The limit holds as if each had been asked for by itself. Tokens are used within `holdMs` from before they were asked
 * for, and within the window that they were taken from. Where units come back steadily, the limiter's burst is smaller
 * by what comes back in `holdMs`: what is used in any span was taken in that span or up to `holdMs` before it, which is
 * at most the smaller burst and what comes back over both, and that is what the definition allows for the span alone.
 */
export class Prefetch {
  readonly #mint: Mint;
  readonly #clock: Clock;
  readonly #purses = new Map<string, Purse>();

  constructor(mint: Mint, clock: Clock) {
    this.#mint = mint;
    this.#clock = clock;
  }

  take(key: string, input: LimitInput, config: PrefetchingConfig): MaybePromise<Decision> {
    const purse = this.#purses.get(key) ?? this.#open(key);
    return this.#atHand(purse, input.amount) ?? this.#fetched(key, purse, input, config);
  }

  /** Forgets what a key has at hand: it was reset or blocked. */
  forget(key: string): void {
    this.#purses.delete(key);
  }

  /** Asks again: a key was given units back. */
  relent(key: string): void {
    const purse = this.#purses.get(key);
    if (purse !== undefined) purse.refusedUntil = 0;
  }

  #open(key: string): Purse {
    if (this.#purses.size >= MOST_KEYS) {
      const [oldest] = this.#purses.keys();
      if (oldest !== undefined) this.#purses.delete(oldest);
    }
    const purse = new Purse();
    this.#purses.set(key, purse);
    return purse;
  }

  #atHand(purse: Purse, cost: number): Decision | undefined {
    const { said } = purse;
    if (said === undefined) return undefined;
    const now = this.#clock.monotonic();
    if (purse.tokens >= cost && now < purse.usableUntil) return spent(purse, said, cost);
    return cost >= purse.refusedCost && now < purse.refusedUntil ? refusal(purse, said, now) : undefined;
  }

  async #fetched(key: string, purse: Purse, input: LimitInput, config: PrefetchingConfig): Promise<Decision> {
    const cost = input.amount;
    purse.wanted += cost;
    try {
      for (;;) {
        const mine = purse.fetching === undefined;
        const failure = await (purse.fetching ?? this.#fetch(key, purse, cost, config));
        if (failure !== undefined) return this.#mint.degraded(key, input, failure);
        const { said } = purse;
        // Whoever fetched was decided upon by the store, however long that took.
        if (mine && said !== undefined) {
          if (purse.tokens >= cost) return spent(purse, said, cost);
          if (cost >= purse.refusedCost) return refusal(purse, said, this.#clock.monotonic());
        }
        const decision = this.#atHand(purse, cost);
        if (decision !== undefined) return decision;
      }
    } finally {
      purse.wanted -= cost;
    }
  }

  /** One fetch at a time; those who come meanwhile wait for it. */
  #fetch(key: string, purse: Purse, cost: number, config: PrefetchingConfig): Promise<StoreFailure | undefined> {
    const fetching = this.#refill(key, purse, cost, config).finally(() => {
      purse.fetching = undefined;
    });
    purse.fetching = fetching;
    return fetching;
  }

  async #refill(
    key: string,
    purse: Purse,
    cost: number,
    { prefetch, algorithm, windowMs, capacity }: PrefetchingConfig,
  ): Promise<StoreFailure | undefined> {
    const { tokens: most, holdMs } = prefetch;
    this.#resize(key, purse, most);
    // Enough for all who wait, who use theirs at once; and some to be held.
    const amount = Math.min(capacity, purse.wanted + purse.size - 1);
    let sentAt = this.#clock.monotonic();
    let got = amount;
    let answer = await this.#mint.fetch(key, amount);
    if (!(answer instanceof StoreFailure) && !answer.allowed && amount > cost) {
      // There may be enough for this one, though not for all.
      purse.size = 1;
      got = Math.max(cost, Math.min(amount, answer.remaining));
      sentAt = this.#clock.monotonic();
      answer = await this.#mint.fetch(key, got);
    }
    if (answer instanceof StoreFailure) return answer;
    purse.said = answer;
    if (!answer.allowed) {
      // (Somebody else may have been quicker, and less than all that was asked for would do.)
      purse.refusedCost = got;
      purse.retryAt = sentAt + answer.retryAfterMs;
      purse.refusedUntil = Math.min(purse.retryAt, sentAt + holdMs);
      return undefined;
    }
    purse.refusedCost = Number.POSITIVE_INFINITY;
    purse.tokens = got;
    purse.usableUntil = sentAt + Math.min(holdMs, windowLeft(algorithm, answer.resetMs, windowMs));
    return undefined;
  }

  /** Fits the next fetch to how the last one was used, and gives back what is left of it. */
  #resize(key: string, purse: Purse, most: number): void {
    const { tokens: left, said } = purse;
    const inTime = this.#clock.monotonic() < purse.usableUntil;
    purse.size = inTime ? Math.min(most, purse.size * 2) : Math.max(1, purse.size >> 1);
    purse.tokens = 0;
    if (left > 0 && said !== undefined) this.#mint.giveBack(key, left, said.at);
  }
}

function spent(purse: Purse, said: LimitDecision, cost: number): Decision {
  purse.tokens -= cost;
  return { ...said, allowed: true, remaining: said.remaining + purse.tokens, retryAfterMs: 0 };
}

function refusal(purse: Purse, said: LimitDecision, now: number): Decision {
  return { ...said, allowed: false, retryAfterMs: Math.max(1, Math.ceil(purse.retryAt - now)) };
}

/** Milliseconds for which what was taken stays in the window that it was taken from. */
function windowLeft(algorithm: LimiterConfig["algorithm"], resetMs: number, windowMs: number): number {
  if (algorithm === "fixed-window") return resetMs;
  // This window's end, and the whole next one in which it still counts.
  if (algorithm === "sliding-window") return resetMs - windowMs;
  return Number.POSITIVE_INFINITY;
}
