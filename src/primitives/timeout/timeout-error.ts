import { KeelsonError } from "../../core/errors.js";

/** The error of a time-out; its source and message say which one fired when several are nested. */
export function timeoutError(source: string, scope: "total" | "attempt", ms: number): KeelsonError {
  return new KeelsonError("upstream_timeout", `${source}: ${scope} time-out after ${Math.round(ms)} ms`, { source });
}
