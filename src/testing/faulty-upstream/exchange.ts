import type { IncomingMessage, ServerResponse } from "node:http";

/** Bodies of more than this are refused: an upstream of a test has no use for them. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** A request of Node's as a web `Request`, with its whole body; `undefined` when the client went away meanwhile. */
export async function toRequest(incoming: IncomingMessage, signal: AbortSignal): Promise<Request | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    // The client broke off: there is nobody to answer.
    return undefined;
  }
  const { method = "GET", url = "/", headers, headersDistinct } = incoming;
  const pairs = Object.entries(headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  );
  return new Request(`http://${headers.host ?? "127.0.0.1"}${url}`, {
    method,
    headers: pairs,
    signal,
    ...(length > 0 && method !== "GET" && method !== "HEAD" && { body: Buffer.concat(chunks) }),
  });
}

/** Sends a web `Response`, piece by piece as it comes. */
export async function sendResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  outgoing.once("close", () => {
    // A stream that has failed can't be cancelled, and need not be.
    if (!outgoing.writableFinished) reader.cancel().catch(() => undefined);
  });
  for (let piece = await reader.read(); !piece.done && !outgoing.destroyed; piece = await reader.read())
    outgoing.write(piece.value);
  outgoing.end();
}

/** What is sent instead of a whole answer. */
export type Spoilt = "malformed" | "truncated" | "stalled";

/** Sends half of a response: as if it were the whole, breaking off, or sending nothing more. */
export async function sendHalf(response: Response, outgoing: ServerResponse, spoilt: Spoilt): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  const half = body.subarray(0, Math.ceil(body.length / 2));
  const { "content-length": _, ...headers } = Object.fromEntries(response.headers);
  const promised = spoilt === "malformed" ? half.length : Math.max(body.length, half.length + 1);
  outgoing.writeHead(response.status, { ...headers, "content-length": promised });
  if (spoilt === "malformed") outgoing.end(half);
  else if (spoilt === "stalled") outgoing.write(half);
  // Only once it is out: what is still in a buffer is dropped with the connection.
  else outgoing.write(half, () => outgoing.destroy());
}
