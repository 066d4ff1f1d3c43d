import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { fileURLToPath } from "node:url";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import type { Deployment } from "./deployment.js";

const PAGE = fileURLToPath(new URL("./page/", import.meta.url));
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.js": ["page.js", "text/javascript; charset=utf-8"],
  "/objectives.js": ["objectives.js", "text/javascript; charset=utf-8"],
  "/page.css": ["page.css", "text/css; charset=utf-8"],
};
const MOST_BYTES = 1_000_000;
/** What a deployment answers with where a function has thrown (`convex/browser` knows it as UDF_FAILED). */
const FUNCTION_FAILED = 560;

/** The served app. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** A phone that WhatsApp messages can be sent from, for the page. */
export interface DemoPhone {
  /** @returns what the assistant's number answered */
  send(text: string): Promise<readonly string[]>;
}

/** Listens on loopback before the app is there, so that its address can be told to the app. */
export function listen(port: number): Promise<{ server: Server; url: string }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () =>
      resolve({ server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
  });
}

/**
 * Serves a deployment as Convex does: HTTP actions at their paths, functions at `/api/query`, `/api/mutation` and
 * `/api/action` (https://docs.convex.dev/http-api/). Sign-in is a stand-in: whoever says a name gets a token for it. So is
 * a phone.
 */
export function serve(server: Server, url: string, { t, modules }: Deployment, phone: DemoPhone): Served {
  const users = new Map<string, string>();
  const as = (request: IncomingMessage) => {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    // Drills play many users, who need not sign in first: here whoever says a name is believed anyway.
    const subject =
      token === undefined ? undefined : (users.get(token) ?? /^demo\.([a-z0-9-]{2,20})$/.exec(token)?.[1]);
    const ip = request.socket.remoteAddress ?? null;
    const caller = subject === undefined ? t : t.withIdentity({ subject, issuer: url, name: subject });
    return caller.withRequestMetadata({ ip, userAgent: request.headers["user-agent"] ?? null });
  };

  async function call(kind: "query" | "mutation" | "action", request: IncomingMessage): Promise<Answer> {
    const { path, args = {} } = await jsonOf(request);
    if (typeof path !== "string" || typeof args !== "object") throw new BadRequest("path: a text, args: an object");
    const [module = "", name = ""] = path.split(":");
    const exports = (await modules[`./${module}.ts`]?.()) as Record<string, Registered | undefined> | undefined;
    const found = exports?.[name];
    // What is internal can't be seen from outside, nor what is of another kind.
    if (found?.isPublic !== true || kindOf(found) !== kind)
      return json(400, { code: "BadRequest", message: `Could not find public function for '${path}'` });
    const caller = as(request);
    try {
      const value: unknown = await (kind === "query"
        ? caller.query(makeFunctionReference<"query">(path), { ...args })
        : kind === "mutation"
          ? caller.mutation(makeFunctionReference<"mutation">(path), { ...args })
          : caller.action(makeFunctionReference<"action">(path), { ...args }));
      return json(200, { status: "success", value: value ?? null });
    } catch (error) {
      const data = error instanceof ConvexError ? { errorData: error.data } : {};
      return json(FUNCTION_FAILED, { status: "error", errorMessage: String((error as Error).message), ...data });
    }
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { pathname } = new URL(request.url ?? "/", url);
    const file = FILES[pathname];
    if (request.method === "GET" && file !== undefined)
      return { status: 200, headers: { "content-type": file[1] }, body: await readFile(PAGE + file[0]) };
    if (pathname === "/demo/sign-in" && request.method === "POST") {
      const { user } = await jsonOf(request);
      if (typeof user !== "string" || !/^[a-z]{2,20}$/.test(user))
        return json(400, { message: "user: 2 to 20 small letters" });
      const token = randomBytes(18).toString("base64url");
      users.set(token, user);
      return json(200, { token });
    }
    if (pathname === "/demo/phone" && request.method === "POST") {
      const { text } = await jsonOf(request);
      if (typeof text !== "string" || text.length > 1_000) throw new BadRequest("text: 1,000 characters at most");
      return json(200, { heard: await phone.send(text) });
    }
    const [, kind] = /^\/api\/(query|mutation|action)$/.exec(pathname) ?? [];
    if (kind !== undefined && request.method === "POST") return call(kind as "query", request);
    return httpAction(request);
  }

  async function httpAction(request: IncomingMessage): Promise<Answer> {
    const { method = "GET", headers } = request;
    const body = method === "GET" || method === "HEAD" ? undefined : await bodyOf(request);
    const given = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    const response = await as(request).fetch(request.url ?? "/", {
      method,
      headers: given,
      ...(body !== undefined && { body: new Uint8Array(body) }),
    });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: response.body };
  }

  server.on("request", (request, outgoing) => {
    answer(request).then(
      (answered) => send(outgoing, answered),
      (error: unknown) => {
        const bad = error instanceof BadRequest;
        if (!bad) console.error(error);
        send(
          outgoing,
          json(bad ? 400 : 500, { code: bad ? "BadRequest" : "InternalServerError", message: String(error) }),
        );
      },
    );
  });
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A request that a deployment refuses before any function sees it. */
class BadRequest extends Error {}

/** What a registered function says of itself. */
interface Registered {
  readonly isPublic?: boolean;
  readonly isQuery?: boolean;
  readonly isMutation?: boolean;
}

function kindOf({ isQuery, isMutation }: Registered): "query" | "mutation" | "action" {
  return isQuery ? "query" : isMutation ? "mutation" : "action";
}

async function jsonOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const text = (await bodyOf(request)).toString();
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    throw new BadRequest("the body is no JSON");
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string | ReadableStream<Uint8Array> | null;
}

function json(status: number, value: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, headers);
  if (!(body instanceof ReadableStream)) outgoing.end(body ?? undefined);
  else {
    const stream = Readable.fromWeb(body as NodeReadableStream);
    // Whoever leaves ends the stream, and so the work behind it.
    outgoing.once("close", () => stream.destroy());
    stream.once("error", () => outgoing.destroy());
    stream.pipe(outgoing);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new BadRequest(`a body may have ${MOST_BYTES} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
