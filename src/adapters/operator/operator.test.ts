import { createHash } from "node:crypto";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { KeelsonError } from "../../core/errors.js";
import { createKit } from "../../kit/kit.js";
import { Listening } from "../express/fixtures.js";
import { operator } from "./operator.js";
import type { OperatorOptions } from "./options.js";

const ADA = { authorization: "Bearer ada" };

/** Knows operators by their names. */
function byName({ header }: { header(name: string): string | null }): { id: string } {
  const name = /^Bearer (\w+)$/.exec(header("authorization") ?? "")?.[1];
  if (name === undefined) throw new KeelsonError("unauthenticated");
  return { id: name };
}

function ops(options: Partial<OperatorOptions> = {}) {
  const kit = createKit({ service: "shop", env: {} });
  kit.upstream("search", { breaker: {} });
  const made = operator(kit, { auth: byName, ...options });
  const ask = (path: string, init?: RequestInit) => made.fetch(new Request(`http://shop.example${path}`, init));
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      headers: { ...ADA, "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  return { kit, made, ask, post };
}

const PULL = { lever: "breaker.isolate", target: "search", reason: "it is down", expiresIn: "15m" };

describe("who gets in", () => {
  it("is nobody without auth", () => {
    const kit = createKit({ service: "shop", env: {} });
    for (const auth of [undefined, null, true, "ada"])
      expect(() => operator(kit, { auth } as never)).toThrow(ConfigError);
  });

  const ROUTES = ["/ops/", "/ops", "/ops/snapshot", "/ops/stream", "/ops/levers"];
  it.each<readonly [why: string, auth: unknown, status: number]>([
    ["null", () => null, 401],
    ["undefined", () => undefined, 401],
    ["false", () => false, 401],
    ["a refusal", () => Promise.reject(new KeelsonError("unauthenticated")), 401],
    [
      "something that was thrown",
      () => {
        throw new Error("bad token");
      },
      401,
    ],
    ["true, which is no name", () => true, 403],
    ["a principal without a name", () => ({ role: "admin" }), 403],
    ["an empty name", () => " ", 403],
    ["trouble of ours", () => Promise.reject(new KeelsonError("unavailable")), 503],
  ])("is nobody when auth answers %s", async (_, auth, status) => {
    const { ask, post, kit } = ops({ auth: auth as OperatorOptions["auth"] });
    const statuses = [];
    for (const path of ROUTES) statuses.push((await ask(path)).status);
    statuses.push(
      (await post("/ops/levers", PULL)).status,
      (await post("/ops/levers/1/release", { reason: "x" })).status,
    );
    expect(statuses).toEqual(Array(7).fill(status));
    expect(await kit.levers.audit()).toEqual([]);
  });

  it("is told of failures what credentials are asked for, and that they are too many", async () => {
    const { ask } = ops({ challenge: 'Basic realm="operators"' });
    const first = await ask("/ops/snapshot");
    expect([first.status, first.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="operators"']);
    for (let at = 1; at < 30; at++) await ask("/ops/snapshot");
    expect((await ask("/ops/snapshot", { headers: ADA })).status).toBe(429);
  });

  it("with a token that the page asks for, sees the page before, and nothing else", async () => {
    const { ask } = ops({ login: "token" });
    const page = await ask("/ops/");
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('data-login="token"');
    for (const path of ["/ops/snapshot", "/ops/stream", "/ops/levers"]) expect((await ask(path)).status).toBe(401);
  });
});

describe("the page", () => {
  it("runs its own script and style, and nothing else", async () => {
    const { ask } = ops();
    const response = await ask("/ops/", { headers: ADA });
    const html = await response.text();
    const inline = (tag: string) => new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`).exec(html)?.[1] ?? "";
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(response.headers.get("content-security-policy")?.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hash(inline("script"))}`,
      `style-src ${hash(inline("style"))}`,
      "connect-src 'self'",
      "img-src data:",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain("Permission is hereby granted");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "content-type": "text/html; charset=utf-8",
    });
  });

  it("leads to itself with a slash, so that what it asks for is below it", async () => {
    const { ask } = ops({ base: "/a/b" });
    const response = await ask("/a/b", { headers: ADA, redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([308, "b/"]);
    expect((await ask("/a/b/", { headers: ADA })).status).toBe(200);
    expect((await ask("/a/b/nothing", { headers: ADA })).status).toBe(404);
    expect((await ask("/", { headers: ADA })).status).toBe(404);
  });

  it("is served by the kit's own fetch, too", async () => {
    const { kit } = ops({ base: "/a/b" });
    const ask = (path: string, init?: RequestInit) => kit.fetch(new Request(`http://shop.example${path}`, init));
    expect((await ask("/a/b/", { headers: ADA })).status).toBe(200);
    expect((await ask("/a/b/snapshot")).status).toBe(401);
  });

  it("can be at the root", async () => {
    const { ask } = ops({ base: "" });
    expect((await ask("/", { headers: ADA })).status).toBe(200);
    expect((await ask("/snapshot", { headers: ADA })).status).toBe(200);
  });

  it("is in the surface matrix, and not among what the service is judged by", async () => {
    const { kit, ask } = ops();
    await ask("/ops/snapshot", { headers: ADA });
    expect(kit.surface().map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /ops/",
      "GET /ops/snapshot",
      "GET /ops/stream",
      "GET /ops/levers",
      "POST /ops/levers",
      "POST /ops/levers/:id/release",
    ]);
    expect((await kit.snapshot()).slis.endpoints).toEqual({});
  });
});

describe("options", () => {
  it.each([
    [{ base: "ops" }, "operator.base"],
    [{ base: "/ops/" }, "operator.base"],
    [{ login: "cookie" }, "operator.login"],
    [{ every: "10ms" }, "operator.every"],
    [{ maxStreams: -1 }, "operator.maxStreams"],
    [{ colour: "red" }, "operator.colour"],
  ])("are checked: %o", (options, option) => {
    expect(() => ops(options as never)).toThrow(expect.objectContaining({ name: "ConfigError", option }));
  });
});

describe("levers", () => {
  it("are pulled by whom auth names, and released", async () => {
    const { ask, post } = ops();
    const pulled = await post("/ops/levers", PULL);
    const { entry } = (await pulled.json()) as { entry: { id: string; expiresAt: number; at: number } };
    expect(entry).toMatchObject({
      lever: "breaker.isolate",
      target: "upstream:search",
      by: "ada",
      reason: "it is down",
    });
    expect(entry.expiresAt - entry.at).toBe(900_000);
    const listed = (await (await ask("/ops/levers", { headers: ADA })).json()) as Record<string, unknown>;
    expect(listed).toMatchObject({ operator: "ada", active: [entry] });
    expect(listed.catalogue).toContainEqual(
      expect.objectContaining({ lever: "breaker.isolate", targets: ["upstream:search"], lasting: true }),
    );
    const released = await post(`/ops/levers/${entry.id}/release`, { reason: "it is back" });
    expect(await released.json()).toMatchObject({ entry: { released: { by: "ada", reason: "it is back" } } });
    expect((await post(`/ops/levers/${entry.id}/release`, { reason: "again" })).status).toBe(404);
  });

  it.each<readonly [string, object]>([
    ["no reason", { ...PULL, reason: "  " }],
    ["a reason without end", { ...PULL, reason: "x".repeat(501) }],
    ["no target", { ...PULL, target: undefined }],
    ["an expiry that is none", { ...PULL, expiresIn: "soon" }],
    ["an expiry at once", { ...PULL, expiresIn: 0 }],
    ["args that are a list", { ...PULL, args: [1] }],
    ["args within args", { ...PULL, args: { limit: { of: 1 } } }],
    ["a name of its own choice", { ...PULL, by: "somebody else" }],
    ["a list", []],
  ])("are not pulled with %s", async (_, body) => {
    const { post, kit } = ops();
    const response = await post("/ops/levers", body);
    expect([response.status, (await response.json()).code]).toEqual([400, "validation"]);
    expect(await kit.levers.audit()).toEqual([]);
  });

  it("say themselves what there isn't", async () => {
    const { post } = ops();
    const response = await post("/ops/levers", { ...PULL, target: "google" });
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ code: "not_found", detail: expect.stringContaining("upstream:search") }),
    ]);
  });

  it.each<readonly [string, Record<string, string>, number]>([
    ["another site", { "sec-fetch-site": "cross-site" }, 403],
    ["a sibling of the site", { "sec-fetch-site": "same-site" }, 403],
    ["an address that was typed", { "sec-fetch-site": "none" }, 403],
    ["another origin", { origin: "https://evil.example" }, 403],
    ["an origin that is hidden", { origin: "null" }, 403],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["text", { "content-type": "text/plain" }, 415],
    ["the page", { "sec-fetch-site": "same-origin", origin: "http://shop.example" }, 200],
    ["the page, in an older browser behind TLS", { origin: "https://shop.example" }, 200],
    ["a program", {}, 200],
  ])("can be pulled from where they may: %s", async (_, headers, status) => {
    const { post, kit } = ops();
    expect((await post("/ops/levers", PULL, headers)).status).toBe(status);
    expect(await kit.levers.audit()).toHaveLength(status === 200 ? 1 : 0);
  });
});

