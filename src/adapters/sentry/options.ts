import { fraction } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { SentryEvent } from "./event.js";

/** What may be said of the events, wherever they go. */
export interface SentryAlertOptions {
  /**
   * Of what has the same fingerprint, one is sent in this time; the others are counted and told at its end. Default
   * `"5m"`.
   */
  readonly every?: Duration;
  /** Events of all fingerprints in a minute. What is past it is counted, too. Default 20. */
  readonly perMinute?: number;
  readonly environment?: string;
  readonly release?: string;
  /** Changes an event, or drops it by answering `null`. */
  readonly beforeSend?: (event: SentryEvent) => SentryEvent | null;
}

/** The names of these options. */
export const ALERT_OPTIONS = ["every", "perMinute", "environment", "release", "beforeSend"] as const;

/** @throws {ConfigError} on a wrong option */
export function alertOptions({ every = "5m", perMinute = 20 }: SentryAlertOptions, where: string) {
  return {
    everyMs: milliseconds(every, `${where}.every`, 1),
    perMinute: fraction(perMinute, `${where}.perMinute`, 1, 10_000),
  };
}
