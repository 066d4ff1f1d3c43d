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

/** How long a store may take that does not answer at once. */
export const DEFAULT_DEADLINE: Duration = "250ms";
/** The part of the limit that one process may give by itself. */
export const DEFAULT_FRACTION = 0.5;
/** Keys that one process counts by itself. */
export const DEFAULT_MAX_KEYS = 10_000;
const LEAST_FRACTION = 0.001;

/**
 * What a limiter decides when its store can't: let through, refuse, or count in this process alone with a part of the
 * limit.
 */
export type FailurePolicy = "open" | "closed" | "local";

/** Options of a {@link Limiter}. */
export interface LimiterOptions<K = Record<string, never>> {
  /** How it counts. */
  readonly algorithm: LimitAlgorithm;
  /** Units a window, at least 1. How many at most depends on algorithm and window: what it is counted in stays exact. */
  readonly limit: Tunable<K, number>;
  /** The window's length, from 1 ms to 366 days. */
  readonly per: Tunable<K, Duration>;
  /** Token bucket and GCRA: units that may be taken at once. Default: `limit`. */
  readonly burst?: Tunable<K, number>;
  /** How long a refusal blocks its key, up to 366 days. Default 0: it doesn't. */
  readonly blockFor?: Tunable<K, Duration>;
  /**
   * What is decided when the store can't, for all causes or each: `timeout`, `unavailable`, `contention`, `capacity`,
   * `version`. Default `"local"`, for causes left out too. Where security or money depends on the limit: `"closed"`.
   */
  readonly onStoreFailure?: FailurePolicy | Readonly<Partial<Record<StoreFailureCause, FailurePolicy>>>;
  /** How long a store may take that doesn't answer at once; then it has failed (`timeout`). Default `"250ms"`. */
  readonly deadline?: Duration;
  /** For the policy `"local"`. */
  readonly local?: LocalOptions;
  /**
   * For keys so busy that a round trip each is too much: takes up to so many units from the store at a time and hands
   * them out here, in no time. The definition holds. Not with `sliding-log`, nor with `blockFor`. Default: none.
   */
  readonly prefetch?: PrefetchOptions;
}

/** Taking units from the store ahead of time. */
export interface PrefetchOptions {
  /** Units taken at a time, at most; from 2 up to what an unused limiter holds. */
  readonly tokens: number;
  /**
   * How long units are held that are not used, and a refusal is believed. By so much a reset or a block may come late in
   * other processes; and where units come back steadily (`token-bucket`, `gcra`) the burst is smaller by what comes back in
   * that time. Default `"1s"`.
   */
  readonly hold?: Duration;
}

/** Counting in this process alone. */
export interface LocalOptions {
  /** The part of limit and burst that one process may give, rounded up; from 0.001 to 1. Default 0.5. */
  readonly fraction?: number;
  /** Keys counted at most; while these are live, others are refused as with `"closed"`. Default 10,000. */
  readonly maxKeys?: number;
}

/** What a limiter tells of itself, in rate-limit headers. */
export interface LimiterPolicy {
  readonly name: string;
  /** Units a window. */
  readonly limit: number;
  readonly windowMs: number;
  /** Units that an unused limiter holds: the most that can be taken at once. */
  readonly burst: number;
}

/** A limiter's options, checked; the limits themselves as its kernel takes them. */
export interface LimiterConfig extends LimitConfig {
  readonly algorithm: LimitAlgorithm;
  readonly policy: LimiterPolicy;
  /** Units that an unused limiter holds. */
  readonly capacity: number;
  readonly onFailure: Readonly<Record<StoreFailureCause, FailurePolicy>>;
  /** What the store is told of each call. */
  readonly call: { readonly deadlineMs: number };
  /** What one process may give by itself; `undefined` where no cause asks for it. */
  readonly local: LocalConfig | undefined;
  readonly prefetch: PrefetchConfig | undefined;
}

/** Taking units ahead of time, checked. */
export interface PrefetchConfig {
  readonly tokens: number;
  readonly holdMs: number;
}

/** What one process may give by itself. */
export interface LocalConfig extends LimitConfig {
  readonly capacity: number;
  readonly maxKeys: number;
  /** The same without blocks. */
  readonly unblocking: LimitConfig;
}

/** Products and sums of limits and times stay whole numbers that a double holds. */
const MOST = 2 ** 52;
/** A longer log takes too long to look through at every request. */
const MOST_LOGGED = 10_000;
const MOST_DAYS = 366;
const CAUSES = ["timeout", "unavailable", "contention", "capacity", "version"] as const;

/** The kernel of an algorithm. */
export function kernelOf(algorithm: LimitAlgorithm): LimitKernel {
  return KERNELS[algorithm];
}

