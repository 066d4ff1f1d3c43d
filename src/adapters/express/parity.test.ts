import express from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { AnyEndpointOptions } from "../../boundary/endpoint/any-options.js";
import { Endpoint } from "../../boundary/endpoint/endpoint.js";
import { toFetch } from "../../boundary/endpoint/fetch.js";
import { CountingLimiter, jsonInit, OPEN, testRuntime } from "../../boundary/endpoint/fixtures.js";
import { reply } from "../../boundary/endpoint/reply.js";
import { KeelsonError } from "../../core/errors.js";
import { Listening } from "./fixtures.js";
import { mount } from "./mount.js";

const shop = "https://shop.example";

/** The same endpoints for both, each with limiters of its own. */
function endpoints(): Endpoint[] {
  const { rt } = testRuntime();
  const one = (name: string, options: Partial<AnyEndpointOptions>) =>
    new Endpoint({ ...OPEN, name, path: `/${name}`, ...options }, rt);
  return [
    one("echo", {
      body: z.object({ text: z.string() }),
      query: z.object({ page: z.coerce.number().optional() }),
      maxBytes: 100,
      maxQueryBytes: 20,
      origins: [shop],
      cors: { credentials: true },
      limits: [{ limiter: new CountingLimiter("echo", 100), by: "client" }],
      handler: (({ body, query, client }: Record<string, object>) => ({ body, query, client })) as (
        call: never,
      ) => object,
    }),
    one("secret", { auth: () => null }),
    one("once", { limits: [{ limiter: new CountingLimiter("once", 1), by: "client" }] }),
    one("empty", { handler: () => undefined }),
    one("text", { method: "GET", handler: () => reply(200, "żółw", { "x-a": "1", "set-cookie": ["a=1", "b=2"] }) }),
    one("bytes", { method: "GET", handler: () => reply(200, Uint8Array.of(1, 2, 3)) }),
    one("stream", { method: "GET", handler: () => new Response(new Blob(["a", "b", "c"]).stream(), { status: 206 }) }),
    one("moved", { method: "GET", handler: () => reply(302, undefined, { location: "/text" }) }),
    one("same", { method: "GET", handler: () => reply(304) }),
    one("broken", { handler: () => Promise.reject(new Error("inside")) }),
    one("busy", { handler: () => Promise.reject(new KeelsonError("unavailable", "x", { retryAfterMs: 2_100 })) }),
    one("item", {
      method: "GET",
      path: "/items/:id",
      handler: (({ params }: { params: object }) => params) as (c: never) => object,
    }),
    one("put", { method: "PUT", path: "/items/:id" }),
  ];
}

const CASES: readonly (readonly [name: string, path: string, init?: RequestInit])[] = [
  ["a valid call", "/echo?page=2", { method: "POST", ...jsonInit({ text: "żółw 🐢" }, { origin: shop }) }],
  [
    "a call from another origin",
    "/echo",
    { method: "POST", ...jsonInit({ text: "a" }, { origin: "https://evil.example" }) },
  ],
  ["a long query", `/echo?${"x".repeat(21)}`, { method: "POST", ...jsonInit({ text: "a" }) }],
  ["a wrong type", "/echo", { method: "POST", body: "text=a", headers: { "content-type": "text/plain" } }],
  ["a long body", "/echo", { method: "POST", ...jsonInit({ text: "a".repeat(100) }) }],
  [
    "a body that is not JSON",
    "/echo",
    { method: "POST", body: '{"text":', headers: { "content-type": "application/json" } },
  ],
  ["an empty body", "/echo", { method: "POST", headers: { "content-type": "application/json" } }],
  ["a body that is not valid", "/echo", { method: "POST", ...jsonInit({ text: 1 }) }],
  ["a query that is not valid", "/echo?page=x", { method: "POST", ...jsonInit({ text: "a" }) }],
  ["a preflight", "/echo", { method: "OPTIONS", headers: { origin: shop, "access-control-request-method": "POST" } }],
  [
    "a preflight from elsewhere",
    "/echo",
    { method: "OPTIONS", headers: { origin: "https://evil.example", "access-control-request-method": "POST" } },
  ],
  ["OPTIONS", "/items/7", { method: "OPTIONS" }],
  ["a wrong method", "/items/7", { method: "DELETE" }],
  ["a parameter", "/items/a%20b"],
  ["a parameter whose encoding is broken", "/items/%ff"],
  ["no credentials", "/secret", { method: "POST" }],
  ["a first call", "/once", { method: "POST" }],
  ["one call too many", "/once", { method: "POST" }],
  ["no content", "/empty", { method: "POST" }],
  ["text and cookies", "/text"],
  ["HEAD", "/text", { method: "HEAD" }],
  ["HEAD of bytes", "/bytes", { method: "HEAD" }],
  ["HEAD of a stream", "/stream", { method: "HEAD" }],
  ["bytes", "/bytes"],
  ["a stream", "/stream"],
  ["a redirection", "/moved"],
  ["not modified", "/same"],
  ["a failure inside", "/broken", { method: "POST" }],
  ["a time to come back", "/busy", { method: "POST" }],
];

/** What depends on the transport, and what is new with every call. */
const TRANSPORT = ["connection", "keep-alive", "date", "transfer-encoding", "x-powered-by"];

async function seen(response: Response, method: string) {
  const headers = [...response.headers].filter(([name]) => !TRANSPORT.includes(name));
  return {
    status: response.status,
    // How long it is, is the transport's to say; but a HEAD says how long it would be.
    headers: headers.filter(([name]) => name !== "content-length" || method === "HEAD").sort(),
    body: (await response.text()).replace(/"traceId":"[\da-f]{32}"/, '"traceId":"…"'),
  };
}

describe("Express and fetch", () => {
  let listening: Listening;
  const handle = toFetch(endpoints());

  beforeAll(async () => {
    const app = express();
    app.use(mount(...endpoints()));
    listening = await Listening.start(app);
  });
  afterAll(() => listening.close());

  it.each(CASES.map(([name, path, init = {}]) => ({ name, path, init })))(
    "answer alike to $name",
    async ({ path, init }) => {
      const method = init.method ?? "GET";
      const request = new Request(`http://127.0.0.1${path}`, init);
      // A Request that came over a wire has it.
      if (typeof init.body === "string") request.headers.set("content-length", String(Buffer.byteLength(init.body)));
      const byFetch = await handle(request, { remoteAddress: "127.0.0.1" });
      const byExpress = await listening.fetch(path, { ...init, redirect: "manual" });
      expect(await seen(byExpress, method)).toEqual(await seen(byFetch, method));
      expect(byFetch.status).toBeGreaterThan(0);
    },
  );
});
