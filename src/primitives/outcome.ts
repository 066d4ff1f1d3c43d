/**
 * How a guarded call ended; classified once, and every policy around it goes by that.
 *
 * - `ignored`: an error that says nothing about the callee's health (the caller's own mistake)
 * - `cancelled`: the caller's own signal aborted
 * - `rejected`: one of our own policies refused it; the callee never saw it
 */
export type CallOutcome = "success" | "failure" | "ignored" | "cancelled" | "rejected";
