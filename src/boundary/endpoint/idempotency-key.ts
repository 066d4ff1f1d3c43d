import type { KeelsonError } from "../../core/errors.js";
import { invalid } from "../../core/validation.js";

/**
 * Reads an `Idempotency-Key`: a string of a structured field (draft-ietf-httpapi-idempotency-key-header, section 2.1),
 * or bare, as most clients send it. `undefined` where there is none.
 *
 * @throws {KeelsonError} `validation` where it is longer than `max`, empty, or not printable ASCII
 */
export function idempotencyKey(header: string | null, max: number): string | undefined {
  if (header === null) return undefined;
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(header);
  const key = quoted === null ? header : (quoted[1] as string).replace(/\\(["\\])/g, "$1");
  if (key.length > max) throw wrongKey(`Longer than ${max} characters`);
  if (quoted === null ? /^[\x21\x23-\x7e]+$/.test(key) : key !== "") return key;
  throw wrongKey("Not a key: printable ASCII without spaces, or a string in quotes");
}

/** The error for a key that is missing or wrong. */
export function wrongKey(message: string): KeelsonError {
  return invalid([{ in: "headers", pointer: "/idempotency-key", message }]);
}
