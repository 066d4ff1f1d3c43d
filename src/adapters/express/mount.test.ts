import { once } from "node:events";
import express, { type Express } from "express";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { AnyEndpointOptions } from "../../boundary/endpoint/any-options.js";
import { Endpoint } from "../../boundary/endpoint/endpoint.js";
import { CountingLimiter, jsonInit, OPEN, testRuntime } from "../../boundary/endpoint/fixtures.js";
import type { WebhookVerifier } from "../../boundary/webhooks/verifier.js";
import { ConfigError } from "../../core/config.js";
import { Listening, signalled } from "./fixtures.js";
import { mount } from "./mount.js";

const body = z.object({ text: z.string() });
const echo = (({ body }: { body: object }) => body) as (call: never) => object;
const signature: WebhookVerifier = {
  name: "by length",
  verify: async ({ body }) => ({ id: new TextDecoder().decode(body) }),
};

let listening: Listening | undefined;
afterEach(async () => {
  await listening?.close();
  listening = undefined;
});

/** A service with one endpoint, `POST /test` unless `options` says otherwise. */
async function service(options: Partial<AnyEndpointOptions>, before: (app: Express) => void = () => undefined) {
  const told = testRuntime();
  const app = express();
  before(app);
  app.use(mount(new Endpoint({ ...OPEN, ...options }, told.rt)));
  listening = await Listening.start(app);
  const server = listening;
  const ask = (init: RequestInit & { path?: string } = {}) =>
    server.fetch(init.path ?? "/test", { method: "POST", ...init });
  return { ...told, app, server, ask };
}

describe("an endpoint in Express", () => {
  it("hands on what is not its own, and answers a wrong method on its path", async () => {
    const { app, ask } = await service({});
    app.get("/other", (_, res) => void res.send("other"));
    expect(await (await ask({ method: "GET", path: "/other" })).text()).toBe("other");
    expect((await ask({ path: "/nothing" })).status).toBe(404);
    const wrong = await ask({ method: "GET" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  });

  it("lies below where it is mounted, and still knows the whole path", async () => {
    const handler = (({ path, request, params }: { path: string; request: Request; params: object }) => ({
      path,
      url: new URL(request.url).pathname + new URL(request.url).search,
      params,
    })) as (call: never) => object;
    const app = express();
    const router = express.Router();
    router.use(mount(new Endpoint({ ...OPEN, method: "GET", path: "/things/:id", handler }, testRuntime().rt)));
    app.use("/v1", router);
    listening = await Listening.start(app);
    expect(await (await listening.fetch("/v1/things/7?a=1")).json()).toEqual({
      path: "/v1/things/7",
      url: "/v1/things/7?a=1",
      params: { id: "7" },
    });
  });

  it("reads a request line with the whole URL, as proxies send it", async () => {
    const { server } = await service({
      method: "GET",
      handler: (({ path }: { path: string }) => ({ path })) as (c: never) => object,
    });
    const wire = await server.socket();
    wire.write("GET http://shop.example/test?a=1 HTTP/1.1", "host: shop.example", "connection: close", "", "");
    expect(await wire.received()).toContain('{"path":"/test"}');
  });

  it("gives the handler a web request with headers and a body to stream, bounded", async () => {
    const { ask } = await service({
      maxBytes: 10,
      handler: (async ({ request }: { request: Request }) => ({
        read: await request.text(),
        type: request.headers.get("x-type"),
        host: new URL(request.url).hostname,
      })) as (call: never) => object,
    });
    const response = await ask({ body: "0123456789", headers: { "x-type": "t" } });
    expect(await response.json()).toEqual({ read: "0123456789", type: "t", host: "127.0.0.1" });
    const stream = new Blob(["0123456789", "0"]).stream();
    expect((await ask({ body: stream, duplex: "half" } as RequestInit)).status).toBe(413);
  });

  it("keeps what earlier handlers set, and sends no header twice", async () => {
    const { server } = await service(
      { origins: ["https://shop.example"], handler: () => Response.json({}, { headers: { "x-a": "ours" } }) },
      (app) =>
        app.use((_, res, next) => {
          res.setHeader("Vary", "Accept-Encoding");
          res.setHeader("X-A", "theirs");
          res.setHeader("X-B", "theirs");
          next();
        }),
    );
    const wire = await server.socket();
    wire.write(
      "POST /test HTTP/1.1",
      "host: x",
      "origin: https://shop.example",
      "content-length: 0",
      "connection: close",
      "",
      "",
    );
    const names =
      (await wire.received())
        .split("\r\n\r\n")[0]
        ?.split("\r\n")
        .slice(1)
        .map((line) => line.toLowerCase()) ?? [];
    expect(names).toEqual(expect.arrayContaining(["vary: accept-encoding, origin", "x-a: ours", "x-b: theirs"]));
    expect(new Set(names.map((line) => line.split(":")[0])).size).toBe(names.length);
  });

  it("does not answer what somebody else has answered", async () => {
    const { ask, settled } = await service({}, (app) =>
      app.use((_, res, next) => {
        res.status(202).send("theirs");
        next();
      }),
    );
    const response = await ask();
    expect([response.status, await response.text(), settled.length]).toEqual([202, "theirs", 1]);
  });
});

describe("a body that other middleware has read", () => {
  const parser = (app: Express) => void app.use(express.json());

  it("is taken as it was parsed, and validated", async () => {
    const { ask } = await service({ body, handler: echo }, parser);
    expect(await (await ask(jsonInit({ text: "a" }))).json()).toEqual({ text: "a" });
    expect((await ask(jsonInit({ text: 1 }))).status).toBe(400);
    const deep = `{"text":"a","x":${"[".repeat(40)}${"]".repeat(40)}}`;
    expect((await ask({ body: deep, headers: { "content-type": "application/json" } })).status).toBe(400);
  });

  it("is a mistake in the set-up where the bytes are needed, and says so to its author alone", async () => {
    const { ask, settled } = await service({ signature }, parser);
    const response = await ask(jsonInit({ text: "a" }));
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringMatching(/signature|express/)]);
    expect(settled[0]).toHaveProperty("error.cause", expect.any(ConfigError));
    expect(String(settled[0]?.error)).toContain('endpoint("test").signature');
    expect(String(settled[0]?.error)).toContain("before express.json()");
  });

  it("will do where its bytes were kept", async () => {
    const keep = (req: object, _: unknown, bytes: Buffer) => void Object.assign(req, { rawBody: bytes });
    const { ask } = await service(
      { signature, handler: (({ verified }: { verified: object }) => verified) as (call: never) => object },
      (app) => void app.use(express.json({ verify: keep })),
    );
    expect(await (await ask(jsonInit({ text: "a" }))).json()).toEqual({ id: '{"text":"a"}' });
  });

  it("is read by the endpoint where the middleware passed it over", async () => {
    const { ask } = await service(
      { body, handler: echo, contentTypes: ["application/json", "application/cloudevents+json"] },
      parser,
    );
    const init = { body: '{"text":"a"}', headers: { "content-type": "application/cloudevents+json" } };
    expect(await (await ask(init)).json()).toEqual({ text: "a" });
  });
});

