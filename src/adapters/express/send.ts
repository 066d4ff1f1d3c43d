import type { Response as ExpressResponse } from "express";
import type { Outgoing } from "../../boundary/endpoint/incoming.js";
import type { NodeIncoming } from "./node-incoming.js";

/** Unread bytes of a refused body that are taken in and dropped, so that the client gets to read the answer. */
const DISCARD_BYTES = 1024 * 1024;

/** Sends an answer, unless the client is gone or somebody else has answered. Never throws. */
export function send(incoming: NodeIncoming, answer: Outgoing): void {
  const { req, res } = incoming;
  const { body } = answer;
  try {
    if (res.destroyed || res.headersSent) {
      drop(body);
      return;
    }
    if (!req.complete) leaveBody(incoming, answer.status);
    writeHead(res, answer);
    if (body instanceof ReadableStream) {
      if (req.method === "HEAD") {
        drop(body);
        res.end();
      } else stream(res, body);
    } else {
      // Node works out Content-Length by itself, but not for HEAD.
      if (req.method === "HEAD" && body !== null) res.setHeader("content-length", Buffer.byteLength(body));
      if (body === null) res.end();
      else res.end(body);
    }
  } catch (error) {
    drop(body);
    res.destroy(error as Error);
  }
}

function writeHead(res: ExpressResponse, { status, headers }: Outgoing): void {
  res.statusCode = status;
  for (const [name, value] of headers) {
    if (name === "set-cookie") res.appendHeader(name, value);
    else if (name === "vary" && res.hasHeader(name)) res.vary(value);
    else res.setHeader(name, value);
  }
}

/** The client is still sending: what it sends is dropped, up to a limit, so that the connection can be used again. */
function leaveBody({ req, res }: NodeIncoming, status: number): void {
  if (status === 408) {
    res.setHeader("connection", "close");
    return;
  }
  let left = DISCARD_BYTES;
  // Only then, for Node itself takes all listeners off a body that nobody read when the answer is finished.
  res.once("finish", () => {
    req.on("data", (chunk: Uint8Array) => {
      left -= chunk.length;
      if (left < 0) req.socket.destroy();
    });
    req.resume();
  });
}

/** Sends a stream as fast as the client takes it, and stops it when the client goes away. */
function stream(res: ExpressResponse, body: ReadableStream<Uint8Array>): void {
  const reader = body.getReader();
  const stop = () => {
    // A stream that has failed can't be cancelled, and need not be.
    if (!res.writableFinished) reader.cancel().catch(() => undefined);
  };
  res.once("close", stop);
  const pull = () => void reader.read().then(take, fail);
  const take = ({ done, value }: ReadableStreamReadResult<Uint8Array>): void => {
    if (res.destroyed) return;
    if (done) res.end();
    else if (res.write(value)) pull();
    else res.once("drain", pull);
  };
  // The status is out: the only honest sign of failure left is an answer that breaks off.
  const fail = (error: unknown) => void res.destroy(error as Error);
  res.flushHeaders();
  pull();
}

function drop(body: Outgoing["body"]): void {
  if (body instanceof ReadableStream) body.cancel().catch(() => undefined);
}
