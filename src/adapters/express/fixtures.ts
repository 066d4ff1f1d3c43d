/** What the tests of the Express adapter share: a server on loopback, and a socket that writes what it likes. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Express } from "express";

/** A service that listens, and everything that has to be closed with it. */
export class Listening {
  readonly #sockets: Socket[] = [];

  private constructor(
    readonly server: Server,
    readonly port: number,
  ) {}

  static async start(app: Express): Promise<Listening> {
    const server = createServer(app);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Listening(server, (server.address() as AddressInfo).port);
  }

  /** Asks for a path. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init);
  }

  /** Opens a connection to write to by hand. */
  async socket(): Promise<Wire> {
    const socket = connect(this.port, "127.0.0.1");
    this.#sockets.push(socket);
    await once(socket, "connect");
    return new Wire(socket);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A connection as a client has it. */
export class Wire {
  #received = "";
  #ended = false;
  #changed: () => void = () => undefined;

  constructor(readonly socket: Socket) {
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      this.#received += text;
      this.#changed();
    });
    // A reset is an end, too.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#ended = true;
      this.#changed();
    });
  }

  /** Lines are written with the line ends of HTTP. */
  write(...lines: readonly string[]): void {
    this.socket.write(lines.join("\r\n"));
  }

  /** Everything that was received, once it contains `text`; or once the connection is closed, where none is given. */
  async received(text?: string): Promise<string> {
    while (!this.#ended && (text === undefined || !this.#received.includes(text))) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return this.#received;
  }
}

/** A promise and how to settle it. */
export function signalled<T = void>(): { promise: Promise<T>; settle: (value: T) => void } {
  let settle: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
