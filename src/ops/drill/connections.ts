import type { TLSSocket } from "node:tls";
import { buildConnector, Client } from "undici";
import type { Target } from "../config/request.js";

/** Nobody waits longer for a connection; a request's own time-out is mostly shorter. */
const CONNECT_MS = 30_000;

/**
 * Connections to one target, one request at a time each. The one that was used last is taken first: what the load needs
 * stays warm, the rest closes. A request has no other to wait for, so whatever waits, waits in the open.
 */
export class Connections {
  readonly #origin: string;
  readonly #connect: ReturnType<typeof buildConnector>;
  readonly #free: Client[] = [];
  readonly #all = new Set<Client>();
  #certificateEnds: Date | null = null;

  constructor({ url, insecureTls }: Target) {
    this.#origin = new URL(url).origin;
    const connect = buildConnector({ rejectUnauthorized: !insecureTls, timeout: CONNECT_MS });
    this.#connect = (options, callback) =>
      connect(options, (error, socket) => {
        if (error !== null) return void callback(error, null);
        const ends = (socket as Partial<TLSSocket>).getPeerCertificate?.()?.valid_to;
        if (ends !== undefined) this.#certificateEnds = new Date(ends);
        callback(null, socket);
      });
  }

  /** When the server's certificate ends to be valid; `null` without TLS. */
  get certificateEnds(): Date | null {
    return this.#certificateEnds;
  }

  take(): Client {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    // Time-outs are the lane's: they cover connecting, and what is answered in drops.
    const client = new Client(this.#origin, {
      pipelining: 1,
      connect: this.#connect,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#all.add(client);
    return client;
  }

  giveBack(client: Client): void {
    this.#free.push(client);
  }

  /** Cuts off the connection of a request that nobody waits for any more. */
  cut(client: Client): void {
    this.#all.delete(client);
    client.destroy(CUT, ignore);
  }

  async close(): Promise<void> {
    this.#free.length = 0;
    await Promise.all([...this.#all].map((client) => client.destroy()));
    this.#all.clear();
  }
}

/** One for all: nobody reads it, and a stack for each would cost more than the request. */
const CUT = new Error("nobody waits for this request any more");

function ignore(): void {
  // What is cut off has been counted already.
}
