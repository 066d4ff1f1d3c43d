import { integer, oneOf, onlyKnown } from "../../core/config.js";
import { bytes, type Duration, milliseconds, type Size } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import type { IdempotencyConfig } from "../../kernel/idempotency/idempotency.js";

/** Options of an {@link Idempotency} guard. */
export interface IdempotencyOptions<K = Record<string, never>> {
  /** How long a request may run before it counts as gone. Renewed while it runs. Default 30 seconds. */
  readonly lease?: Tunable<K, Duration>;
  /** How long an answer is kept to be given again. Default 24 hours. */
  readonly ttl?: Tunable<K, Duration>;
  /**
   * What a request counts as whose lease ran out before anybody heard how it ended. `unknown`: it may have happened,
   * and is never run again; `rerun`: it runs again; `resume`: likewise, and its handler is told. Default `unknown`,
   * for only what is done in one transaction with its record is safe to run again.
   */
  readonly onLeaseExpired?: IdempotencyConfig["onLeaseExpired"];
  /** The largest body that is kept; of a larger one only its digest is, and it can't be given again. Default `"64kb"`. */
  readonly maxBytes?: Size;
  /** The longest key that is taken, in characters. Default 255. */
  readonly maxKeyLength?: number;
}

/** An idempotency guard's options, checked. */
export interface IdempotencySettings extends IdempotencyConfig {
  readonly maxBytes: number;
  readonly maxKeyLength: number;
}

/**
 * Checks the options.
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function idempotencySettings(
  where: string,
  options: IdempotencyOptions<never>,
  read: ReadTunable,
): IdempotencySettings {
  onlyKnown(options, where, ["lease", "ttl", "onLeaseExpired", "maxBytes", "maxKeyLength"]);
  const leaseMs = milliseconds(read(options.lease ?? "30s"), `${where}.lease`, 1);
  return {
    leaseMs,
    ttlMs: milliseconds(read(options.ttl ?? "24h"), `${where}.ttl`, leaseMs),
    onLeaseExpired: oneOf(options.onLeaseExpired ?? "unknown", `${where}.onLeaseExpired`, [
      "rerun",
      "resume",
      "unknown",
    ]),
    maxBytes: bytes(options.maxBytes ?? "64kb", `${where}.maxBytes`),
    maxKeyLength: integer(options.maxKeyLength ?? 255, `${where}.maxKeyLength`, 1, 4096),
  };
}
