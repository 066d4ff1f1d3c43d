import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { runtime } from "../../core/runtime.js";
import { Work } from "../../core/work.js";
import { Endpoint } from "./endpoint.js";
import { toFetch } from "./fetch.js";
import { OPEN, serving, testRuntime, watchedBody } from "./fixtures.js";
import { Router } from "./router.js";

describe("a fetch handler", () => {
  it("finds endpoints that are added later", async () => {
    const router = new Router();
    const handle = toFetch(router);
    const ask = async () => (await handle(new Request("http://x/test", { method: "POST" }))).status;
    const before = await ask();
    router.add(new Endpoint(OPEN, testRuntime().rt));
    expect([before, await ask()]).toEqual([404, 200]);
  });

  it("hands on the platform's context, and binds definitions to the call", async () => {
    const handler = (({ ctx, use }: { ctx: object; use: (d: unknown) => unknown }) => ({
      ctx,
      used: use({ name: "a" }),
    })) as (call: never) => object;
    const endpoint = new Endpoint({ ...OPEN, handler }, testRuntime().rt);
    const place = { ctx: { db: 1 }, use: ({ name }: { name: string }) => `bound ${name}` };
    const response = await toFetch([endpoint], place)(new Request("http://x/test", { method: "POST" }));
    expect(await response.json()).toEqual({ ctx: { db: 1 }, used: "bound a" });
  });

  it("is had of a single endpoint, too", async () => {
    const endpoint = new Endpoint(OPEN, testRuntime().rt);
    const ask = async (method: string, path: string) =>
      (await endpoint.fetch(new Request(`http://x${path}`, { method }))).status;
    expect([await ask("POST", "/test"), await ask("GET", "/test"), await ask("POST", "/other")]).toEqual([
      200, 405, 404,
    ]);
  });

  it("streams what a handler streams", async () => {
    const body = new Blob(["a", "b"]).stream();
    expect(await (await serving({ handler: () => new Response(body) }).ask()).text()).toBe("ab");
  });

  it("gives HEAD no body, and stops a stream it would have had", async () => {
    let cancelled = false;
    const stream = () =>
      new ReadableStream({
        cancel() {
          cancelled = true;
        },
      });
    const { endpoint } = serving({ method: "GET", handler: () => new Response(stream()) });
    const response = await toFetch([endpoint])(new Request("http://x/test", { method: "HEAD" }));
    expect([response.status, response.body, cancelled]).toEqual([200, null, true]);
  });

  it("reports what nobody listens for, rather than losing it", async () => {
    const report = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const failure = new Error("bug");
    const endpoint = new Endpoint({ ...OPEN, handler: () => Promise.reject(failure) }, runtime());
    await toFetch([endpoint])(new Request("http://x/test", { method: "POST" }));
    expect(report.mock.calls).toEqual([['endpoint("test"):', failure]]);
    report.mockRestore();
  });
});

describe("an endpoint that is to close", () => {
  const work = new Work();
  const source = watchedBody(["a", "b"]);
  const { ask, settled } = serving(
    {
      handler: ((c: { query: object }) => ("s" in c.query ? new Response(source.init.body as ReadableStream) : {})) as (
        c: never,
      ) => object,
    },
    testRuntime({ work }),
  );

  it("counts a call as under way until its answer, and a stream until its end", async () => {
    await (await ask()).text();
    expect(work.running).toBe(0);
    const streaming = await ask({ path: "/test?s=1" });
    expect(work.running).toBe(1);
    await streaming.text();
    expect(work.running).toBe(0);
  });

  it("takes nothing new", async () => {
    void work.close();
    const response = await ask();
    expect([response.status, response.headers.get("retry-after"), work.running]).toEqual([503, "1", 0]);
    expect(settled.at(-1)).toMatchObject({ guard: "closing", code: "unavailable" });
  });
});

describe("the surface of an endpoint", () => {
  it("is plain data that says everything it declares", () => {
    const { endpoint } = serving({
      name: "chat",
      path: "/chat/:room",
      body: z.object({}),
      query: z.object({}),
      maxBytes: "1kb",
      maxQueryBytes: 100,
      maxDepth: 4,
      origins: ["https://shop.example"],
      replay: { name: "whatsapp" },
      auth: function session() {
        return { id: "ann" };
      },
    });
    const surface = endpoint.surface();
    expect(surface).toEqual({
      kind: "http",
      name: "chat",
      method: "POST",
      path: "/chat/:room",
      auth: { kind: "declared", by: "session" },
      limits: { kind: "unlimited", why: "a test" },
      validates: ["query", "body"],
      maxBytes: 1024,
      maxDepth: 4,
      maxQueryBytes: 100,
      contentTypes: ["application/json"],
      origins: ["https://shop.example"],
      replay: "whatsapp",
    });
    expect(structuredClone(surface)).toEqual(surface);
  });
});

describe("the options of an endpoint", () => {
  it.each([
    [{ name: "" }, /name/],
    [{ path: "chat" }, /path: got "chat"/],
    [{ method: "GET", body: z.object({}) }, /method: got "GET"; allowed: a method other than GET/],
    [{ body: {} }, /body.*Standard Schema/],
    [{ maxBytes: "64 kb" }, /maxBytes/],
    [{ maxDepth: 0 }, /maxDepth/],
    [{ bodyTimeout: "soon", body: z.object({}) }, /bodyTimeout/],
    [{ timeout: 0 }, /timeout/],
    [{ trustProxy: -1 }, /trustProxy/],
    [{ handler: "x" }, /handler/],
    [{ origins: "https://shop.example" }, /origins/],
    [{ limits: [{ by: "client" }] }, /limits\[0\]/],
    [{ challenge: "Bearer\n" }, /challenge/],
    [{ contentTypes: "application/json" }, /contentTypes/],
    [{ contentTypes: [] }, /contentTypes/],
    [{ requireOrigin: true }, /requireOrigin: got true; allowed: nothing, unless there are origins/],
    [{ cors: {} }, /cors/],
  ])("%o are refused with the option's name", (options, message) => {
    expect(() => serving(options as never)).toThrow(message);
  });
});
