import type { MaybePromise, StoreFailure } from "./store.js";

/** What one call has counted of one indicator: `[valid, bad, bucket, count, …]`, buckets of the latency ascending. */
export interface SliCount {
  readonly kind: "endpoint" | "upstream";
  readonly name: string;
  readonly counts: readonly number[];
}

/** What was counted in one stretch of time. */
export interface SliStretch extends SliCount {
  /** When it began, Unix milliseconds. */
  readonly start: number;
}

/** The indicators of one service, where the store counts and no process does. */
export interface SliStore {
  record(counts: readonly SliCount[]): MaybePromise<StoreFailure | null>;
  /** What was counted in stretches of that length (a minute, or an hour) that began since then, in the order of time. */
  read(stretchMs: number, since: number): MaybePromise<readonly SliStretch[] | StoreFailure>;
}

/** What a store has beside `Store` that lives for one call. */
export interface SliSource {
  slis(service: string): SliStore;
  /** Resolves when everything that was asked of it has been answered. */
  settled(): Promise<void>;
}
