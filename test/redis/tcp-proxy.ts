import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** A running proxy. */
export interface TcpProxy {
  readonly port: number;
  /** `redis://127.0.0.1:port`. */
  readonly url: string;
  /** Connections that clients have made so far. */
  readonly accepted: number;
  /** Connections that stand. */
  readonly open: number;
  /** Attempts that were refused: the client's connection was reset as soon as it stood. */
  readonly refused: number;
  /** Holds everything up for so long, both ways; order is kept. 0: passes it on at once. */
  delay(ms: number): void;
  /**
   * Swallows what comes from either side, as a route does that is gone: connections stay, and new ones are accepted. One
   * that lost something never speaks again: once the route is back (`heal`), its next byte is answered with a reset.
   */
  drop(way?: Way): void;
  /** Ends the way to the clients (FIN) of all connections; what they send still reaches the server. */
  halfClose(): void;
  /** Resets (RST) all connections; new ones are served. */
  reset(): void;
  /** Resets each connection as soon as the server has answered something on it, in place of the answer. */
  resetOnAnswer(): void;
  /** Resets all connections, and each new one at once. */
  refuse(): void;
  /** From now on passes everything on. */
  heal(): void;
  stop(): Promise<void>;
}

/** Whose bytes are swallowed: `both`, or only what the server answers. */
export type Way = "both" | "answers";

type Mode = "pass" | "drop" | "drop answers" | "reset on answer" | "refuse";

/**
 * Stands between clients and a server on the loopback, and does to their connections what networks do. Everything is
 * under the test's control; nothing happens by chance.
 */
export async function startTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  let mode: Mode = "pass";
  let delayMs = 0;
  let [accepted, refused] = [0, 0];
  const pairs = new Set<Pair>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (mode === "refuse") {
      refused++;
      client.on("error", () => undefined);
      client.resetAndDestroy();
      return;
    }
    accepted++;
    const pair = new Pair(client, connect({ ...target, allowHalfOpen: true, noDelay: true }), {
      mode: () => mode,
      delayMs: () => delayMs,
      gone: () => pairs.delete(pair),
    });
    pairs.add(pair);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const resetAll = () => {
    for (const pair of [...pairs]) pair.reset();
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    get open() {
      return pairs.size;
    },
    get refused() {
      return refused;
    },
    delay(ms) {
      delayMs = ms;
    },
    drop(way = "both") {
      mode = way === "both" ? "drop" : "drop answers";
    },
    halfClose() {
      for (const pair of pairs) pair.endToClient();
    },
    reset: resetAll,
    resetOnAnswer() {
      mode = "reset on answer";
    },
    refuse() {
      mode = "refuse";
      resetAll();
    },
    heal() {
      mode = "pass";
      delayMs = 0;
    },
    async stop() {
      resetAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Ways {
  mode(): Mode;
  delayMs(): number;
  gone(): void;
}

/** A client's connection, and the one to the server in its place. */
class Pair {
  /** Whether bytes have been lost, so that it can't go on. */
  #dead = false;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    readonly ways: Ways,
  ) {
    this.#pump(client, server, false);
    this.#pump(server, client, true);
    for (const socket of [client, server]) {
      socket.on("error", () => this.reset());
      socket.on("close", () => this.#close());
    }
  }

  reset(): void {
    for (const socket of [this.client, this.server]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  endToClient(): void {
    this.client.end();
  }

  #pump(from: Socket, to: Socket, answers: boolean): void {
    from.on("data", (chunk) => {
      const mode = this.ways.mode();
      if (mode === "drop" || (mode === "drop answers" && answers)) this.#dead = true;
      else if (this.#dead && mode !== "drop answers") this.reset();
      else if (mode === "reset on answer" && answers) this.reset();
      else this.#later(() => to.writable && to.write(chunk));
    });
    from.on("end", () => {
      if (!this.#dead) this.#later(() => to.end());
    });
  }

  /** Timers of one length ring in the order in which they were set. */
  #later(pass: () => unknown): void {
    const ms = this.ways.delayMs();
    if (ms === 0 && this.#timers.size === 0) {
      pass();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      pass();
    }, ms);
    this.#timers.add(timer);
  }

  #close(): void {
    if (!this.client.destroyed || !this.server.destroyed) {
      // One side is gone entirely: the other hears of it.
      if (!this.#dead || this.client.destroyed) this.reset();
      return;
    }
    for (const timer of this.#timers) clearTimeout(timer);
    this.ways.gone();
  }
}
