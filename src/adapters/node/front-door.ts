import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { type Outgoing, PASS, type Pass } from "../../boundary/endpoint/incoming.js";
import type { DoorRequest } from "../../kit/types.js";

/** What {@link frontDoor} asks: a kit. */
export interface Doorkeeper {
  door(request: DoorRequest): Pass | Outgoing | undefined;
}

/** What stands at the door: a server of `node:http` or `node:https`. */
export type DoorServer = Pick<Server, "on" | "listeners" | "removeAllListeners">;

/** So long work goes on before the event loop gets another turn, in milliseconds: what was begun is ended. */
const SLICE_MS = 2;
/** Turns in a row that only let connections in. */
const MOST_SPINS = 32;
/** Bodies that are no longer than this are read and dropped, so that the connection can be used again. */
const DISCARD_BYTES = 1024 * 1024;

/**
 * Puts a kit's overload guard before everything else that a server does, Express included:
 * `frontDoor(kit, createServer(app)).listen(3000)`. It takes over the listeners for requests that the server has by then.
 *
 * Requests wait in front of it, and a few at a time are asked for in each turn of the event loop, in the order they
 * came. So the guard knows how long each has waited and refuses those who did too long; who has gone away meanwhile
 * costs nothing; and connections are let in while there is work, of which Node accepts one a turn. Without a front door
 * all of these wait in the kernel, where nobody sees them.
 *
 * It knows endpoints by their whole paths. Those that are mounted below another path are asked for once the framework has
 * brought them that far, and what is no endpoint of the kit is never refused here.
 *
 * @returns the server
 */
export function frontDoor<S extends DoorServer>(kit: Doorkeeper, server: S): S {
  const listeners = server.listeners("request") as RequestListener[];
  const queue = new DoorQueue(kit, (req, res) => {
    for (const listener of listeners) listener.call(server as never, req, res);
  });
  server.removeAllListeners("request");
  server.on("request", queue.join);
  server.on("connection", queue.connected);
  return server;
}

interface Waiting {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly since: number;
}

/** Those who wait in front of the door. Their number is that of the server's connections at most. */
class DoorQueue {
  readonly #kit: Doorkeeper;
  readonly #listener: (req: IncomingMessage, res: ServerResponse) => void;
  #waiting: Waiting[] = [];
  /** Who is next. */
  #next = 0;
  #scheduled = false;
  #connections = 0;
  #spins = 0;

  constructor(kit: Doorkeeper, listener: (req: IncomingMessage, res: ServerResponse) => void) {
    this.#kit = kit;
    this.#listener = listener;
  }

  readonly join = (req: IncomingMessage, res: ServerResponse): void => {
    this.#waiting.push({ req, res, since: performance.now() });
    this.#schedule();
  };

  readonly connected = (): void => {
    this.#connections++;
  };

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#connections > 0 && this.#spins < MOST_SPINS) {
      this.#connections = 0;
      this.#spins++;
      this.#schedule();
      return;
    }
    this.#connections = 0;
    this.#spins = 0;
    try {
      this.#work();
    } finally {
      if (this.#next < this.#waiting.length) this.#schedule();
      else {
        this.#waiting = [];
        this.#next = 0;
      }
    }
  };

  #work(): void {
    const began = performance.now();
    for (let now = began; now - began < SLICE_MS; now = performance.now()) {
      const first = this.#waiting[this.#next];
      if (first === undefined) return;
      this.#next++;
      this.#ask(first, now);
    }
  }

  #ask({ req, res, since }: Waiting, now: number): void {
    if (req.destroyed || res.destroyed) return;
    const { method = "GET", url = "/" } = req;
    const mark = url.indexOf("?");
    const path = mark === -1 ? url : url.slice(0, mark);
    const asked = this.#kit.door({ method, path, header: (name) => headerOf(req, name), waitedMs: now - since });
    if (asked !== undefined && "status" in asked) {
      refuse(req, res, asked);
      return;
    }
    if (asked !== undefined) {
      (req as { [PASS]?: Pass })[PASS] = asked;
      // Whatever answered instead of the endpoint says nothing about how long that takes.
      res.once("close", () => {
        if (!asked.taken) asked.gate.leave(now, undefined);
      });
    }
    this.#listener(req, res);
  }
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
