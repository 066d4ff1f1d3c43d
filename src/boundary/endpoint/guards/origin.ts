import { KeelsonError } from "../../../core/errors.js";
import type { Cors } from "../cors.js";
import type { Guard } from "../plan.js";

/**
 * Lets a browser call only from the origins that are listed. What sends no `Origin` is not a browser's cross-origin
 * call, and goes on unless `required`.
 */
export function originGuard(cors: Cors, required: boolean): Guard {
  return (call) => {
    const origin = call.incoming.header("origin");
    const answer = origin === null ? undefined : cors.answer(origin);
    call.cors = answer ?? cors.refused;
    if (origin === null ? required : answer === undefined) throw forbiddenOrigin();
    return undefined;
  };
}

/** The refusal of an origin. */
export function forbiddenOrigin(): KeelsonError {
  return new KeelsonError("forbidden", "Origin not allowed", { detail: "This origin may not call" });
}
