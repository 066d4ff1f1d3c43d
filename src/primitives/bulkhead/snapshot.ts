/** A bulkhead as plain data, for the snapshot. */
export interface BulkheadSnapshot {
  /** Slots there are now. */
  readonly limit: number;
  /** Slots taken: more than `limit` for a while after that was lowered. */
  readonly running: number;
  readonly queued: number;
  readonly maxQueue: number;
  /** Calls that got no slot so far, for whatever reason. */
  readonly rejected: number;
  readonly closed: boolean;
}
