import { ConfigError, fraction, integer, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { LoopDelaySource } from "../../core/front-door.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import type { AdmissionConfig } from "../../kernel/admission/admission.js";

/** How late the event loop may be all the time. */
export const DEFAULT_TARGET_DELAY_MS = 30;
/** For how long the event loop may be later, and how late meanwhile: as CoDel's interval. */
export const DEFAULT_INTERVAL_MS = 100;
/** The least that the limit falls to: as that of Netflix's Gradient2. */
export const DEFAULT_MIN_LIMIT = 20;
/** Where the limit begins. */
export const DEFAULT_INITIAL_LIMIT = 100;
/** The most that the limit rises to. */
export const DEFAULT_MAX_LIMIT = 1000;
/** Latency, as a multiple of the usual one, above which the limit falls. */
export const DEFAULT_TOLERANCE = 2;
/** What clients that are refused are told to wait, at least. */
export const DEFAULT_RETRY_AFTER_MS = 1000;

/** Options of an {@link OverloadGuard}. `K` is the type of the knobs that tunable options are functions of. */
export interface OverloadOptions<K = Record<string, never>> {
  /**
   * What measures the event loop: `eventLoopDelay()` of `keelson/node`. Default: nothing, and only the latency gradient
   * acts, which can't see work that keeps the processor busy.
   */
  readonly loop?: LoopDelaySource;
  /**
   * How late the event loop may be all the time. Choose at least three times as much as the longest stretch that a
   * usual request keeps the processor busy. Default `"30ms"`.
   */
  readonly targetDelay?: Tunable<K, Duration>;
  /** For how long it may be later than `targetDelay`, and how late it may be meanwhile. Default `"100ms"`. */
  readonly interval?: Tunable<K, Duration>;
  /** The least that the limit of calls under way falls to. Default 20. */
  readonly minLimit?: Tunable<K, number>;
  /** Where the limit begins, and goes back to while nothing speaks against it. Default 100, within the other two. */
  readonly initialLimit?: Tunable<K, number>;
  /** The most that the limit rises to. Default 1000. */
  readonly maxLimit?: Tunable<K, number>;
  /** How many times as long as usual calls may take before the limit falls, from 1.1 to 10. Default 2. */
  readonly tolerance?: Tunable<K, number>;
  /**
   * When clients that are refused are told to come back, at least; at random up to three times as much, so that they
   * don't all come at once. Default `"1s"`.
   */
  readonly retryAfter?: Tunable<K, Duration>;
}

/** {@link OverloadOptions}, checked and filled in. */
export interface OverloadConfig extends AdmissionConfig {
  readonly retryAfterMs: number;
}

const KNOWN = ["loop", "targetDelay", "interval", "minLimit", "initialLimit", "maxLimit", "tolerance", "retryAfter"];

/** @throws {ConfigError} naming the first option that is wrong */
export function overloadConfig(where: string, options: OverloadOptions<never>, read: ReadTunable): OverloadConfig {
  onlyKnown(options, where, KNOWN);
  const { loop, targetDelay, interval, retryAfter, tolerance = DEFAULT_TOLERANCE } = options;
  if (loop !== undefined && typeof loop !== "function")
    throw new ConfigError(
      `${where}.loop`,
      loop,
      "what measures the event loop, such as eventLoopDelay() of keelson/node",
    );
  const duration = (option: Tunable<never, Duration> | undefined, name: string, otherwise: number) =>
    milliseconds(read<Duration>(option ?? otherwise), `${where}.${name}`, 1);
  const targetDelayMs = duration(targetDelay, "targetDelay", DEFAULT_TARGET_DELAY_MS);
  const intervalMs = duration(interval, "interval", Math.max(DEFAULT_INTERVAL_MS, targetDelayMs));
  if (intervalMs < targetDelayMs)
    throw new ConfigError(`${where}.interval`, intervalMs, `at least targetDelay, ${targetDelayMs}ms`);
  return {
    targetDelayMs,
    intervalMs,
    ...limits(where, options, read),
    tolerance: fraction(read<number>(tolerance), `${where}.tolerance`, 1.1, 10),
    retryAfterMs: duration(retryAfter, "retryAfter", DEFAULT_RETRY_AFTER_MS),
  };
}

function limits(
  where: string,
  { minLimit, initialLimit, maxLimit }: OverloadOptions<never>,
  read: ReadTunable,
): Pick<OverloadConfig, "minLimit" | "initialLimit" | "maxLimit"> {
  const max = integer(read<number>(maxLimit ?? DEFAULT_MAX_LIMIT), `${where}.maxLimit`, 1);
  const min = integer(read<number>(minLimit ?? Math.min(DEFAULT_MIN_LIMIT, max)), `${where}.minLimit`, 1, max);
  const usual = Math.min(max, Math.max(min, DEFAULT_INITIAL_LIMIT));
  const initial = integer(read<number>(initialLimit ?? usual), `${where}.initialLimit`, min, max);
  return { minLimit: min, initialLimit: initial, maxLimit: max };
}
