import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonInit, OPEN, serving, watchedBody } from "../fixtures.js";

const body = z.object({ text: z.string() });

describe("the query guard", () => {
  it("lets a query of just the limit in and refuses one byte more", async () => {
    const { ask } = serving({ maxQueryBytes: 10 });
    expect((await ask({ path: "/test?123456789=" })).status).toBe(200);
    const refused = await ask({ path: "/test?123456789=0" });
    expect([refused.status, (await refused.json()).detail]).toEqual([414, "The query may have 10 bytes"]);
  });
});

describe("the content-type guard", () => {
  const { ask } = serving({ body });

  it.each(["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])(
    "takes %s",
    async (type) => {
      expect((await ask({ body: '{"text":"a"}', headers: { "content-type": type } })).status).toBe(200);
    },
  );

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "application/json; charset=utf-16",
    "multipart/form-data; boundary=application/json",
  ])("refuses %s and says what it takes", async (type) => {
    const response = await ask({ body: '{"text":"a"}', headers: { "content-type": type } });
    expect([response.status, response.headers.get("accept")]).toEqual([415, "application/json"]);
  });

  it("refuses a body without a type, and no body at all", async () => {
    const untyped = await ask({ body: new TextEncoder().encode('{"text":"a"}') });
    expect([untyped.status, (await ask()).status]).toEqual([415, 415]);
  });

  it("refuses a compressed body, whose size can't be bounded by its length", async () => {
    const response = await ask(jsonInit({ text: "a" }, { "content-encoding": "gzip" }));
    expect([response.status, response.headers.get("accept-encoding")]).toEqual([415, "identity"]);
    expect((await ask(jsonInit({ text: "a" }, { "content-encoding": "identity" }))).status).toBe(200);
  });
});

describe("the content-length guard", () => {
  it("refuses what says it is too long without reading any of it", async () => {
    const { seen, init } = watchedBody(["{}"]);
    const { ask } = serving({ body, maxBytes: 20 });
    const response = await ask({ ...init, headers: { "content-type": "application/json", "content-length": "21" } });
    expect([response.status, (await response.json()).code, seen.pulled]).toEqual([413, "payload_too_large", 0]);
  });

  it("bounds what a handler reads by itself", async () => {
    const handler = ({ request }: { request: Request }) => request.text();
    const { ask } = serving({ maxBytes: 4, handler: async (call: never) => ({ read: await handler(call) }) });
    const small = await ask(watchedBody(["ab", "cd"]).init);
    const large = await ask(watchedBody(["ab", "cd", "e"]).init);
    expect([small.status, await small.json(), large.status]).toEqual([200, { read: "abcd" }, 413]);
  });

  it("is not asked about a GET", () => {
    const { endpoint } = serving({ ...OPEN, method: "GET" });
    expect(endpoint.guards).not.toContain("content-length");
  });
});
