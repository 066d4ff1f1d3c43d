import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import type { AnyEndpointOptions } from "./any-options.js";
import { Endpoint } from "./endpoint.js";
import { toFetch } from "./fetch.js";
import { OPEN } from "./fixtures.js";
import { Router } from "./router.js";

const named = (
  name: string,
  method: AnyEndpointOptions["method"],
  path: string,
  more: Partial<AnyEndpointOptions> = {},
) =>
  new Endpoint({
    ...OPEN,
    name,
    method,
    path,
    handler: (({ params }: { params: object }) => ({ name, params })) as (call: never) => object,
    ...more,
  });
const shop = "https://shop.example";
const handle = toFetch([
  named("thing", "GET", "/things/:id"),
  named("put", "PUT", "/things/:key", { origins: [shop] }),
  named("new", "GET", "/things/new"),
  named("chat", "POST", "/chat", { origins: [shop], cors: { maxAge: "1m" } }),
]);
const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  handle(new Request(`http://x${path}`, { method, headers }));

describe("the router", () => {
  it("prefers a path without parameters, and gives each endpoint its own names", async () => {
    expect(await (await ask("GET", "/things/new")).json()).toEqual({ name: "new", params: {} });
    expect(await (await ask("GET", "/things/7?x=1#y")).json()).toEqual({ name: "thing", params: { id: "7" } });
    expect(await (await ask("PUT", "/things/7")).json()).toEqual({ name: "put", params: { key: "7" } });
  });

  it.each(["/", "/thing", "/things", "/things/", "/things/7/", "/Chat", "/chat/", "//chat"])(
    "has nothing at %s",
    async (path) => {
      const response = await ask("GET", path);
      expect([response.status, (await response.json()).code]).toEqual([404, "not_found"]);
    },
  );

  it("says which methods a path has", async () => {
    const response = await ask("DELETE", "/things/7");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, PUT, HEAD, OPTIONS"]);
    expect((await response.json()).code).toBe("method_not_allowed");
  });

  it("answers HEAD as GET, without the body", async () => {
    const response = await ask("HEAD", "/things/7");
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("content-length")).toBe(String('{"name":"thing","params":{"id":"7"}}'.length));
    expect((await ask("HEAD", "/chat")).status).toBe(405);
  });

  it("answers OPTIONS with the methods", async () => {
    const response = await ask("OPTIONS", "/things/7");
    expect([response.status, response.headers.get("allow")]).toEqual([204, "GET, PUT, HEAD, OPTIONS"]);
  });

  it("refuses a second endpoint with the same method and matching", () => {
    const router = new Router([named("a", "GET", "/a/:x")]);
    expect(() => router.add(named("b", "GET", "/a/:y"))).toThrow(ConfigError);
    expect(() => router.add(named("c", "POST", "/a/:y"))).not.toThrow();
  });
});

describe("a preflight", () => {
  const preflight = (path: string, origin: string, method: string) =>
    ask("OPTIONS", path, { origin, "access-control-request-method": method });
  const vary = "origin, access-control-request-method, access-control-request-headers";

  it("from a listed origin says what may be sent", async () => {
    const response = await preflight("/chat", shop, "POST");
    expect([response.status, Object.fromEntries(response.headers)]).toEqual([
      204,
      {
        "access-control-allow-headers": "content-type, authorization",
        "access-control-allow-methods": "POST",
        "access-control-allow-origin": shop,
        "access-control-max-age": "60",
        allow: "POST, OPTIONS",
        vary,
      },
    ]);
  });

  it("from another origin is refused", async () => {
    const response = await preflight("/chat", "https://evil.example", "POST");
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    expect(response.headers.get("vary")).toBe(vary);
  });

  it("for a method that is not there is refused", async () => {
    const response = await preflight("/chat", shop, "DELETE");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  });

  it("for an endpoint without origins allows nothing", async () => {
    const response = await preflight("/things/7", shop, "GET");
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([204, null]);
    const put = await preflight("/things/7", shop, "PUT");
    expect(put.headers.get("access-control-allow-origin")).toBe(shop);
  });
});
