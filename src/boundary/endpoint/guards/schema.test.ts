import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonInit, serving } from "../fixtures.js";

const parts = (({ params, query, headers, body }: Record<string, unknown>) => ({ params, query, headers, body })) as (
  call: never,
) => object;

describe("the schema guard", () => {
  it("replaces each part by what its schema makes of it", async () => {
    const { ask } = serving({
      path: "/things/:id",
      params: z.object({ id: z.coerce.number() }),
      query: z.object({ tag: z.array(z.string()), page: z.coerce.number().default(1) }),
      headers: z.object({ "x-version": z.literal("2").transform(Number) }),
      body: z.object({ text: z.string().trim() }),
      handler: parts,
    });
    const response = await ask({
      path: "/things/7?tag=a&tag=b",
      ...jsonInit({ text: " x ", more: 1 }, { "x-version": "2" }),
    });
    expect(await response.json()).toEqual({
      params: { id: 7 },
      query: { tag: ["a", "b"], page: 1 },
      headers: { "x-version": 2 },
      body: { text: "x" },
    });
  });

  it("says where each mistake is, by part and pointer, without repeating it", async () => {
    const { ask, settled } = serving({ body: z.object({ items: z.array(z.object({ n: z.number() })) }) });
    const response = await ask(jsonInit({ items: [{ n: 1 }, { n: "hunter2" }] }));
    const problem = await response.text();
    expect(response.status).toBe(400);
    expect(JSON.parse(problem).errors).toEqual([{ in: "body", pointer: "/items/1/n", detail: expect.any(String) }]);
    expect(problem).not.toContain("hunter2");
    expect(settled[0]?.guard).toBe("schema:body");
  });

  it("checks params, query and headers before the body", async () => {
    const { ask, settled } = serving({ query: z.object({ q: z.string() }), body: z.object({ text: z.string() }) });
    await ask(jsonInit({}));
    expect(settled[0]?.guard).toBe("schema:query");
  });

  it("waits for a schema that answers later", async () => {
    const known = z.string().refine(async (id) => id === "known");
    const { ask } = serving({ body: z.object({ id: known }) });
    expect([(await ask(jsonInit({ id: "known" }))).status, (await ask(jsonInit({ id: "x" }))).status]).toEqual([
      200, 400,
    ]);
  });

  it("refuses a parameter whose encoding is broken", async () => {
    const { ask } = serving({ path: "/things/:id", params: z.object({ id: z.string() }), handler: parts });
    const response = await ask({ path: "/things/%E0%A4%A" });
    expect([response.status, (await response.json()).errors[0].pointer]).toEqual([400, "/id"]);
    expect((await (await ask({ path: "/things/a%2Fb" })).json()).params).toEqual({ id: "a/b" });
  });
});
