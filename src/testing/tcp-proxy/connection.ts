import type { Socket } from "node:net";
import type { Clock } from "../../core/clock.js";
import type { Conditions, Direction } from "./conditions.js";
import { Pipe } from "./pipe.js";

/** What is counted. */
export interface Tally {
  swallowed(bytes: number): void;
  gone(): void;
}

/** A client's connection, and the one to the server in its place. */
export class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #conditions: Conditions;
  readonly #tally: Tally;
  readonly #pipes: readonly Pipe[];
  /** Whether bytes have been lost, so that it can't go on. */
  #dead = false;

  constructor(client: Socket, server: Socket, conditions: Conditions, clock: Clock, tally: Tally) {
    this.#client = client;
    this.#server = server;
    this.#conditions = conditions;
    this.#tally = tally;
    this.#pipes = [this.#pump(client, server, "requests", clock), this.#pump(server, client, "answers", clock)];
    for (const socket of [client, server]) {
      socket.unref();
      socket.on("error", () => this.reset());
      socket.on("close", () => this.#closed());
    }
  }

  /** Resets (RST) both sides. */
  reset(): void {
    for (const socket of [this.#client, this.#server]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  /** Ends the way to the client (FIN); what it sends still reaches the server. */
  endToClient(): void {
    this.#client.end();
  }

  #pump(from: Socket, to: Socket, way: Direction, clock: Clock): Pipe {
    const pipe = new Pipe(from, to, way, this.#conditions, clock);
    from.on("data", (chunk: Buffer) => {
      if (this.#conditions.swallows(way)) {
        this.#dead = true;
        this.#tally.swallowed(chunk.length);
      } else if (this.#dead && !this.#partitioned()) this.reset();
      else if (way === "answers" && this.#conditions.resetsOn("answer")) this.reset();
      else pipe.push(chunk);
    });
    from.on("end", () => {
      if (!this.#dead) pipe.end();
    });
    return pipe;
  }

  /** While one way is cut, what is dead may go on the other. */
  #partitioned(): boolean {
    return this.#conditions.swallows("requests") || this.#conditions.swallows("answers");
  }

  #closed(): void {
    if (!this.#client.destroyed || !this.#server.destroyed) {
      // One side is gone entirely: the other hears of it, unless there is no route for that.
      if (!this.#dead || this.#client.destroyed) this.reset();
      return;
    }
    for (const pipe of this.#pipes) pipe.stop();
    this.#tally.gone();
  }
}
