import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** How long a port is waited for that somebody else holds: an outgoing connection may have been given it meanwhile. */
const PORT_WAIT_MS = 5_000;
const PORT_RETRY_MS = 20;

/**
 * A server on 127.0.0.1 that can be gone for a while and come back on its port. It keeps no process alive.
 */
export class Loopback {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(listener: RequestListener) {
    this.#server = createServer(listener);
    this.#server.on("connection", (socket) => {
      socket.unref();
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      // A client that goes away in the middle is what this is for.
      socket.on("error", () => undefined);
    });
    // A short keep-alive would close connections under clients that are about to use them.
    this.#server.keepAliveTimeout = 60_000;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get listening(): boolean {
    return this.#server.listening;
  }

  /** Listens, at first on any free port, later on the same. */
  async open(): Promise<void> {
    const giveUp = performance.now() + PORT_WAIT_MS;
    while (!this.#server.listening) {
      try {
        await this.#listen();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || performance.now() > giveUp) throw error;
        await new Promise((resolve) => setTimeout(resolve, PORT_RETRY_MS));
      }
    }
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#server.unref();
  }

  /** Stops listening and resets every connection. */
  async shut(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }
}
