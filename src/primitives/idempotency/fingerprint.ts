/** What a request is known again by. */
export interface FingerprintParts {
  readonly method: string;
  /** As the client wrote it. */
  readonly path: string;
  /** Without the `?`. The order of its parts doesn't matter. */
  readonly query: string;
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

/**
 * SHA-256 of method, path, sorted query, content type and the body's bytes, in hex: whether a request under a known
 * key is the one that it was before (draft-ietf-httpapi-idempotency-key-header, section 2.4).
 */
export async function fingerprint({ method, path, query, contentType, body }: FingerprintParts): Promise<string> {
  const sorted = query.split("&").sort().join("&");
  // No part can pass for another: none of the first four contains a line feed.
  const head = new TextEncoder().encode(`${method}\n${path}\n${sorted}\n${contentType ?? ""}\n`);
  const all = new Uint8Array(head.length + body.length);
  all.set(head);
  all.set(body, head.length);
  return hex(await crypto.subtle.digest("SHA-256", all));
}

/** SHA-256 in hex. */
export async function digest(bytes: Uint8Array): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
}

function hex(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
