import type { MaybePromise, StoreFailure } from "./store.js";

/** What has an indicator, by which it is known. */
export interface SliName {
  readonly kind: "endpoint" | "upstream";
  readonly name: string;
}

/** What one call has counted of one indicator: `[valid, bad, bucket, count, …]`, buckets of the latency ascending. */
export interface SliCount extends SliName {
  readonly counts: readonly number[];
}

/** What was counted in one stretch of time. */
export interface SliStretch {
  /** Its length. */
  readonly stretchMs: number;
  /** When it began, Unix milliseconds. */
  readonly start: number;
  /** When the first minute began that something was counted in. */
  readonly first: number;
  readonly counts: readonly number[];
}

/** What one indicator has counted. No call is in two of the stretches, for the short ones become parts of longer ones. */
export interface SliPast extends SliName {
  readonly stretches: readonly SliStretch[];
}

/** The indicators of one service, where the store counts and no process does. */
export interface SliStore {
  record(counts: readonly SliCount[]): MaybePromise<StoreFailure | null>;
  /** All that was counted since then, Unix milliseconds, and what else lies in the same stretches. */
  read(since: number): MaybePromise<readonly SliPast[] | StoreFailure>;
}

/** What a store has beside `Store` that lives for one call. */
export interface SliSource {
  slis(service: string): SliStore;
  /** Resolves when everything that was asked of it has been answered. */
  settled(): Promise<void>;
}