describe("a refused body", () => {
  it("leaves the connection good for the next request", async () => {
    const { server } = await service({ body, handler: echo, maxBytes: 100 });
    const wire = await server.socket();
    wire.write("POST /test HTTP/1.1", "host: x", "content-type: application/json", "content-length: 5000", "", "x");
    expect(await wire.received("payload_too_large")).toContain("HTTP/1.1 413");
    wire.write("x".repeat(4_999));
    wire.write(
      "POST /test HTTP/1.1",
      "host: x",
      "content-type: application/json",
      "content-length: 12",
      "",
      '{"text":"b"}',
    );
    expect(await wire.received('{"text":"b"}')).toContain("HTTP/1.1 200");
  });

  it("is not read by a guard that refuses before", async () => {
    const { ask } = await service({ body, limits: [{ limiter: new CountingLimiter("l", 0), by: "client" }] });
    const response = await ask(jsonInit({ text: "a".repeat(10_000) }));
    expect(response.status).toBe(429);
  });

  it("that goes on and on costs the client its connection", async () => {
    const { server } = await service({ body, maxBytes: 100 });
    const wire = await server.socket();
    wire.write(
      "POST /test HTTP/1.1",
      "host: x",
      "content-type: application/json",
      "transfer-encoding: chunked",
      "",
      "",
    );
    const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
    for (let sent = 0; sent < 200 && !wire.socket.destroyed; sent++) {
      if (!wire.socket.write(chunk))
        await Promise.race([once(wire.socket, "drain"), once(wire.socket, "close")]).catch(() => undefined);
    }
    await wire.received();
    expect(wire.socket.destroyed).toBe(true);
  });
});