describe("closing", () => {
  it("ends the streams, so that a kit does not wait for them", async () => {
    const { kit, ask } = ops();
    const stream = await ask("/ops/stream", { headers: ADA });
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    const text = stream.text();
    expect(await kit.close({ drain: "5s" })).toBe(true);
    expect(await text).toMatch(/event: end\ndata: \{\}\n\n$/);
  });
});

describe("in Express", () => {
  let listening: Listening | undefined;
  afterEach(() => listening?.close());

  it("answers as it does elsewhere, wherever it is mounted", async () => {
    const one = ops();
    const other = ops();
    listening = await Listening.start(
      express()
        .use("/deep/down", other.made)
        .use((_req, res) => void res.status(404).end("somebody else")),
    );
    const said = async (response: Response) => {
      const body =
        response.headers.get("content-type")?.includes("problem") === true ? await response.json() : undefined;
      if (body === undefined) await response.body?.cancel();
      const { code, title } = (body ?? {}) as { code?: string; title?: string };
      const of = (name: string) => response.headers.get(name);
      return { status: response.status, code, title, type: of("content-type"), policy: of("content-security-policy") };
    };
    const json = { ...ADA, "content-type": "application/json" };
    const cases: readonly (readonly [string, RequestInit])[] = [
      ["/", { headers: ADA }],
      ["/", {}],
      ["/snapshot", { headers: ADA }],
      ["/snapshot", { headers: ADA, method: "DELETE" }],
      ["/stream", { headers: ADA }],
      ["/levers", { headers: ADA }],
      ["/levers", { method: "POST", headers: json, body: JSON.stringify(PULL) }],
      ["/levers", { method: "POST", headers: json, body: "{" }],
      ["/levers", { method: "POST", headers: { ...json, origin: "https://evil.example" }, body: "{}" }],
      ["/levers/none/release", { method: "POST", headers: json, body: '{"reason":"x"}' }],
    ];
    for (const [path, init] of cases) {
      const here = await said(await listening.fetch(`/deep/down${path}`, init));
      expect(here, `${init.method ?? "GET"} ${path}`).toEqual(await said(await one.ask(`/ops${path}`, init)));
    }
    const led = await listening.fetch("/deep/down", { headers: ADA });
    expect([led.url.endsWith("/deep/down/"), led.status]).toEqual([true, 200]);
    await led.body?.cancel();
    expect(await (await listening.fetch("/deep/down/other")).text()).toBe("somebody else");
  });

  it("lets go of a stream whose client has left", async () => {
    const { kit, made } = ops({ maxStreams: 1 });
    listening = await Listening.start(express().use("/ops", made));
    const wire = await listening.socket();
    wire.write("GET /ops/stream HTTP/1.1", "Host: shop.example", "Authorization: Bearer ada", "", "");
    await wire.received("event: snapshot");
    expect((await listening.fetch("/ops/stream", { headers: ADA })).status).toBe(503);
    wire.socket.destroy();
    await wire.received();
    let status = 503;
    // The server hears of it a moment later.
    for (let at = 0; at < 200 && status === 503; at++) {
      const again = await listening.fetch("/ops/stream", { headers: ADA });
      status = again.status;
      await again.body?.cancel();
    }
    expect(status).toBe(200);
    await kit.close();
  });
});
