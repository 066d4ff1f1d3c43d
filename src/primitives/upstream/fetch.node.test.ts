import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { caught } from "./upstream.fixture.js";
import { Upstream } from "./upstream.js";

/** What the server does with each request, by path; the platform's own fetch calls it. */
const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  "/stream": (_, response) => {
    response.writeHead(200).write("first ");
    streams.push(response);
  },
  "/busy": (request, response) => {
    requests.push(request);
    if (requests.length === 1) response.writeHead(503, { "retry-after": "0" }).write("no end");
    else response.end("second");
  },
  "/hang": (request) => {
    requests.push(request);
  },
};
const streams: ServerResponse[] = [];
const requests: IncomingMessage[] = [];
const server = createServer((request, response) => routes[request.url ?? ""]?.(request, response));
let base = "";

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

it("leaves a body that is still streaming alone", async () => {
  const upstream = new Upstream("local", { timeout: "10s", attemptTimeout: "5s" });
  const response = await upstream.fetch(`${base}/stream`);
  streams.pop()?.end("last");
  expect(await response.text()).toBe("first last");
});

it("lets the caller abort the body too", async () => {
  const upstream = new Upstream("local", { timeout: "10s" });
  const caller = new AbortController();
  const response = await upstream.fetch(`${base}/stream`, { signal: caller.signal });
  const body = caught(response.text());
  const reason = new Error("left");
  const stream = streams.pop();
  caller.abort(reason);
  expect(await body).toBe(reason);
  if (stream?.destroyed === false) await once(stream, "close");
  expect(stream?.destroyed).toBe(true);
});

it("gives back the connection of a response that it discards", async () => {
  requests.length = 0;
  const upstream = new Upstream("local", { retry: { backoff: 0 } });
  const response = await upstream.fetch(`${base}/busy`);
  expect(await response.text()).toBe("second");
  const discarded = requests[0];
  if (discarded?.socket.destroyed === false) await once(discarded.socket, "close");
  expect(discarded?.socket.destroyed).toBe(true);
});

it("aborts a request that was given up, on the wire too", async () => {
  requests.length = 0;
  const upstream = new Upstream("local", { attemptTimeout: "10s" });
  const caller = new AbortController();
  const result = caught(upstream.fetch(`${base}/hang`, { signal: caller.signal }));
  await once(server, "request");
  caller.abort("left");
  expect(await result).toBe("left");
  const socket = requests[0]?.socket;
  if (socket?.destroyed === false) await once(socket, "close");
  expect(socket?.destroyed).toBe(true);
});
