import { oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import type { IdempotencyConfig } from "../../kernel/idempotency/idempotency.js";

/** Options of a {@link ReplayGuard}. */
export interface ReplayGuardOptions<K = Record<string, never>> {
  /**
   * How long an item is known again. At least as long as its sender tries again, and twice as long as signatures are
   * good. Default 7 days, as long as Meta and Google try.
   */
  readonly ttl?: Tunable<K, Duration>;
  /** How long handling an item may take before another may try. Default 60 seconds. */
  readonly lease?: Tunable<K, Duration>;
  /**
   * What an item counts as whose handling was never heard of again: `rerun` it, or leave it alone as `unknown`. Default
   * `rerun`, for a webhook that is not handled is sent again just so that it is.
   */
  readonly onLeaseExpired?: "rerun" | "unknown";
}

/**
 * Checks the options.
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function replayConfig(where: string, options: ReplayGuardOptions<never>, read: ReadTunable): IdempotencyConfig {
  onlyKnown(options, where, ["ttl", "lease", "onLeaseExpired"]);
  const leaseMs = milliseconds(read(options.lease ?? "60s"), `${where}.lease`, 1);
  return {
    leaseMs,
    ttlMs: milliseconds(read(options.ttl ?? "7d"), `${where}.ttl`, leaseMs),
    onLeaseExpired: oneOf(options.onLeaseExpired ?? "rerun", `${where}.onLeaseExpired`, ["rerun", "unknown"]),
  };
}
