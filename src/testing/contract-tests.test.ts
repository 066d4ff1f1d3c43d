import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { mount } from "../adapters/express/mount.js";
import { anonymous, unlimited } from "../boundary/declare.js";
import { metaSignature } from "../boundary/webhooks/meta.js";
import { ConfigError } from "../core/config.js";
import { KeelsonError } from "../core/errors.js";
import { createKit } from "../kit/kit.js";
import { type ContractOptions, type ContractTarget, contractTests } from "./contract-tests.js";
import { signedByMeta } from "./webhooks/whatsapp-webhook.js";

/** Endpoints of all sorts. */
function makeKit() {
  const kit = createKit({ service: "shop", env: {} });
  const auth = ({ header }: { header(name: string): string | null }) => {
    if (header("authorization") !== "Bearer right") throw new KeelsonError("unauthenticated");
    return "ada";
  };
  const limits = unlimited("tests ask a lot");
  const endpoints = [
    kit.endpoint({
      name: "chat",
      method: "POST",
      path: "/api/chat",
      body: z.object({ text: z.string() }),
      maxBytes: "1kb",
      maxDepth: 4,
      origins: ["https://shop.example"],
      auth,
      limits,
      handler: () => ({}),
    }),
    kit.endpoint({
      name: "thing",
      method: "GET",
      path: "/api/things/:id",
      origins: ["*"],
      maxQueryBytes: 100,
      auth: anonymous("public"),
      limits,
      handler: () => ({}),
    }),
    kit.endpoint({
      name: "rename",
      method: "PUT",
      path: "/api/things/:name",
      body: z.string(),
      contentTypes: ["text/plain"],
      auth,
      limits,
      handler: () => undefined,
    }),
    kit.endpoint({
      name: "hook",
      method: "POST",
      path: "/hook",
      body: z.unknown(),
      auth: anonymous("signed"),
      signature: metaSignature({ secrets: ["secret"] }),
      limits,
      handler: () => undefined,
    }),
  ];
  return { kit, endpoints };
}

const credentials: NonNullable<ContractOptions["credentials"]> = {
  chat: { authorization: "Bearer right" },
  rename: { authorization: "Bearer right" },
  hook: (body) => signedByMeta(body, "secret"),
};

contractTests(makeKit().kit, { credentials }, { describe, it, expect });

/** The tests that are defined, without running them. */
function defined(target: ContractTarget, options: ContractOptions) {
  const tests: { readonly title: string; readonly run: () => Promise<void> }[] = [];
  let suite = "";
  contractTests(target, options, {
    describe: (name, define) => {
      suite = name;
      define();
    },
    it: (title, run) => tests.push({ title: `${suite}: ${title}`, run }),
    expect,
  });
  return tests;
}

async function failures(target: ContractTarget, options: ContractOptions): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of defined(target, options)) {
    try {
      await run();
    } catch {
      failed.push(title);
    }
  }
  return failed;
}

type Change = (response: Response, request: Request) => Response | Promise<Response>;

/** A service that answers as it should, but for one thing. */
function mutant(change: Change): ContractOptions {
  const { kit } = makeKit();
  return { credentials, fetch: async (request) => change(await kit.fetch(request.clone() as Request), request) };
}

const withHeaders = (response: Response, headers: Record<string, string | null>, status = response.status) => {
  const changed = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) changed.delete(name);
    else changed.set(name, value);
  }
  return new Response(response.body, { status, headers: changed });
};
const withProblem = async (response: Response, members: object) =>
  response.headers.get("content-type") === "application/problem+json"
    ? new Response(JSON.stringify({ ...((await response.json()) as object), ...members }), response)
    : response;

