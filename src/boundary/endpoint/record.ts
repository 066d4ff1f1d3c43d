import { KeelsonError } from "../../core/errors.js";
import type { StoredRecord, StoredResponse } from "../../primitives/idempotency/idempotency.js";
import type { Outgoing } from "./incoming.js";

/** An answer whose body is at hand. */
export interface WholeAnswer extends Outgoing {
  readonly body: string | Uint8Array | null;
}

/**
 * What is kept of an answer. Cookies are left out: a record outlives a session, and whoever gets it again has, or no
 * longer has, one of their own.
 */
export function recordOf({ status, headers, body }: WholeAnswer): StoredResponse {
  const kept = headers.filter(([name]) => name !== "set-cookie");
  return typeof body === "string" || body === null
    ? { status, headers: kept, body: body ?? "", bodyEncoding: "utf8" }
    : { status, headers: kept, body: toBase64(body), bodyEncoding: "base64" };
}

/**
 * The answer of a record, marked as given again.
 *
 * @throws {KeelsonError} `conflict` where the answer was too large to be kept
 */
export function answerAgain(record: StoredRecord): Outgoing {
  if (record.kind === "digest")
    throw new KeelsonError("conflict", "The answer was not kept", {
      detail: `The request was carried out and answered with status ${record.status}; the answer was too large to be kept`,
    });
  const { status, headers, body, bodyEncoding } = record;
  return {
    status,
    headers: [...headers.map(([name, value]): [string, string] => [name, value]), ["idempotency-replayed", "true"]],
    body: body === "" ? null : bodyEncoding === "utf8" ? body : fromBase64(body),
  };
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
