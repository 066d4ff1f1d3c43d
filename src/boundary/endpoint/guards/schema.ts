import type { StandardSchemaV1 } from "@standard-schema/spec";
import { validate } from "../../../core/validation.js";
import type { ActiveCall } from "../call.js";
import type { Guard } from "../stage.js";

/** The parts of a request that a schema can check, in the order they are checked. */
export const PARTS = ["params", "query", "headers", "body"] as const;

/** Checks one part of the request, and replaces it by what the schema makes of it. */
export function schemaGuard(part: (typeof PARTS)[number], schema: StandardSchemaV1): Guard {
  return (call) => {
    const value = validate(schema, call[part], part);
    return value instanceof Promise ? value.then((settled) => put(call, part, settled)) : put(call, part, value);
  };
}

function put(call: ActiveCall, part: (typeof PARTS)[number], value: unknown): undefined {
  if (part === "body") call.body = value;
  else call.checked(part, value);
  return undefined;
}
