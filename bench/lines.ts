/** How a load generator's requests get to a service: by undici, or by as little work as can be. */
import { connect, type Socket } from "node:net";
import { Pool } from "undici";

/** A request, as who wants it sees it. */
export interface Asked {
  /**
   * It is about to be sent.
   *
   * @param breakOff closes its connection; left out where connections are kept
   * @returns whether anybody still wants it
   */
  sent(breakOff?: () => void): boolean;
  /** The whole answer is there. */
  answered(status: number): void;
  /** There will be none. */
  failed(): void;
}

/** Connections to a service: so many at most, with one request at a time each. Who comes when all are taken waits. */
export interface Line {
  ask(asked: Asked): void;
  close(): Promise<void>;
}

/** A line of clients that close their connection when they give up. */
export function closingLine(url: string, connections: number): Line {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  return {
    ask: (asked) => {
      let status = 0;
      pool.dispatch(
        { path: pathname, method: "GET" },
        {
          onRequestStart: (controller) => {
            const breakOff = () => controller.abort(new Error("gave up"));
            if (!asked.sent(breakOff)) breakOff();
          },
          onResponseStart: (_, code) => {
            status = code;
          },
          onResponseEnd: () => asked.answered(status),
          onResponseError: () => asked.failed(),
        },
      );
    },
    close: () => pool.destroy(),
  };
}

/**
 * A line that keeps its connections, as a proxy does. Requests are bytes that are made once, and of an answer only its
 * status and length are read: so one core can ask several times as often as another can answer.
 */
export function keptLine(url: string, connections: number): Line {
  const { hostname, port, host, pathname } = new URL(url);
  const request = Buffer.from(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  const waiting: Asked[] = [];
  let next = 0;
  const idle: Connection[] = [];
  const open = new Set<Connection>();

  const free = (connection: Connection): void => {
    for (; next < waiting.length; next++) {
      const asked = waiting[next] as Asked;
      if (!asked.sent()) continue;
      next++;
      connection.ask(asked);
      return;
    }
    waiting.length = 0;
    next = 0;
    idle.push(connection);
  };
  const gone = (connection: Connection): void => {
    open.delete(connection);
    const at = idle.indexOf(connection);
    if (at !== -1) idle.splice(at, 1);
    // Those who wait need another in its place.
    if (next < waiting.length) add();
  };
  const add = (): void => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    open.add(new Connection(socket, request, free, gone));
  };
  return {
    ask: (asked) => {
      const connection = idle.pop();
      if (connection === undefined) {
        waiting.push(asked);
        if (open.size < connections) add();
      } else if (asked.sent()) connection.ask(asked);
      else idle.push(connection);
    },
    close: async () => {
      for (const connection of open) connection.destroy();
    },
  };
}

const END_OF_HEAD = "\r\n\r\n";
/** `HTTP/1.1 200` */
const STATUS = [9, 12] as const;

/** A connection of a {@link keptLine}. */
class Connection {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #free: (connection: Connection) => void;
  #asked: Asked | undefined;
  /** What has come of an answer that isn't whole. */
  #part: Buffer | undefined;

  constructor(
    socket: Socket,
    request: Buffer,
    free: (connection: Connection) => void,
    gone: (connection: Connection) => void,
  ) {
    this.#socket = socket;
    this.#request = request;
    this.#free = free;
    socket.on("connect", () => free(this));
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    // Why it ended is told by nobody's answer; that it did is a failure.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      gone(this);
      this.#asked?.failed();
    });
  }

  ask(asked: Asked): void {
    this.#asked = asked;
    this.#socket.write(this.#request);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const all = this.#part === undefined ? chunk : Buffer.concat([this.#part, chunk]);
    this.#part = all;
    const end = all.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = all.toString("latin1", 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer that doesn't say how long it is: ${head}`);
    if (all.length < end + END_OF_HEAD.length + Number(length)) return;
    const asked = this.#asked;
    this.#asked = undefined;
    this.#part = undefined;
    asked?.answered(Number(head.slice(...STATUS)));
    if (/\r\nconnection: *close/i.test(head)) this.#socket.destroy();
    else this.#free(this);
  }
}
