import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { main } from "./cli/program.js";
import { type Io, silentIo } from "./io.js";

/** A command's outcome, as whoever called it sees it. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with files, objects as JSON. */
export async function project(files: Readonly<Record<string, string | object>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-ops-"));
  await add(folder, files);
  return folder;
}

/** Adds files to a project. */
export async function add(folder: string, files: Readonly<Record<string, string | object>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** Something in the place of the process's own in and out. */
export function fakeIo(
  cwd: string,
  parts: Partial<Io> = {},
): Io & { readonly lines: string[]; readonly errors: string[] } {
  const lines: string[] = [];
  const errors: string[] = [];
  const io = silentIo({
    cwd,
    out: (line) => void lines.push(line),
    err: (line) => void errors.push(line),
    now: () => new Date("2026-01-01T12:00:00.000Z"),
    ...parts,
  });
  return { ...io, lines, errors };
}

/** Runs a command line in a folder. */
export async function keelson(cwd: string, args: readonly string[], parts: Partial<Io> = {}): Promise<Ran> {
  const io = fakeIo(cwd, parts);
  const code = await main(args, io);
  return { code, out: io.lines.join("\n"), err: io.errors.join("\n") };
}

/** A server on a free port of the loopback, until the test is over. */
export async function serve(
  handler: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<{ readonly url: string; onRequest(listener: () => void): void; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => handler(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onRequest: (listener) => void server.on("request", listener),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