describe("a client that is slow", () => {
  it("gets a 408 when the body's time is up, and has to connect anew", async () => {
    const reading = signalled();
    const { server, clock, settled } = await service({
      body,
      bodyTimeout: "5s",
      auth: () => {
        reading.settle();
        return { id: "ann" };
      },
    });
    const wire = await server.socket();
    wire.write("POST /test HTTP/1.1", "host: x", "content-type: application/json", "content-length: 100", "", '{"te');
    await reading.promise;
    await clock.advance(5_000);
    const answer = await wire.received();
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer.toLowerCase()).toContain("connection: close");
    expect(settled[0]).toMatchObject({ status: 408, guard: "body" });
    expect(clock.pending("held")).toBe(0);
  });

  it("is not sent more of a stream than it takes, and the stream stops when it leaves", async () => {
    const cancelled = signalled();
    let pulled = 0;
    const { server } = await service({
      method: "GET",
      handler: () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              pulled++;
              controller.enqueue(new Uint8Array(1024 * 1024));
            },
            cancel: () => cancelled.settle(),
          }),
        ),
    });
    const wire = await server.socket();
    wire.write("GET /test HTTP/1.1", "host: x", "", "");
    await wire.received("\r\n\r\n");
    wire.socket.pause();
    // However long it is left: what a socket and its peer buffer is a few megabytes.
    for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBeLessThan(64);
    wire.socket.destroy();
    await cancelled.promise;
  });
});

describe("a client that goes away", () => {
  it("while the handler works, aborts its signal, and nothing is written", async () => {
    const started = signalled();
    const aborted = signalled<unknown>();
    const done = signalled();
    const { server, settled, rt } = await service({
      handler: (({ signal }: { signal: AbortSignal }) => {
        started.settle();
        return new Promise((resolve) =>
          signal.addEventListener("abort", () => {
            aborted.settle(signal.reason);
            resolve({ too: "late" });
          }),
        );
      }) as (call: never) => unknown,
    });
    rt.events.on("endpoint.settled", () => done.settle());
    const wire = await server.socket();
    wire.write("POST /test HTTP/1.1", "host: x", "content-length: 0", "", "");
    await started.promise;
    wire.socket.destroy();
    expect(await aborted.promise).toMatchObject({ code: "aborted" });
    await done.promise;
    expect(settled).toMatchObject([{ status: 499, code: "aborted" }]);
  });

  it("in the middle of the body, is no failure of ours", async () => {
    const reading = signalled();
    const done = signalled();
    const { server, settled, clock, rt } = await service({
      body,
      auth: () => {
        reading.settle();
        return { id: "ann" };
      },
    });
    rt.events.on("endpoint.settled", () => done.settle());
    const wire = await server.socket();
    wire.write("POST /test HTTP/1.1", "host: x", "content-type: application/json", "content-length: 100", "", '{"te');
    await reading.promise;
    wire.socket.destroy();
    await done.promise;
    expect(settled).toMatchObject([{ status: 499, code: "aborted" }]);
    expect(clock.pending("held")).toBe(0);
  });

  it("does not abort the signal when it leaves after the answer", async () => {
    let seen: AbortSignal | undefined;
    const { server } = await service({
      handler: (({ signal }: { signal: AbortSignal }) => {
        seen = signal;
        return { ok: true };
      }) as (call: never) => unknown,
    });
    const wire = await server.socket();
    wire.write("POST /test HTTP/1.1", "host: x", "content-length: 0", "connection: close", "", "");
    await wire.received();
    expect([seen === undefined, seen?.aborted]).toEqual([false, false]);
  });
});

describe("an answer that fails while it is sent", () => {
  it("breaks off, so that the client knows", async () => {
    const arrived = signalled();
    const { server } = await service({
      method: "GET",
      handler: () => {
        let first = true;
        return new Response(
          new ReadableStream({
            async pull(controller) {
              if (first) controller.enqueue(new TextEncoder().encode("begin"));
              else {
                await arrived.promise;
                throw new Error("source died");
              }
              first = false;
            },
          }),
        );
      },
    });
    const wire = await server.socket();
    wire.write("GET /test HTTP/1.1", "host: x", "", "");
    await wire.received("begin");
    arrived.settle();
    const answer = await wire.received();
    expect(answer).toContain("begin");
    // The empty chunk that ends a whole answer is not there.
    expect(answer).not.toContain("\r\n0\r\n\r\n");
  });
});