/**
 * Checks the options.
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function limiterConfig(name: string, options: LimiterOptions<never>, read: ReadTunable): LimiterConfig {
  const where = whereOf(name);
  onlyKnown(options, where, [
    "algorithm",
    "limit",
    "per",
    "burst",
    "blockFor",
    "onStoreFailure",
    "deadline",
    "local",
    "prefetch",
  ]);
  const algorithm = oneOf(options.algorithm, `${where}.algorithm`, Object.keys(KERNELS) as LimitAlgorithm[]);
  const windowMs = span(read(options.per), `${where}.per`, 1);
  const limit = integer(read(options.limit), `${where}.limit`, 1, mostUnits(algorithm, windowMs));
  const bursts = algorithm === "token-bucket" || algorithm === "gcra";
  if (options.burst !== undefined && !bursts)
    throw new ConfigError(`${where}.burst`, read(options.burst), "none: only token-bucket and gcra have a burst");
  // What a unit takes of the numbers that a kernel counts in.
  const unit = algorithm === "gcra" ? Math.ceil((windowMs * 1000) / limit) : bursts ? windowMs : 1;
  const whole = integer(read(options.burst ?? limit), `${where}.burst`, 1, Math.floor(MOST / unit));
  const prefetch = prefetchConfig(options, where, algorithm);
  // What comes back while units are held is taken off, so that they may be used late.
  const burst = prefetch !== undefined && bursts ? whole - Math.ceil((limit * prefetch.holdMs) / windowMs) : whole;
  const blockMs = span(read(options.blockFor ?? 0), `${where}.blockFor`, 0);
  if (prefetch !== undefined && (prefetch.tokens > burst || blockMs > 0))
    throw new ConfigError(
      `${where}.prefetch`,
      options.prefetch,
      blockMs > 0
        ? "none where a refusal blocks (blockFor)"
        : `at most ${Math.max(0, burst)} tokens: what an unused limiter holds, less what comes back during hold`,
    );
  const limits = { limit, windowMs, burst, blockMs };
  const onFailure = policiesOf(options.onStoreFailure ?? "local", `${where}.onStoreFailure`);
  return {
    ...limits,
    algorithm,
    policy: { name, limit, windowMs, burst },
    capacity: burst,
    onFailure,
    call: { deadlineMs: milliseconds(options.deadline ?? DEFAULT_DEADLINE, `${where}.deadline`, 1) },
    local: localConfig(options.local ?? {}, `${where}.local`, limits, Object.values(onFailure).includes("local")),
    prefetch,
  };
}

/** How options and errors name a limiter. */
export function whereOf(name: string): string {
  return `limiter(${JSON.stringify(name)})`;
}

/** A length of time that may be added to any date. */
export function span(value: Duration, option: string, min: number): number {
  const ms = milliseconds(value, option, min);
  if (ms > MOST_DAYS * 86_400_000) throw new ConfigError(option, value, `a duration, at most "${MOST_DAYS}d"`);
  return ms;
}

/** The largest limit whose arithmetic is exact. */
function mostUnits(algorithm: LimitAlgorithm, windowMs: number): number {
  if (algorithm === "sliding-log") return MOST_LOGGED;
  if (algorithm === "fixed-window") return MOST;
  // GCRA counts microseconds between units.
  return algorithm === "gcra" ? windowMs * 1000 : Math.floor(MOST / windowMs);
}

function prefetchConfig(
  { prefetch }: LimiterOptions<never>,
  where: string,
  algorithm: LimitAlgorithm,
): PrefetchConfig | undefined {
  if (prefetch === undefined) return undefined;
  onlyKnown(prefetch, `${where}.prefetch`, ["tokens", "hold"]);
  if (algorithm === "sliding-log")
    throw new ConfigError(`${where}.prefetch`, prefetch, "none: a sliding log counts each unit when it is used");
  return {
    tokens: integer(prefetch.tokens, `${where}.prefetch.tokens`, 2),
    holdMs: milliseconds(prefetch.hold ?? "1s", `${where}.prefetch.hold`, 1),
  };
}

function localConfig(
  options: LocalOptions,
  where: string,
  limits: LimitConfig,
  wanted: boolean,
): LocalConfig | undefined {
  onlyKnown(options, where, ["fraction", "maxKeys"]);
  const { fraction: part = DEFAULT_FRACTION, maxKeys = DEFAULT_MAX_KEYS } = options;
  fraction(part, `${where}.fraction`, LEAST_FRACTION, 1);
  integer(maxKeys, `${where}.maxKeys`, 1);
  const capacity = Math.ceil(limits.burst * part);
  if (!wanted) return undefined;
  const own = { ...limits, limit: Math.ceil(limits.limit * part), burst: capacity };
  return { ...own, capacity, maxKeys, unblocking: { ...own, blockMs: 0 } };
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
