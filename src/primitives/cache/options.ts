import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError, fraction, integer, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import type { Tier2Options } from "./tier2-options.js";

/** Options of a {@link Cache}. */
export interface CacheOptions<V = unknown, K = Record<string, never>> {
  /** How long a value is fresh. */
  readonly ttl: Tunable<K, Duration>;
  /** How long after that a value is handed out at once while a new one is being loaded. Default 0. */
  readonly staleWhileRevalidate?: Tunable<K, Duration>;
  /** How long after `ttl` a value is kept, to be handed out when loading a new one fails. Default 0. */
  readonly grace?: Tunable<K, Duration>;
  /** How long `null` is fresh: that there is nothing. Default 30 seconds, and never more than `ttl`. */
  readonly negativeTtl?: Tunable<K, Duration>;
  /** How long loading isn't tried again after it failed, where there is a value to hand out. Default 5 seconds. */
  readonly failureBackoff?: Duration;
  /**
   * The part of `ttl` that is taken off, differently for each key and always the same for one, so that what was loaded
   * together doesn't run out together. Default 0.1.
   */
  readonly jitter?: number;
  /** Values held at most; then the one that was not asked for longest goes. Default 1000. */
  readonly maxEntries?: number;
  /** Part of the namespace's version: another value makes everything held until then count as gone. */
  readonly version?: Tunable<K, string | number>;
  /** What loaders return has to match; a value that doesn't is a failed load. Has to answer at once. */
  readonly value?: StandardSchemaV1<unknown, V>;
  /**
   * Hand out a copy each time, by `structuredClone`. Default false: all callers share one value, and none may change
   * it.
   */
  readonly clone?: boolean;
  /**
   * Holds values in the store as well, where all processes find them, so that one loads for all. They have to be JSON.
   * Default: none.
   */
  readonly tier2?: true | Tier2Options;
}

/** A cache's options, checked. */
export interface CacheConfig {
  readonly ttlMs: number;
  readonly swrMs: number;
  readonly graceMs: number;
  readonly negativeTtlMs: number;
  readonly failureBackoffMs: number;
  readonly jitter: number;
  readonly version: string;
}

/** How many values a cache holds where it isn't said. */
const MAX_ENTRIES = 1_000;

/**
 * Checks the options.
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function cacheConfig(where: string, options: CacheOptions<never, never>, read: ReadTunable): CacheConfig {
  onlyKnown(options, where, [
    "ttl",
    "staleWhileRevalidate",
    "grace",
    "negativeTtl",
    "failureBackoff",
    "jitter",
    "maxEntries",
    "version",
    "value",
    "clone",
    "tier2",
  ]);
  const { value } = options as { readonly value?: StandardSchemaV1 };
  if (value !== undefined && typeof value?.["~standard"]?.validate !== "function")
    throw new ConfigError(`${where}.value`, value, "a Standard Schema");
  const ttlMs = milliseconds(read(options.ttl), `${where}.ttl`, 1);
  return {
    ttlMs,
    swrMs: milliseconds(read(options.staleWhileRevalidate ?? 0), `${where}.staleWhileRevalidate`),
    graceMs: milliseconds(read(options.grace ?? 0), `${where}.grace`),
    negativeTtlMs: Math.min(ttlMs, milliseconds(read(options.negativeTtl ?? "30s"), `${where}.negativeTtl`)),
    failureBackoffMs: milliseconds(options.failureBackoff ?? "5s", `${where}.failureBackoff`),
    jitter: fraction(options.jitter ?? 0.1, `${where}.jitter`, 0, 1),
    version: String(read(options.version ?? "")),
  };
}

/** @throws {ConfigError} when `maxEntries` is no whole number of at least 1 */
export function maxEntriesOf(where: string, options: CacheOptions<never, never>): number {
  return integer(options.maxEntries ?? MAX_ENTRIES, `${where}.maxEntries`, 1, 100_000_000);
}
