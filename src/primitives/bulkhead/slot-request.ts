import type { Priority } from "../../core/context.js";
import { KeelsonError } from "../../core/errors.js";
import type { EventMap } from "../../core/events.js";

/** How a call asks for a slot. */
export interface SlotRequest {
  /** Slots it takes. A call heavier than the limit is rejected at once. Default 1. */
  readonly weight?: number;
  /** Higher is let in first; waiting raises it. Default `"normal"`. */
  readonly priority?: Priority;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** When the waiting ends, in monotonic milliseconds; with `queueTimeout`, whichever comes first. */
  readonly deadline?: number;
}

/** Why a call got no slot. */
export type Rejection = EventMap["bulkhead.rejected"]["reason"];

/** The same, in words that follow a bulkhead's name. */
const REASONS: Record<Rejection, string> = {
  full: "is full",
  timeout: "had no slot in time",
  aborted: "was left by the caller",
  too_heavy: "has fewer slots than the call takes",
  closed: "is closed",
};

/** The error of a call that got no slot. */
export function rejectionOf(name: string, reason: Rejection): KeelsonError {
  return new KeelsonError(
    reason === "closed" ? "unavailable" : "upstream_bulkhead_full",
    `bulkhead "${name}" ${REASONS[reason]}`,
    { source: `bulkhead:${name}` },
  );
}
