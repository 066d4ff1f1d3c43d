import type { Clock } from "../../core/clock.js";
import { Deadlines } from "../../core/deadlines.js";
import { type Cells, type MaybePromise, type Outcome, type Store, StoreFailure } from "../../core/store.js";
import { broken, StoreWait } from "../../core/store-wait.js";
import {
  type CacheEntryConfig,
  type CacheEntryDecision,
  type CacheEntryInput,
  cacheEntryKernel,
} from "../../kernel/cache/entry.js";

/** How long the store may take. */
const PATIENCE_MS = 5_000;
/** How long one may be at changing it before the next takes over. */
const LEASE_MS = 10_000;
/** It is remembered for so long after the last change. */
const KEEP_MS = 400 * 86_400_000;
/** Nothing here is cleared by another version. */
const EPOCH = 1;
const MOST_ROUNDS = 5;
const WAIT_MS = 50;
const NONCES = 2 ** 48;

/**
 * Texts in a store that several processes change, one after another: what a change was made from is what it replaces, or
 * it is made again. It stands on the kernel of cache entries, as a value that is never fresh: whoever reads it to change
 * it gets the fence to write it with, and everybody else waits.
 */
export class FencedText {
  readonly #store: Store;
  readonly #space: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #deadlines: Deadlines;
  #cells: Cells<CacheEntryConfig, CacheEntryInput, CacheEntryDecision> | undefined;

  constructor(store: Store, space: string, clock: Clock, random: () => number) {
    this.#store = store;
    this.#space = space;
    this.#clock = clock;
    this.#random = random;
    this.#deadlines = new Deadlines(clock, PATIENCE_MS);
  }

  /** The text as it is; `null` where there is none. */
  async read(key: string): Promise<{ readonly text: string | null } | StoreFailure> {
    return this.#step(key, { op: "read", epoch: EPOCH, fence: 0 });
  }

  /**
   * @param decide makes the new text of the old one; `undefined` leaves it as it is. It may be asked several times: an
   * answer of the store may be lost after the text was written. When it throws, nothing is changed.
   */
  async change(
    key: string,
    decide: (text: string | null) => MaybePromise<string | undefined>,
  ): Promise<StoreFailure | undefined> {
    const fence = 1 + Math.floor(this.#random() * (NONCES - 1));
    const until = this.#clock.monotonic() + LEASE_MS + PATIENCE_MS;
    for (let round = 0; round < MOST_ROUNDS; ) {
      const found = await this.#step(key, { op: "read", epoch: EPOCH, fence });
      if (found instanceof StoreFailure) return found;
      if (found.fence === 0) {
        // Time stands still in a mutation, and whoever was at it there has gone.
        if (this.#store.capability !== "act" || this.#clock.monotonic() >= until)
          return new StoreFailure("contention", "no");
        await this.#pause(Math.ceil(Math.min(WAIT_MS * (0.5 + this.#random()), Math.max(1, found.waitMs))));
        continue;
      }
      round++;
      const text = await this.#decided(key, fence, () => decide(found.text));
      if (text === undefined) return undefined;
      const written = await this.#step(key, { op: "commit", epoch: EPOCH, fence, text, freshMs: 0, keepMs: KEEP_MS });
      if (!(written instanceof StoreFailure) && written.kept) return undefined;
      if (written instanceof StoreFailure && (written.applied === "no" || round >= 2)) return written;
    }
    return new StoreFailure("contention", "unknown");
  }

  async #decided(key: string, fence: number, decide: () => MaybePromise<string | undefined>) {
    let text: string | undefined;
    try {
      text = await decide();
      return text;
    } finally {
      if (text === undefined) await this.#giveBack(key, fence);
    }
  }

  /** Others may change it at once. */
  async #giveBack(key: string, fence: number): Promise<void> {
    await this.#step(key, { op: "release", epoch: EPOCH, fence });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.alarm(ms, resolve, "held"));
  }

  async #step(key: string, input: CacheEntryInput): Promise<Outcome<CacheEntryDecision>> {
    try {
      this.#cells ??= this.#store.open(cacheEntryKernel, this.#space);
      const answer = this.#cells.step(key, { leaseMs: LEASE_MS }, input, { deadlineMs: PATIENCE_MS });
      if (!(answer instanceof Promise)) return answer;
      return await new StoreWait(answer, this.#deadlines, this.#clock.monotonic()).answer;
    } catch (error) {
      return broken(error);
    }
  }
}
