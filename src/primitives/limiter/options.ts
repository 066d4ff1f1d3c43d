import { ConfigError, fraction, integer, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import type { StoreFailureCause } from "../../core/store.js";
import { fixedWindow } from "../../kernel/limit/fixed-window.js";
import { gcra } from "../../kernel/limit/gcra.js";
import type { LimitConfig, LimitKernel } from "../../kernel/limit/limit.js";
import { slidingLog } from "../../kernel/limit/sliding-log.js";
import { slidingWindow } from "../../kernel/limit/sliding-window.js";
import { tokenBucket } from "../../kernel/limit/token-bucket.js";

const KERNELS = {
  "token-bucket": tokenBucket,
  gcra,
  "fixed-window": fixedWindow,
  "sliding-window": slidingWindow,
  "sliding-log": slidingLog,
} as const satisfies Record<string, LimitKernel>;

/** How a limiter counts. What each admits at most is said with its kernel, and in docs/limiter.md. */
export type LimitAlgorithm = keyof typeof KERNELS;

/**
 * What a limiter decides when its store can't: let through, refuse, or count in this process alone with a part of the
 * limit.
 */
export type FailurePolicy = "open" | "closed" | "local";

/** Options of a {@link Limiter}. */
export interface LimiterOptions<K = Record<string, never>> {
  readonly algorithm: LimitAlgorithm;
  /** Units a window. */
  readonly limit: Tunable<K, number>;
  /** The window's length. */
  readonly per: Tunable<K, Duration>;
  /** Token bucket and GCRA: units that may be taken at once. Default: `limit`. */
  readonly burst?: Tunable<K, number>;
  /** How long a refusal blocks its key. Default 0: it doesn't. */
  readonly blockFor?: Tunable<K, Duration>;
  /**
   * What is decided when the store can't, for all causes or each: `timeout`, `unavailable`, `contention`, `capacity`,
   * `version`. Default `"local"`. Where security or money depends on the limit: `"closed"`.
   */
  readonly onStoreFailure?: FailurePolicy | Readonly<Partial<Record<StoreFailureCause, FailurePolicy>>>;
  /** How long a store may take that doesn't answer at once. Default 250 ms. */
  readonly deadline?: Duration;
  /** For the policy `"local"`. */
  readonly local?: LocalOptions;
}

/** Counting in this process alone. */
export interface LocalOptions {
  /** The part of the limit that one process may give, rounded up; above 0. Default 0.5. */
  readonly fraction?: number;
  /** Keys counted at most; further ones are refused while these are live. Default 10,000. */
  readonly maxKeys?: number;
}

/** A limiter's options, checked. */
export interface LimiterConfig extends LimitConfig {
  readonly algorithm: LimitAlgorithm;
  readonly kernel: LimitKernel;
  /** Units that an unused limiter holds. */
  readonly capacity: number;
  readonly policies: Readonly<Record<StoreFailureCause, FailurePolicy>>;
  readonly deadlineMs: number;
  readonly localMaxKeys: number;
  /** What one process may give by itself. */
  readonly local: LimitConfig;
}

/** Products of limit and window stay whole numbers that a double holds, with room for their sum. */
const MAX_PRODUCT = 2 ** 52;
const MAX_WINDOW_MS = 366 * 86_400_000;
const CAUSES = ["timeout", "unavailable", "contention", "capacity", "version"] as const;

/**
 * Checks the options.
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function limiterConfig(where: string, options: LimiterOptions<never>, read: ReadTunable): LimiterConfig {
  onlyKnown(options, where, ["algorithm", "limit", "per", "burst", "blockFor", "onStoreFailure", "deadline", "local"]);
  const algorithm = oneOf(options.algorithm, `${where}.algorithm`, Object.keys(KERNELS) as LimitAlgorithm[]);
  const bursts = algorithm === "token-bucket" || algorithm === "gcra";
  const windowMs = milliseconds(read(options.per), `${where}.per`, 1);
  if (windowMs > MAX_WINDOW_MS) throw new ConfigError(`${where}.per`, read(options.per), 'at most "366d"');
  const most = algorithm === "sliding-log" ? 100_000 : algorithm === "gcra" ? windowMs * 1000 : MAX_PRODUCT;
  const limit = integer(read(options.limit), `${where}.limit`, 1, Math.min(most, Math.floor(MAX_PRODUCT / windowMs)));
  if (options.burst !== undefined && !bursts)
    throw new ConfigError(`${where}.burst`, read(options.burst), "left out: only token-bucket and gcra have a burst");
  const unit = algorithm === "gcra" ? Math.ceil((windowMs * 1000) / limit) : windowMs;
  const burst = integer(read(options.burst ?? limit), `${where}.burst`, 1, Math.floor(MAX_PRODUCT / unit));
  const blockMs = milliseconds(read(options.blockFor ?? 0), `${where}.blockFor`);
  const { fraction: part = 0.5, maxKeys = 10_000 } = options.local ?? {};
  onlyKnown(options.local ?? {}, `${where}.local`, ["fraction", "maxKeys"]);
  if (fraction(part, `${where}.local.fraction`, 0, 1) === 0)
    throw new ConfigError(`${where}.local.fraction`, part, "a number above 0, at most 1");
  return {
    algorithm,
    kernel: KERNELS[algorithm],
    limit,
    windowMs,
    burst,
    blockMs,
    capacity: bursts ? burst : limit,
    policies: policiesOf(options.onStoreFailure ?? "local", `${where}.onStoreFailure`),
    deadlineMs: milliseconds(options.deadline ?? 250, `${where}.deadline`, 1),
    localMaxKeys: integer(maxKeys, `${where}.local.maxKeys`, 1),
    local: { limit: Math.ceil(limit * part), windowMs, burst: Math.ceil(burst * part), blockMs },
  };
}

function policiesOf(
  given: NonNullable<LimiterOptions["onStoreFailure"]>,
  where: string,
): Record<StoreFailureCause, FailurePolicy> {
  if (typeof given === "object") onlyKnown(given, where, CAUSES);
  const policy = (cause: StoreFailureCause) =>
    typeof given === "object"
      ? oneOf(given[cause] ?? "local", `${where}.${cause}`, ["open", "closed", "local"])
      : oneOf(given, where, ["open", "closed", "local"]);
  return {
    timeout: policy("timeout"),
    unavailable: policy("unavailable"),
    contention: policy("contention"),
    capacity: policy("capacity"),
    version: policy("version"),
  };
}
