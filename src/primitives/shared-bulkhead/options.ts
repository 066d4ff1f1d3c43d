import { integer, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";

/** Options of a {@link SharedBulkhead}. `K` is the type of the knobs that tunable options are functions of. */
export interface SharedBulkheadOptions<K = Record<string, never>> {
  /** Calls that may run at a time, in all processes together; for each key, where keys are given. */
  readonly maxConcurrent: Tunable<K, number>;
  /** How long a process may be silent until its slots go to others. It says three times a lease that it lives. Default `"10s"`. */
  readonly lease?: Duration;
  /** Calls of this process that may wait for a slot; more are rejected at once. Default 0. */
  readonly maxQueue?: Tunable<K, number>;
  /** How long a call may wait. Default: as long as its caller does. */
  readonly queueTimeout?: Duration;
  /**
   * What becomes of a call when the store can't say: `"closed"` rejects it, `"open"` lets it run without a slot, `"local"`
   * lets run as many as `localMax` in this process. Default `"local"`.
   */
  readonly onStoreFailure?: "open" | "closed" | "local";
  /** For `"local"`: calls without a slot that this process runs at a time. Default: half of `maxConcurrent`, rounded up. */
  readonly localMax?: Tunable<K, number>;
  /** How long the store may take to answer; then it has failed. Default `"1s"`, and no more than a quarter of the lease. */
  readonly deadline?: Duration;
}

/** {@link SharedBulkheadOptions}, checked; times in milliseconds. */
export interface SharedBulkheadConfig {
  readonly capacity: number;
  readonly leaseMs: number;
  readonly maxQueue: number;
  /** `Infinity`: no limit. */
  readonly queueTimeoutMs: number;
  readonly onStoreFailure: "open" | "closed" | "local";
  readonly localMax: number;
  readonly deadlineMs: number;
}

/** Below it a lease is lost to any pause of the process. */
const LEAST_LEASE_MS = 100;

/** @throws {ConfigError} naming the option that is wrong */
export function sharedBulkheadConfig(
  where: string,
  options: SharedBulkheadOptions<never>,
  read: ReadTunable,
): SharedBulkheadConfig {
  onlyKnown(options, where, [
    "maxConcurrent",
    "lease",
    "maxQueue",
    "queueTimeout",
    "onStoreFailure",
    "localMax",
    "deadline",
  ]);
  const capacity = integer(read<number>(options.maxConcurrent), `${where}.maxConcurrent`, 1, 10_000);
  const leaseMs = milliseconds(options.lease ?? "10s", `${where}.lease`, LEAST_LEASE_MS);
  const { queueTimeout } = options;
  return {
    capacity,
    leaseMs,
    maxQueue: integer(read<number>(options.maxQueue ?? 0), `${where}.maxQueue`, 0),
    queueTimeoutMs: queueTimeout === undefined ? Infinity : milliseconds(queueTimeout, `${where}.queueTimeout`, 1),
    onStoreFailure: oneOf(options.onStoreFailure ?? "local", `${where}.onStoreFailure`, ["open", "closed", "local"]),
    localMax: integer(read<number>(options.localMax ?? Math.ceil(capacity / 2)), `${where}.localMax`, 0),
    deadlineMs: Math.min(leaseMs / 4, milliseconds(options.deadline ?? "1s", `${where}.deadline`, 1)),
  };
}
