import { KeelsonError } from "../../../core/errors.js";
import type { Cors } from "../cors.js";
import type { Guard } from "../stage.js";

/**
 * Lets a browser call only from the origins that are listed. What sends no `Origin` goes on unless
 * `required`: it is no browser, or only reads what no script of another origin gets to see.
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
