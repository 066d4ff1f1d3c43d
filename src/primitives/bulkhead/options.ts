import { ConfigError, fraction, integer, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import type { AimdConfig } from "./aimd.js";

/** Calls that may wait when no slot is free. */
export const DEFAULT_MAX_QUEUE = 0;
/** The least that an adaptive limit falls to. */
export const DEFAULT_ADAPTIVE_MIN = 1;
/** What an adaptive limit is multiplied by when a call is dropped. */
export const DEFAULT_DECREASE = 0.9;

/** Who of those who wait is next. */
export type QueueOrder = "fifo" | "lifo-under-load";

/** Options of a {@link Bulkhead}. `K` is the type of the knobs that tunable options are functions of. */
export interface BulkheadOptions<K = Record<string, never>> {
  /** Calls that may run at a time (the sum of their weights). With `adaptive`, where the limit starts. */
  readonly maxConcurrent: Tunable<K, number>;
  /** Calls that may wait, whatever their weight; more are rejected at once. Default 0. */
  readonly maxQueue?: Tunable<K, number>;
  /** How long a call may wait. Default: as long as its caller does. */
  readonly queueTimeout?: Duration;
  /**
   * Who is next among those of one priority. `"lifo-under-load"` takes the newest first while the queue is more than
   * half full: the oldest are about to give up anyway. Default `"fifo"`.
   */
  readonly order?: QueueOrder;
  /** Lets the limit follow how the callee copes. Default: off. */
  readonly adaptive?: AdaptiveOptions;
}

/** How the limit adapts. See {@link Aimd}. */
export interface AdaptiveOptions {
  /** The limit's least value. Default 1. */
  readonly min?: number;
  /** The limit's greatest value. Default: `maxConcurrent`. */
  readonly max?: number;
  /** What the limit is multiplied by when a call is dropped, from 0.1 up to 0.99. Default 0.9. */
  readonly decrease?: number;
  /** A success that took longer counts as a drop. Default: none does. */
  readonly dropOver?: Duration;
}

/** {@link BulkheadOptions}, checked and filled in; times in milliseconds. */
export interface BulkheadConfig {
  readonly maxConcurrent: number;
  readonly maxQueue: number;
  /** `Infinity`: no limit. */
  readonly queueTimeoutMs: number;
  readonly order: QueueOrder;
  readonly adaptive: AimdConfig | undefined;
}

/** @throws {ConfigError} naming the first option that is wrong */
export function bulkheadConfig(where: string, options: BulkheadOptions<never>, read: ReadTunable): BulkheadConfig {
  onlyKnown(options, where, ["maxConcurrent", "maxQueue", "queueTimeout", "order", "adaptive"]);
  const maxConcurrent = integer(read<number>(options.maxConcurrent), `${where}.maxConcurrent`, 1);
  return {
    maxConcurrent,
    maxQueue: integer(read<number>(options.maxQueue ?? DEFAULT_MAX_QUEUE), `${where}.maxQueue`, 0),
    queueTimeoutMs:
      options.queueTimeout === undefined ? Infinity : milliseconds(options.queueTimeout, `${where}.queueTimeout`, 1),
    order: oneOf(options.order ?? "fifo", `${where}.order`, ["fifo", "lifo-under-load"]),
    adaptive:
      options.adaptive === undefined ? undefined : adaptiveConfig(`${where}.adaptive`, options.adaptive, maxConcurrent),
  };
}

function adaptiveConfig(where: string, options: AdaptiveOptions, maxConcurrent: number): AimdConfig {
  onlyKnown(options, where, ["min", "max", "decrease", "dropOver"]);
  const min = integer(options.min ?? DEFAULT_ADAPTIVE_MIN, `${where}.min`, 1);
  const max = integer(options.max ?? maxConcurrent, `${where}.max`, 1);
  if (min > maxConcurrent || maxConcurrent > max)
    throw new ConfigError(where, options, `min ≤ maxConcurrent (${maxConcurrent}) ≤ max`);
  return {
    min,
    max,
    decrease: fraction(options.decrease ?? DEFAULT_DECREASE, `${where}.decrease`, 0.1, 0.99),
    dropOverMs: options.dropOver === undefined ? Infinity : milliseconds(options.dropOver, `${where}.dropOver`, 1),
  };
}
