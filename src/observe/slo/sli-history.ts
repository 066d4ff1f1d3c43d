import { StoreFailure } from "../../core/store.js";
import type { Sli } from "../sli.js";
import { CountRing, minus, NO_COUNTS, type SloCounts } from "./counts.js";
import { SharedTier, type SliStep } from "./shared-tier.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Windows up to this long go by minutes, longer ones by hours. */
const BY_MINUTES_MS = 6 * HOUR_MS;
/** One slot more than the longest window has, for a window begins within a slot. */
const MINUTES = BY_MINUTES_MS / MINUTE_MS + 1;
const HOURS = 30 * 24 + 1;
/** Cells that these lie in, for the present one may have only begun. */
const HOUR_CELLS = 7;
const DAY_CELLS = 31;

/** Whose calls are counted. */
export type SloView = "process" | "service";

/** What was counted over a window. */
export interface SloWindow extends SloCounts {
  /** Milliseconds of it that anybody was counting for. */
  readonly coveredMs: number;
}

/**
 * What one indicator counted over the windows of alerts and the budget's period: in this process, by minutes for six
 * hours and by hours for 30 days, and, where there is a store, in all processes of the service.
 *
 * Time is the wall clock's, for processes have no other in common.
 */
export class SliHistory {
  readonly #sli: Sli;
  readonly #quick: number | undefined;
  readonly #minutes = new CountRing(MINUTE_MS, MINUTES);
  readonly #hours = new CountRing(HOUR_MS, HOURS);
  readonly #shared: readonly [minutes: SharedTier, hours: SharedTier] | undefined;
  #taken: SloCounts = NO_COUNTS;
  #exchanged: boolean;

  /** @param quick the slowest bucket of latencies that is quick enough */
  constructor(id: string, sli: Sli, quick: number | undefined, step: SliStep | undefined) {
    this.#sli = sli;
    this.#quick = quick;
    this.#exchanged = step === undefined;
    this.#shared = step && [
      new SharedTier(step, id, HOUR_MS, HOUR_CELLS, new CountRing(MINUTE_MS, MINUTES)),
      new SharedTier(step, id, DAY_MS, DAY_CELLS, new CountRing(HOUR_MS, HOURS)),
    ];
  }

  /** Whether the store has been asked; true where there is none. */
  get exchanged(): boolean {
    return this.#exchanged;
  }

  /** Takes over what the indicator has counted since the last time: it happened around `at`. */
  take(at: number): void {
    const total = this.#sli.total(this.#quick);
    const counts = minus(total, this.#taken);
    this.#taken = total;
    if (counts.valid === 0) return;
    this.#minutes.add(Math.floor(at / MINUTE_MS), counts);
    this.#hours.add(Math.floor(at / HOUR_MS), counts);
    for (const tier of this.#shared ?? []) tier.add(at, counts);
  }

  /** Exchanges counts with the store; answers the failure, if there was one. */
  async refresh(now: number): Promise<StoreFailure | undefined> {
    this.#exchanged = true;
    const answers = await Promise.all((this.#shared ?? []).map((tier) => tier.refresh(now)));
    return answers.find((answer) => answer instanceof StoreFailure);
  }

  /** What was counted over the last `ms`; it reaches back to the beginning of the minute or hour it begins in. */
  window(ms: number, now: number, view: SloView, uptimeMs: number): SloWindow {
    const since = now - ms;
    const byMinutes = ms <= BY_MINUTES_MS;
    const own = byMinutes ? this.#minutes : this.#hours;
    if (view === "process" || this.#shared === undefined)
      return { ...own.sum(since, now), coveredMs: Math.min(ms, uptimeMs) };
    const [minutes, hours] = this.#shared;
    const watchedMs = Math.max(uptimeMs, now - began(minutes.since, hours.since));
    return { ...(byMinutes ? minutes : hours).sum(since, now), coveredMs: Math.min(ms, watchedMs) };
  }
}

/** When counting began, by the minute if the first hour is still known by minutes: an hour would say too much. */
function began(minute: number, hour: number): number {
  const first = Math.min(minute, hour);
  return Math.floor(minute / HOUR_MS) * HOUR_MS === first ? minute : first;
}
