import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../core/config.js";
import { anonymous, unlimited } from "../declare.js";
import { boundary } from "../function-boundary.js";
import { surfaceMarkdown, surfaceMatrix } from "./matrix.js";
import { type Surface, surfaceAuth, surfaceLimits } from "./surface.js";

const chat: Surface = {
  kind: "http",
  name: "chat",
  method: "POST",
  path: "/api/chat",
  auth: { kind: "declared", by: "session" },
  limits: { kind: "limited", by: [{ limiter: "chat", key: "principal.id" }] },
  validates: ["body"],
  maxBytes: 65_536,
  maxDepth: 32,
  contentTypes: ["application/json"],
  origins: ["https://shop.example"],
  idempotency: "optional",
};
const health: Surface = {
  kind: "http",
  name: "health",
  method: "GET",
  path: "/health",
  auth: { kind: "anonymous", why: "a | b" },
  limits: { kind: "unlimited", why: "the balancer calls it" },
  validates: [],
};
const store = boundary(
  {
    name: "gmail.store",
    input: z.unknown(),
    auth: anonymous("internal"),
    limits: unlimited("internal"),
    maxBytes: 100,
  },
  () => 1,
);

describe("surfaceMatrix", () => {
  it("has one row for each way in, endpoints by path and then functions by name", () => {
    const rows = surfaceMatrix([store, health, chat]);
    expect(rows.map(({ entry }) => entry)).toEqual(["POST /api/chat", "GET /health", "function"]);
    expect(rows).toEqual(surfaceMatrix([chat, store, health]));
    expect(rows[0]).toEqual({
      name: "chat",
      entry: "POST /api/chat",
      auth: "session",
      limits: "chat by principal.id",
      validates: "body",
      bounds: "64 kb, depth 32, application/json",
      origins: "https://shop.example",
      signature: "–",
      idempotency: "optional",
      replay: "–",
    });
    expect(rows[2]).toMatchObject({ auth: "anonymous: internal", bounds: "100 b, depth 32", validates: "args" });
  });

  it("is a Markdown table in which no text breaks out of its cell", () => {
    const lines = surfaceMarkdown(surfaceMatrix([chat, health]))
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[3]).toContain("anonymous: a \\| b");
    for (const line of lines) expect(line.match(/(?<!\\)\|/g)).toHaveLength(11);
  });

  it.each([
    [{ auth: undefined }, 'surface("chat").auth: got undefined; allowed: declared, or anonymous("why")'],
    [{ auth: { kind: "anonymous", why: "" } }, 'surface("chat").auth'],
    [{ limits: undefined }, 'surface("chat").limits: got undefined; allowed: declared, or unlimited("why")'],
    [{ limits: { kind: "limited", by: [] } }, 'surface("chat").limits'],
  ])("is refused where %o is all that is declared", (undeclared, message) => {
    expect(() => surfaceMatrix([{ ...chat, ...undeclared } as never])).toThrow(ConfigError);
    expect(() => surfaceMatrix([{ ...chat, ...undeclared } as never])).toThrow(message);
  });

  it("is refused where two definitions are the same way in", () => {
    expect(() => surfaceMatrix([chat, health, chat])).toThrow(/one definition of each/);
  });
});

describe("what a surface says of its options", () => {
  it("names the auth function, or gives the reason for none", () => {
    expect(
      surfaceAuth(function session() {
        return null;
      }, "e"),
    ).toEqual({ kind: "declared", by: "session" });
    expect(surfaceAuth(anonymous(" health "), "e")).toEqual({ kind: "anonymous", why: "health" });
    expect(() => surfaceAuth(undefined, 'endpoint("x")')).toThrow('endpoint("x").auth: got undefined');
  });

  it("says what each limit counts by, as far as that can be read", () => {
    const limiter = { name: "l" };
    const by = (key: unknown) => surfaceLimits([{ limiter, by: key }], "e");
    const keyOf = (key: unknown): string | undefined => {
      const limits = by(key);
      return limits.kind === "limited" ? limits.by[0]?.key : undefined;
    };
    expect(keyOf("client")).toBe("client");
    expect(keyOf((c: { principal: { id: string } }) => c.principal.id)).toBe("principal.id");
    expect(keyOf((c: { a: string; b: string }) => `${c.a}:${c.b}`)).toBe("custom");
    expect(() => by("user")).toThrow(ConfigError);
    expect(() => surfaceLimits([], "e")).toThrow(/not empty, or unlimited/);
  });
});
