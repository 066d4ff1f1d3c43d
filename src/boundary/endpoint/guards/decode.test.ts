import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serving } from "../fixtures.js";

const any = z.unknown();
const handler = (({ body }: { body: unknown }) => ({ body, proto: Object.getPrototypeOf(body) === null })) as (
  call: never,
) => object;
const send = (body: string | Uint8Array, type = "application/json", options = {}) =>
  serving({ body: any, handler, ...options }).ask({ body: body as BodyInit, headers: { "content-type": type } });

describe("the decode guard", () => {
  it.each(["", "{", "{'a':1}", "undefined", "[1,]", "NaN"])("refuses %j, which is not JSON", async (text) => {
    const response = await send(text);
    expect([response.status, (await response.json()).code]).toEqual([400, "invalid_json"]);
  });

  it("refuses what is not UTF-8", async () => {
    const response = await send(Uint8Array.of(0x22, 0xff, 0x22));
    expect((await response.json()).code).toBe("invalid_json");
  });

  it.each(['{"__proto__":{"admin":true}}', '{"a":[{"\\u005f_proto__":1}]}'])(
    "refuses the prototype in %s",
    async (text) => {
      const response = await send(text);
      expect([response.status, (await response.json()).code]).toEqual([400, "validation"]);
    },
  );

  it("refuses what nests deeper than it may", async () => {
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect((await send(nested(32))).status).toBe(200);
    expect((await send(nested(33))).status).toBe(400);
    expect((await send(nested(3), "application/json", { maxDepth: 2 })).status).toBe(400);
  });

  it("makes an object of a form, without a prototype", async () => {
    const contentTypes = ["application/x-www-form-urlencoded"];
    const response = await send("a=1&b=x+y&a=2&__proto__=z", contentTypes[0], { contentTypes });
    expect(await response.json()).toEqual({
      body: JSON.parse('{"a":["1","2"],"b":"x y","__proto__":"z"}'),
      proto: true,
    });
  });

  it("makes a string of text, and leaves anything else as bytes", async () => {
    const contentTypes = ["text/plain", "application/octet-stream", "application/cloudevents+json"];
    const read = async (type: string) => (await (await send('{"é":1}', type, { contentTypes })).json()).body;
    expect(await read("text/plain")).toBe('{"é":1}');
    expect(await read("application/cloudevents+json")).toEqual({ é: 1 });
    expect(Object.values(await read("application/octet-stream"))).toEqual([...new TextEncoder().encode('{"é":1}')]);
  });

  it("refuses text that is not UTF-8", async () => {
    expect((await send(Uint8Array.of(0xff), "text/plain", { contentTypes: ["text/plain"] })).status).toBe(400);
  });
});
