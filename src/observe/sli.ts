import type { SliRecorder } from "../core/runtime.js";
import { LATENCY_BUCKETS, latencyBucket, latencyPercentile, slowerThan } from "../kernel/sli/latency.js";
import { addRow, SliTier } from "./sli-tier.js";
import type { SloCounts } from "./slo/counts.js";
import type { SliWindow } from "./snapshot.js";

const MINUTE_MS = 60_000;
const ROW = 1 + LATENCY_BUCKETS;

/**
 * The counters of one indicator. Two hours are kept by the minute, six by the quarter of an hour, three days by the
 * hour, each with its latency histogram: about 130 kB, taken when the first call is recorded and never more. A window
 * ends now and begins with the minute, quarter or hour its first moment falls into, so it may reach back too far by
 * at most a twentieth of its length (the one of five minutes: by a minute).
 */
export class Sli implements SliRecorder {
  readonly #startedAt: number;
  readonly #opened: (sli: Sli) => number;
  /** The row of the minute that is being counted, while {@link close} hasn't ended it. */
  #row: Uint32Array = new Uint32Array(0);
  /** What was counted in all minutes before. */
  #past: Float64Array = new Float64Array(0);
  #open = false;
  /** When the minute of `#row` was entered. */
  #at = 0;
  #tiers: readonly [SliTier, SliTier, SliTier] | undefined;

  /** @param opened called when a minute's first call comes: answers the present time, and sees to {@link close} */
  constructor(startedAt: number, opened: (sli: Sli) => number) {
    this.#startedAt = startedAt;
    this.#opened = opened;
  }

  record(bad: boolean | undefined, durationMs: number): void {
    if (bad === undefined) return;
    if (!this.#open) this.#enter();
    const row = this.#row;
    if (bad) row[0] = (row[0] as number) + 1;
    const cell = 1 + latencyBucket(durationMs);
    row[cell] = (row[cell] as number) + 1;
  }

  /** Ends the minute: the next call reads the clock again. */
  close(): void {
    this.#open = false;
  }

  /** What was counted over the last `secs` seconds, each. */
  windows(now: number, secs: readonly number[]): SliWindow[] {
    this.#rollTo(now);
    const sum = new Float64Array(ROW);
    return secs.map((sec) => {
      sum.fill(0);
      this.#sum(now - sec * 1000, sec, sum);
      const counts = sum.subarray(1);
      const valid = counts.reduce((total, count) => total + count, 0);
      return {
        sec,
        valid,
        bad: sum[0] as number,
        coveredSec: Math.min(sec, Math.floor((now - this.#startedAt) / 1000)),
        p50: latencyPercentile(counts, valid, 0.5),
        p95: latencyPercentile(counts, valid, 0.95),
        p99: latencyPercentile(counts, valid, 0.99),
      };
    });
  }

  /**
   * Everything that was ever counted; slow is what lies above the bucket `quick` of latencies. Costs the calls nothing:
   * it is added up here.
   */
  total(quick: number | undefined): SloCounts {
    let valid = 0;
    for (let cell = 1; cell < ROW; cell++) valid += (this.#past[cell] ?? 0) + (this.#row[cell] ?? 0);
    const slow =
      quick === undefined ? 0 : slowerThan(quick, this.#past.subarray(1)) + slowerThan(quick, this.#row.subarray(1));
    return { valid, bad: (this.#past[0] ?? 0) + (this.#row[0] ?? 0), slow };
  }

  #enter(): void {
    const now = this.#opened(this);
    if (this.#tiers === undefined) {
      // One row more than the longest window has, for a window begins within a row.
      this.#tiers = [
        new SliTier(MINUTE_MS, 121, ROW),
        new SliTier(15 * MINUTE_MS, 25, ROW),
        new SliTier(60 * MINUTE_MS, 73, ROW),
      ];
      this.#past = new Float64Array(ROW);
      this.#row = this.#tiers[0].row(now);
      this.#at = now;
    } else this.#rollTo(now);
    this.#open = true;
  }

  /** Passes a finished minute on to the longer rows. */
  #rollTo(now: number): void {
    if (this.#tiers === undefined || Math.floor(now / MINUTE_MS) <= Math.floor(this.#at / MINUTE_MS)) return;
    const [minutes, quarters, hours] = this.#tiers;
    addRow(this.#row, quarters.row(this.#at));
    addRow(this.#row, hours.row(this.#at));
    addRow(this.#row, this.#past);
    this.#row = minutes.row(now);
    this.#at = now;
  }

  #sum(since: number, sec: number, into: Float64Array): void {
    if (this.#tiers === undefined) return;
    const [minutes, quarters, hours] = this.#tiers;
    if (sec <= 7_200) {
      minutes.sum(since, into);
      return;
    }
    const tier = sec <= 21_600 ? quarters : hours;
    tier.row(this.#at);
    tier.sum(since, into);
    addRow(this.#row, into);
  }
}
