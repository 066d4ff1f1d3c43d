import type { Clock } from "./clock.js";

/** What a process uses of the machine it runs on, as plain data. */
export interface ProcessUsage {
  /** Milliseconds since the process began; its kit may be younger. */
  readonly uptimeMs: number;
  /** Memory that it has of the machine (its resident set): all there is, buffers and code included. */
  readonly rssBytes: number;
  /** JavaScript values, those not yet collected as garbage included. */
  readonly heapUsedBytes: number;
  /** What the heap may grow to: past it the process ends. `null` where that isn't known. */
  readonly heapLimitBytes: number | null;
  /** Processor time of all its threads since it began, in seconds. */
  readonly cpuSec: number;
  /** Processors that it kept busy lately: 0.5 is half of one. `null` while there is no stretch of time to tell from. */
  readonly cpuShare: number | null;
  /** How late the event loop was lately, in milliseconds; `null` while nothing was measured. */
  readonly loopDelay: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } | null;
  /** How long "lately" is, in seconds. */
  readonly recentSec: number;
}

/** Measures what the process uses. */
export interface ProcessMeter {
  /** What it uses at this moment, and used lately. */
  read(): ProcessUsage;
  /** Stops measuring. */
  stop(): void;
}

/**
 * Begins to measure what the process uses, where there is a process that can be measured: `processUsage()` of
 * `keelson/node`.
 */
export type ProcessMeterSource = (clock: Clock) => ProcessMeter;