describe("contract tests", () => {
  it("ask each endpoint about all that it declares, and about nothing else", () => {
    const titles = defined(makeKit().kit, { credentials }).map(({ title }) => title.replace("the contract of ", ""));
    expect(titles).toEqual([
      "chat: refuses another method with 405",
      "chat: answers a preflight",
      "chat: refuses a preflight of another origin with 403",
      "chat: refuses another origin with 403",
      "chat: refuses an oversized query with 414",
      "chat: refuses an oversized body with 413",
      "chat: refuses another content type with 415",
      "chat: refuses missing credentials with 401",
      "chat: refuses malformed JSON with 400",
      "chat: refuses a body nested too deep with 400",
      "thing: refuses another method with 405",
      "thing: answers a preflight",
      "thing: refuses an oversized query with 414",
      "rename: refuses another method with 405",
      "rename: grants browsers nothing",
      "rename: refuses an oversized query with 414",
      "rename: refuses an oversized body with 413",
      "rename: refuses another content type with 415",
      "rename: refuses missing credentials with 401",
      "hook: refuses another method with 405",
      "hook: grants browsers nothing",
      "hook: refuses an oversized query with 414",
      "hook: refuses an oversized body with 413",
      "hook: refuses another content type with 415",
      "hook: refuses a missing signature with 401",
      "hook: refuses a tampered body with 401",
      "hook: refuses malformed JSON with 400",
      "hook: refuses a body nested too deep with 400",
    ]);
  });

  it("find nothing wrong with a service that is right", async () => {
    expect(
      await failures(
        makeKit().kit,
        mutant((response) => response),
      ),
    ).toEqual([]);
  });

  it("take endpoints without a kit", async () => {
    expect(await failures(makeKit().endpoints, { credentials })).toEqual([]);
  });

  it("ask a service that runs elsewhere, where they are told where", async () => {
    const { kit, endpoints } = makeKit();
    const server = createServer(express().use(mount(...endpoints)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(await failures(kit, { credentials, baseUrl })).toEqual([]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each<[what: string, change: Change, found: string]>([
    [
      "answers with another status",
      (response) => (response.status === 401 ? withHeaders(response, {}, 403) : response),
      "chat: refuses missing credentials with 401",
    ],
    [
      "lets in what it should refuse",
      (response) => (response.status === 413 ? Response.json({}) : response),
      "chat: refuses an oversized body with 413",
    ],
    [
      "answers with a page",
      (response) => (response.status === 405 ? withHeaders(response, { "content-type": "text/html" }) : response),
      "chat: refuses another method with 405",
    ],
    [
      "doesn't say which methods it has",
      (response) => withHeaders(response, { allow: null }),
      "thing: refuses another method with 405",
    ],
    [
      "grants whatever origin asks",
      (response, request) =>
        withHeaders(response, { "access-control-allow-origin": request.headers.get("origin") ?? "*" }),
      "chat: refuses another origin with 403",
    ],
    [
      "grants browsers what was not asked for",
      (response) => withHeaders(response, { "access-control-allow-origin": "*" }),
      "hook: grants browsers nothing",
    ],
    [
      "tells where it went wrong",
      (response) => withProblem(response, { detail: "at parse (/srv/app/json.ts:12:3)" }),
      "chat: refuses malformed JSON with 400",
    ],
    [
      "tells what its errors are called",
      (response) => withProblem(response, { detail: "SyntaxError: Unexpected token" }),
      "hook: refuses malformed JSON with 400",
    ],
    [
      "has members that nobody knows",
      (response) => withProblem(response, { cause: "inside" }),
      "chat: refuses another content type with 415",
    ],
    [
      "says another status than it has",
      (response) => withProblem(response, { status: 200 }),
      "hook: refuses a missing signature with 401",
    ],
    [
      "doesn't say how to authenticate",
      (response) => withHeaders(response, { "www-authenticate": null }),
      "rename: refuses missing credentials with 401",
    ],
    [
      "lets problems be cached",
      (response) => withHeaders(response, { "cache-control": "max-age=60" }),
      "thing: refuses an oversized query with 414",
    ],
  ])("find a service that %s", async (_, change, found) => {
    expect(await failures(makeKit().kit, mutant(change))).toContain(`the contract of ${found}`);
  });

  it("say what came back, and what should have", async () => {
    const tests = defined(
      makeKit().kit,
      mutant((response) => withProblem(response, { detail: "at x (/srv/a.ts:1:2)" })),
    );
    const one = tests.find(({ title }) => title.endsWith("chat: refuses malformed JSON with 400"));
    const error = await one?.run().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      actual: { status: 400, code: "invalid_json", faults: ["the body has a stack trace in it"] },
      expected: { status: 400, code: "invalid_json", faults: [] },
    });
  });

  it("leave out what lies behind credentials that there are none for, on purpose", () => {
    const titles = defined(makeKit().kit, { credentials: { ...credentials, hook: false } }).map(({ title }) => title);
    expect(titles.filter((title) => title.includes("hook") && /tampered|malformed|nested/.test(title))).toEqual([]);
    expect(titles.some((title) => title.includes("hook: refuses a missing signature"))).toBe(true);
  });

  it("refuse to begin without credentials, and with those of nobody", () => {
    const { hook: _, ...others } = credentials;
    expect(() => defined(makeKit().kit, { credentials: others })).toThrow(ConfigError);
    expect(() => defined(makeKit().kit, { credentials: { ...credentials, nobody: {} } })).toThrow(/nobody/);
    expect(() => defined(makeKit().kit, { credentials, url: "x" } as ContractOptions)).toThrow(ConfigError);
  });
});
