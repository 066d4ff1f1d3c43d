import { connect } from "node:net";
import { startServer } from "../redis/server.js";
import type { Provided } from "./provide.js";

/** A Redis to test against. */
export interface RunningRedis {
  readonly host: string;
  readonly port: number;
  /** Its address, `redis://…`, with what else a given address says. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a redis-server of its own on a free port of the loopback, keeping nothing on disk; or takes the one that is
 * running already.
 *
 * @throws {Error} with what the server said, when it doesn't come up
 */
export async function startRedis(provided: Provided): Promise<RunningRedis> {
  if (provided.kind === "command") return startServer({ path: provided.path });
  const { hostname, port } = new URL(provided.url);
  return { host: hostname, port: Number(port || 6379), url: provided.url, stop: async () => undefined };
}

/** Sends one command without arguments, in RESP, and answers the first line of the reply. */
export function ask(host: string, port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let reply = "";
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(`*1\r\n$${command.length}\r\n${command}\r\n`));
    socket.on("data", (chunk: string) => {
      reply += chunk;
      if (!reply.includes("\r\n")) return;
      socket.destroy();
      resolve(reply.slice(0, reply.indexOf("\r\n")));
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`the connection closed after ${JSON.stringify(reply)}`)));
  });
}
