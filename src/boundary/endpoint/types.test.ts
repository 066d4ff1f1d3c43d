import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { anonymous, unlimited } from "../declare.js";
import { endpoint } from "./endpoint.js";
import type { LimiterUse } from "./parts.js";
import { reply } from "./reply.js";
import type { Auth, RawQuery } from "./types.js";

const limiter = { name: "l" } as LimiterUse;
const session: Auth<{ id: string }> = (entry) => ({ id: entry.client });
const open = { auth: anonymous("a test"), limits: unlimited("a test") } as const;

describe("the types of an endpoint", () => {
  it("give a GET no body and anonymous callers no principal", () => {
    const health = endpoint({
      name: "health",
      method: "GET",
      path: "/health",
      ...open,
      handler: ({ body, principal, query }) => {
        expectTypeOf(body).toEqualTypeOf<undefined>();
        expectTypeOf(principal).toEqualTypeOf<null>();
        expectTypeOf(query).toEqualTypeOf<RawQuery>();
        return new Response();
      },
    });
    expect(health.name).toBe("health");
  });

  it("infer the principal from auth for limits and handler", () => {
    const chat = endpoint({
      name: "chat",
      method: "GET",
      path: "/chat",
      auth: async (entry) => ({ id: entry.client, n: 1 }),
      limits: [
        { limiter, by: "client" },
        { limiter, by: (c) => c.principal.id },
      ],
      handler: ({ principal }) => {
        expectTypeOf(principal).toEqualTypeOf<{ id: string; n: number }>();
        return new Response();
      },
    });
    expect(chat.guards).toContain("auth");
  });

  it("infer parts from schemas, and parameters from the path where it has none", () => {
    const things = endpoint({
      name: "things",
      method: "PUT",
      path: "/shops/:shop/things/:id",
      body: z.object({ count: z.coerce.number() }),
      query: z.object({ page: z.coerce.number().default(1) }),
      ...open,
      limits: [{ limiter, by: (c) => c.params.shop }],
      handler: ({ body, query, params, headers, signal, rawBody }) => {
        expectTypeOf(body).toEqualTypeOf<{ count: number }>();
        expectTypeOf(query).toEqualTypeOf<{ page: number }>();
        expectTypeOf(params).toEqualTypeOf<{ readonly shop: string; readonly id: string }>();
        expectTypeOf(headers["x-anything"]).toEqualTypeOf<string | undefined>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(rawBody).toEqualTypeOf<Uint8Array | undefined>();
        return reply(201, body);
      },
    });
    const checked = endpoint({
      name: "checked",
      method: "GET",
      path: "/checked/:id",
      params: z.object({ id: z.coerce.number() }),
      ...open,
      handler: ({ params }) => {
        expectTypeOf(params).toEqualTypeOf<{ id: number }>();
      },
    });
    expect([things.path, checked.path]).toEqual(["/shops/:shop/things/:id", "/checked/:id"]);
  });

  it("refuse what is missing or wrong, and so does the constructor", () => {
    const base = { name: "a", method: "GET", path: "/a", handler: () => new Response() } as const;
    // @ts-expect-error empty limits
    expect(() => endpoint({ ...base, auth: session, limits: [] })).toThrow(/limits/);
    // @ts-expect-error missing auth
    expect(() => endpoint({ ...base, limits: unlimited("x") })).toThrow(/auth/);
    // @ts-expect-error missing limits
    expect(() => endpoint({ ...base, auth: session })).toThrow(/limits/);
    // @ts-expect-error the principal has no org
    endpoint({ ...base, auth: session, limits: [{ limiter, by: (c) => c.principal.org }] });
    // @ts-expect-error a limit's call has no body yet
    endpoint({ ...base, auth: session, limits: [{ limiter, by: (c) => c.body }] });
    // @ts-expect-error text is not an answer: say reply(200, text)
    endpoint({ ...base, auth: session, limits: unlimited("x"), handler: () => "text" });
    // @ts-expect-error no such method
    expect(() => endpoint({ ...base, ...open, method: "TRACE" })).toThrow(/method/);
    // @ts-expect-error no such option
    expect(() => endpoint({ ...base, ...open, maxByte: 3 })).toThrow(/maxByte: got 3; allowed: no such option/);
  });
});
