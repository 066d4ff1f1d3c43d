import type { Counts } from "./verdict.js";

/** The recent calls that a circuit is judged by. Its counts are those after the last {@link record} or {@link advance}. */
export interface CallWindow extends Counts {
  /** Adds a call that settled at `now` (monotonic milliseconds). */
  record(now: number, failed: boolean, slow: boolean): void;
  /** Forgets what is too old at `now`. */
  advance(now: number): void;
  /** The window as plain data. */
  serialise(now: number): WindowRecord;
  /**
   * Takes over what {@link serialise} gave `elapsedMs` ago; a record of a window of another shape is left alone.
   *
   * @returns whether the record could be used
   */
  restore(record: WindowRecord, now: number, elapsedMs: number): boolean;
}

/** A {@link CallWindow} as plain data: buckets of a time window, or the calls of a count window; oldest first. */
export type WindowRecord =
  | {
      readonly bucketMs: number;
      /** Milliseconds since the newest bucket began. */
      readonly ageMs: number;
      /** Calls, failures and slow calls of each bucket. */
      readonly buckets: readonly (readonly [number, number, number])[];
    }
  | {
      /** A call each: 0, plus 1 if it failed, plus 2 if it was slow. */
      readonly calls: readonly number[];
    };
