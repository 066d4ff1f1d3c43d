import type { AddressInfo, Server } from "node:net";

/** How long a port is waited for that somebody else holds: an outgoing connection may have been given it meanwhile. */
const PORT_WAIT_MS = 5_000;
const PORT_RETRY_MS = 20;

/** A server's port on 127.0.0.1, which can be closed for a while and come back. It keeps no process alive. */
export class Listening {
  readonly #server: Server;
  #port = 0;
  #retired = false;
  /** One at a time: a server that listens again while it closes never tells that it has closed. */
  #turn: Promise<void> = Promise.resolve();

  constructor(server: Server) {
    this.#server = server;
  }

  /** 0 before it was first open. */
  get port(): number {
    return this.#port;
  }

  get listening(): boolean {
    return this.#server.listening;
  }

  /** Listens, at first on any free port, later on the same; does nothing once it is retired. */
  open(): Promise<void> {
    return this.#next(() => this.#open());
  }

  /** Stops listening. Resolves when all connections have ended: whoever calls it ends them, by `end`. */
  shut(end: () => void = () => undefined): Promise<void> {
    return this.#next(async () => {
      if (!this.#server.listening) return;
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
      end();
      await closed;
    });
  }

  /** Never opens again. */
  retire(): void {
    this.#retired = true;
  }

  #next(step: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(step);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #open(): Promise<void> {
    const giveUp = performance.now() + PORT_WAIT_MS;
    while (!this.#server.listening && !this.#retired) {
      try {
        await this.#listen();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || performance.now() > giveUp) throw error;
        await new Promise((resolve) => setTimeout(resolve, PORT_RETRY_MS));
      }
    }
    if (this.#retired) return;
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#server.unref();
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
