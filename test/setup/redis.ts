import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Provided } from "./provide.js";

/** A Redis to test against. */
export interface RunningRedis {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a redis-server of its own on a free port of the loopback, keeping nothing on disk; or takes the one that is
 * running already.
 *
 * @throws {Error} with what the server said, when it doesn't come up
 */
export async function startRedis(provided: Provided): Promise<RunningRedis> {
  if (provided.kind === "url") {
    const { hostname, port } = new URL(provided.url);
    return { host: hostname, port: Number(port || 6379), stop: async () => undefined };
  }
  const host = "127.0.0.1";
  // Another process may take the port between the look and the start.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(host);
    try {
      return { host, port, stop: await start(provided.path, host, port) };
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
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

async function start(path: string, host: string, port: number): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "keelson-redis-"));
  const options = ["--bind", host, "--port", `${port}`, "--save", "", "--appendonly", "no", "--dir", folder];
  const server = spawn(path, options, { stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise<void>((resolve) => server.once("close", () => resolve()));
  let said = "";
  const up = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Ready to accept connections")) resolve();
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.once("error", reject);
    void gone.then(() => reject(new Error(`redis-server ended:\n${said}`)));
  });
  const stop = async () => {
    server.kill("SIGTERM");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await up;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return stop;
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
