import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { Listening } from "../listening.js";

/**
 * A server on 127.0.0.1 that can be gone for a while and come back on its port. It keeps no process alive.
 */
export class Loopback {
  readonly #port: Listening;
  readonly #sockets = new Set<Socket>();

  constructor(listener: RequestListener) {
    const server = createServer(listener);
    server.on("connection", (socket) => {
      socket.unref();
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      // A client that goes away in the middle is what this is for.
      socket.on("error", () => undefined);
    });
    // A short keep-alive would close connections under clients that are about to use them.
    server.keepAliveTimeout = 60_000;
    this.#port = new Listening(server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port.port}`;
  }

  get listening(): boolean {
    return this.#port.listening;
  }

  /** Listens, at first on any free port, later on the same. */
  open(): Promise<void> {
    return this.#port.open();
  }

  /** Stops listening and resets every connection. */
  shut(): Promise<void> {
    return this.#port.shut(() => {
      for (const socket of this.#sockets) socket.resetAndDestroy();
    });
  }
}
