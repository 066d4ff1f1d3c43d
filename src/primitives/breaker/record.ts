import { ConfigError } from "../../core/config.js";
import type { CallWindow, WindowRecord } from "./call-window.js";
import type { BreakerConfig } from "./options.js";
import { Closed, Disabled, Isolated, MetricsOnly, Open, type State } from "./states.js";
import { makeWindow } from "./window.js";

/** The version of {@link BreakerRecord}s that this release writes and reads. */
const RECORD_VERSION = 1;

/**
 * What outlives a process, as plain data. A half-open circuit is written as an open one that may be tried at once: its
 * probes don't outlive the process.
 */
export interface BreakerRecord {
  readonly version: typeof RECORD_VERSION;
  /** Unix milliseconds. */
  readonly savedAt: number;
  readonly state: "closed" | "open" | "isolated" | "disabled" | "metrics-only";
  /** Of an open circuit: Unix milliseconds. */
  readonly openUntil?: number;
  /** Of an open circuit: how often in a row it has opened. */
  readonly attempt?: number;
  /** Where calls are counted: the recent ones. */
  readonly window?: WindowRecord;
}

/** Writes a state. `now` is monotonic, `wall` the same moment in Unix milliseconds. */
export function recordOf(state: State, now: number, wall: number): BreakerRecord {
  const base = { version: RECORD_VERSION, savedAt: wall } as const;
  switch (state.name) {
    case "closed":
    case "metrics-only":
      return { ...base, state: state.name, window: state.counts.serialise(now) };
    case "open":
      return {
        ...base,
        state: "open",
        openUntil: wall + Math.ceil(state.retryAfterMs(now)),
        attempt: state.attempt,
      };
    case "half-open":
      return { ...base, state: "open", openUntil: wall, attempt: state.attempt };
    default:
      return { ...base, state: state.name };
  }
}

/**
 * Reads a state that {@link recordOf} wrote, perhaps in another process. Wall clocks may disagree: time since the
 * writing is never negative, and an open circuit waits no longer than its options allow. A window of another shape
 * than the options ask for starts empty.
 *
 * @throws {ConfigError} when it is not such a record, or is of another version
 */
export function stateOf(given: unknown, config: BreakerConfig, now: number, wall: number, where: string): State {
  const record = checked(given, where);
  switch (record.state) {
    case "open": {
      const longest = config.maxOpenForMs * (1 + config.jitter);
      const left = Math.min(Math.max(0, (record.openUntil ?? wall) - wall), longest);
      return new Open(now + left, record.attempt ?? 1);
    }
    case "closed":
      return new Closed(windowOf(record, config, now, wall));
    case "metrics-only":
      return new MetricsOnly(windowOf(record, config, now, wall));
    case "isolated":
      return new Isolated();
    default:
      return new Disabled();
  }
}

function windowOf(record: BreakerRecord, config: BreakerConfig, now: number, wall: number): CallWindow {
  const window = makeWindow(config, now);
  if (record.window !== undefined) window.restore(record.window, now, Math.max(0, wall - record.savedAt));
  return window;
}

/** It comes from outside of the process, so that nothing in it is believed. */
function checked(given: unknown, where: string): BreakerRecord {
  const record = given as Partial<BreakerRecord> | null;
  if (
    typeof record === "object" &&
    record !== null &&
    record.version === RECORD_VERSION &&
    ["closed", "open", "isolated", "disabled", "metrics-only"].includes(record.state as string) &&
    amounts([record.savedAt, record.openUntil ?? 0]) &&
    Number.isSafeInteger(record.attempt ?? 1) &&
    (record.attempt ?? 1) >= 1 &&
    (record.window === undefined || isWindow(record.window))
  )
    return record as BreakerRecord;
  throw new ConfigError(`${where}.restore`, given, `what serialise() gave, of version ${RECORD_VERSION}`);
}

function isWindow(window: unknown): boolean {
  if (typeof window !== "object" || window === null) return false;
  const { calls, buckets, bucketMs, ageMs } = window as Record<string, unknown>;
  if (buckets === undefined) return Array.isArray(calls) && calls.every((call) => [0, 1, 2, 3].includes(call));
  return (
    amounts([bucketMs, ageMs]) &&
    Array.isArray(buckets) &&
    buckets.every(
      (bucket) =>
        Array.isArray(bucket) &&
        bucket.length === 3 &&
        // As much as a bucket holds.
        bucket.every((count) => count === count >>> 0) &&
        Math.max(bucket[1], bucket[2]) <= bucket[0],
    )
  );
}

function amounts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "number" && value >= 0 && Number.isFinite(value));
}
