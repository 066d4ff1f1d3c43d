import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type Outgoing, PASS, type Pass } from "../../boundary/endpoint/incoming.js";
import type { DoorRequest } from "../../kit/types.js";

/** What {@link frontDoor} asks: a kit. */
export interface Doorkeeper {
  door(request: DoorRequest): Pass | Outgoing | undefined;
}

/** Bodies that are no longer than this are read and dropped, so that the connection can be used again. */
const DISCARD_BYTES = 1024 * 1024;

/**
 * Puts a kit's overload guard before everything else a server does: `createServer(frontDoor(kit, app))`. Without it an
 * endpoint refuses when the framework has brought the request that far, which takes Express longer than refusing.
 *
 * It knows the endpoints by their whole paths. Those that are mounted below another path are asked when the request has
 * come to them, as are all where there is no front door; what is no endpoint is let through.
 *
 * @param listener what answers requests: an Express app, say
 */
export function frontDoor(kit: Doorkeeper, listener: RequestListener): RequestListener {
  return (req, res) => {
    const { method = "GET", url = "/" } = req;
    const mark = url.indexOf("?");
    const asked = kit.door({
      method,
      path: mark === -1 ? url : url.slice(0, mark),
      header: (name) => headerOf(req, name),
    });
    if (asked !== undefined) {
      if ("status" in asked) return refuse(req, res, asked);
      (req as { [PASS]?: Pass })[PASS] = asked;
      // Whatever answered instead of the endpoint says nothing about how long that takes.
      res.once("close", () => {
        if (!asked.taken) asked.gate.leave(0, undefined);
      });
    }
    return listener(req, res);
  };
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name];
  return typeof value === "string" ? value : (value?.join(", ") ?? null);
}

function refuse(req: IncomingMessage, res: ServerResponse, { status, headers, body }: Outgoing): void {
  const { "content-length": length, "transfer-encoding": coding } = req.headers;
  if (coding !== undefined || Number(length ?? 0) > DISCARD_BYTES) headers.push(["connection", "close"]);
  headers.push(["content-length", String(Buffer.byteLength(body as string))]);
  res.writeHead(status, headers.flat());
  res.end(req.method === "HEAD" ? undefined : body);
}
