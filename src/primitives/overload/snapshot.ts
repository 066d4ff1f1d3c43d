import type { Priority } from "../../core/context.js";

/** An overload guard as plain data, for the snapshot. */
export interface OverloadSnapshot {
  /** Whether it adapts; without options it only sheds what it is told to. */
  readonly adaptive: boolean;
  /** Whether the event loop has been late for too long. */
  readonly overloaded: boolean;
  /** Calls that may be under way; `null` where nothing limits them. */
  readonly limit: number | null;
  /** Calls that are under way. */
  readonly inFlight: number;
  /** Which part of each priority gets through, from 0 to 1. */
  readonly admits: Readonly<Record<Priority, number>>;
  /** Everything below this priority is being shed by hand; `null`: nothing is. */
  readonly shedBelow: Priority | null;
  /** How late the event loop was when that was last seen, in milliseconds; `null` where nothing measures it. */
  readonly loopDelayMs: number | null;
  /** How long calls take, as a multiple of what is usual for them. */
  readonly latencyRatio: number;
  /** Requests that were let in so far. */
  readonly admitted: number;
  /** Requests that were refused so far, by priority. */
  readonly shed: Readonly<Record<Priority, number>>;
  /** The same, by what they were refused for. */
  readonly reasons: Readonly<Record<ShedReason, number>>;
  /** The options in effect; `null` where it doesn't adapt. */
  readonly config: {
    readonly targetDelayMs: number;
    readonly intervalMs: number;
    readonly minLimit: number;
    readonly initialLimit: number;
    readonly maxLimit: number;
    readonly tolerance: number;
    readonly retryAfterMs: number;
  } | null;
}

/**
 * What a request is refused for: the event loop is late, too many calls are under way, its priority doesn't get
 * through, or it is shed by hand.
 */
export type ShedReason = "loop" | "limit" | "priority" | "manual";
