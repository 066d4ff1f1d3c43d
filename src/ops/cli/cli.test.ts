import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { createKit, unlimited } from "keelson";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { anonymous } from "../../boundary/declare.js";
import { sloBaselineSchema } from "../config/slo.js";
import { add, keelson, project, serve } from "../fixture.js";
import { gatePolicySchema } from "../gate/policy.js";

const alive = { id: "alive", steps: [{ request: { path: "/healthz" }, expect: { status: 200 } }] };
const OWNERS = {
  schemaVersion: "1.0",
  owners: { chat: { contact: "#chat" } },
  default: { owner: "chat", runbook: "docs/runbooks/a.md" },
};

/** A shop whose login hands out a token, and whose chat wants it. */
async function shop(): Promise<string> {
  const server = await serve((request, response, body) => {
    const json = (status: number, value: unknown) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (request.url === "/healthz") json(200, { alive: true });
    else if (request.url === "/login")
      json(200, { session: { token: `secret-of-${(JSON.parse(body) as { user: string }).user}` } });
    else if (request.url === "/chat") {
      const known = request.headers.authorization === "Bearer secret-of-ada";
      json(known ? 200 : 401, { you: request.headers.authorization });
    } else json(500, { oops: true });
  });
  onTestFinished(() => server.close());
  return server.url;
}

/** By a JSON Schema that the package ships. */
async function fits(schema: string, value: unknown): Promise<string> {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validate = ajv.compile(
    JSON.parse(await readFile(new URL(`../../../schemas/${schema}`, import.meta.url), "utf8")) as object,
  );
  return validate(value) ? "fits" : ajv.errorsText(validate.errors);
}

async function artefacts(folder: string): Promise<string[]> {
  return (await readdir(join(folder, ".output/reliability"))).sort();
}

describe("keelson probe", () => {
  it("passes values from step to step, and writes no secret down", async () => {
    const folder = await project({
      "keelson.config.json": {
        service: "shop",
        target: await shop(),
        probes: [
          {
            id: "login-then-chat",
            steps: [
              {
                request: { method: "POST", path: "/login", body: { user: "{{env.USER_NAME}}" } },
                expect: { json: { "$.session.token": { exists: true } } },
                extract: { token: "$.session.token" },
              },
              {
                request: { method: "POST", path: "/chat", headers: { authorization: "Bearer {{token}}" } },
                expect: { status: 200, json: { "$.you": "nobody" } },
              },
            ],
          },
        ],
      },
    });
    const ran = await keelson(folder, ["probe"], { env: { USER_NAME: "ada" } });
    expect(ran.code).toBe(1);
    expect(ran.out).toContain(
      '✗ probe:login-then-chat  POST /chat: json $.you: got ["Bearer [redacted]"], expected "nobody"',
    );
    expect(ran.out).toContain("FAIL: 1 failed");
    expect(await artefacts(folder)).toEqual(["synthetic-probes-20260101T120000Z.json"]);
    const text = await readFile(join(folder, ".output/reliability/synthetic-probes-20260101T120000Z.json"), "utf8");
    expect(text).not.toContain("secret-of-ada");
    expect(JSON.parse(text)).toMatchObject({
      schemaVersion: "1.0",
      kind: "synthetic-probes",
      verdict: "fail",
      data: {
        probes: [{ id: "login-then-chat", passed: false, steps: [{ passed: true, status: 200 }, { passed: false }] }],
      },
    });
  });

  it("tells people, JUnit, GitHub and pull requests the same, with owners and runbooks", async () => {
    const broken = { id: "broken", steps: [{ request: { path: "/none" }, expect: { status: 200 } }] };
    const minor = { ...broken, id: "minor", critical: false };
    const folder = await project({
      "keelson.config.json": { service: "shop", target: await shop(), probes: [alive, broken, minor] },
      "scripts/reliability/ownership-matrix.json": OWNERS,
      "summary.md": "",
    });
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: join(folder, "summary.md") };
    const ran = await keelson(folder, ["probe", "--junit", "j.xml", "--markdown", "m.md"], { env });
    expect(ran.code).toBe(1);
    expect(ran.out).toContain(
      "✗ probe:broken  GET /none: status: got 500, expected 200\n      owner: chat (#chat)\n      runbook: docs/runbooks/a.md",
    );
    expect(ran.out).toContain(
      "::error title=Synthetic probes%3A probe%3Abroken::GET /none: status: got 500, expected 200 (owner: chat, runbook: docs/runbooks/a.md)",
    );
    expect(ran.out).toContain("::warning title=Synthetic probes%3A probe%3Aminor::");
    const junit = await readFile(join(folder, "j.xml"), "utf8");
    expect(junit).toContain('<testsuites name="keelson" tests="3" failures="1" errors="0" skipped="0">');
    expect(junit).toContain(
      '<testcase classname="synthetic-probes" name="probe:broken"><failure message="GET /none: status: got 500, expected 200">',
    );
    const markdown = await readFile(join(folder, "m.md"), "utf8");
    expect(markdown).toContain("## Synthetic probes: fail");
    expect(markdown).toContain(
      "| ❌ fail | `probe:broken` | GET /none: status: got 500, expected 200 | chat | `docs/runbooks/a.md` |",
    );
    expect(await readFile(join(folder, "summary.md"), "utf8")).toBe(`${markdown}\n`);
  });

  it("prints the artefact alone where JSON is asked for, and nothing where all is well and quiet is", async () => {
    const folder = await project({ "keelson.config.json": { service: "shop", target: await shop(), probes: [alive] } });
    const json = await keelson(folder, ["probe", "--json"], { env: { GITHUB_ACTIONS: "true" } });
    expect(json.code).toBe(0);
    const artefact = JSON.parse(json.out) as { data: unknown };
    expect(artefact).toMatchObject({ verdict: "pass", checks: [{ id: "probe:alive", owner: null }] });
    expect(await fits("artefact.schema.json", artefact)).toBe("fits");
    expect(await fits("synthetic-probes.schema.json", artefact.data)).toBe("fits");
    expect(await fits("artefact.schema.json", { ...artefact, verdict: "fine" })).not.toBe("fits");
    expect(await keelson(folder, ["probe", "--quiet"])).toEqual({ code: 0, out: "", err: "" });
  });

  it("says which of its probes a filter leaves, and refuses one that leaves none", async () => {
    const folder = await project({
      "keelson.config.json": { service: "shop", target: await shop(), probes: [alive, { ...alive, id: "other" }] },
    });
    const some = await keelson(folder, ["probe", "--only", "al*"]);
    expect(some).toMatchObject({ code: 0 });
    expect(some.out).not.toContain("probe:other");
    expect(await keelson(folder, ["probe", "--only", "none"])).toEqual({
      code: 2,
      out: "",
      err: 'keelson: --only: "none" matches nothing; there are alive, other',
    });
  });

  it("tries again only as often as it may, and says that it did", async () => {
    let calls = 0;
    const server = await serve((_, response) => void response.writeHead(++calls === 1 ? 500 : 200).end());
    onTestFinished(() => server.close());
    // The first call is the look whether anybody is there.
    calls = -1;
    const folder = await project({
      "keelson.config.json": { service: "shop", target: server.url, probes: [{ ...alive, retries: 2 }] },
    });
    const ran = await keelson(folder, ["probe"]);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("! probe:alive  passed in attempt 2 only");
  });

  it("ends with 4 where nobody is there, and with 2 where there is nothing to run", async () => {
    const { url, close } = await serve((_, response) => void response.end());
    await close();
    const folder = await project({ "keelson.config.json": { service: "shop", target: url, probes: [alive] } });
    expect(await keelson(folder, ["probe"])).toMatchObject({
      code: 4,
      err: `keelson: ${url} can't be reached (ECONNREFUSED)`,
    });
    await add(folder, { "keelson.config.json": { service: "shop", target: url } });
    expect(await keelson(folder, ["probe"])).toMatchObject({
      code: 2,
      err: "keelson: there are no probes: the configuration has neither probes nor derivedProbes",
    });
  });

  it("writes what it has when it is interrupted", async () => {
    const interrupt = new AbortController();
    const server = await serve((request, response) => {
      if (request.url === "/healthz") response.end();
      else interrupt.abort();
    });
    onTestFinished(() => server.close());
    const hanging = { id: "hanging", steps: [{ request: { path: "/hang" } }] };
    const folder = await project({
      "keelson.config.json": {
        service: "shop",
        target: `${server.url}/healthz?`,
        probes: [
          { ...alive, target: "real" },
          { ...hanging, target: "real" },
        ],
        targets: { real: server.url },
      },
    });
    const ran = await keelson(folder, ["probe", "--json"], { signal: interrupt.signal });
    // The look whether anybody is there asks "/", which hangs, too: nothing was probed.
    expect(ran.code).toBe(130);
    expect(JSON.parse(ran.out)).toMatchObject({ verdict: "interrupted", checks: [] });
    expect(await artefacts(folder)).toHaveLength(1);
  });
});

describe("a configuration", () => {
  it("is looked for under its usual names, and its absence told of", async () => {
    const folder = await project({});
    expect(await keelson(folder, ["probe"])).toMatchObject({
      code: 2,
      err: `keelson: no configuration in ${folder}: one of keelson.config.ts, keelson.config.mts, keelson.config.mjs, keelson.config.js, keelson.config.json; keelson init writes one`,
    });
    expect((await keelson(folder, ["probe", "-c", "other.json"])).err).toBe(
      "keelson: other.json: there is no such file; keelson init writes one",
    );
  });

  it("in TypeScript may import defineConfig without the package being installed", async () => {
    const folder = await project({
      "keelson.config.ts": `import { defineConfig } from "keelson/ops";
const url: string = process.env.NOBODY_SETS_THIS ?? ${JSON.stringify(await shop())};
export default defineConfig({ service: "shop", target: url, probes: [${JSON.stringify(alive)}] });`,
    });
    expect(await keelson(folder, ["probe", "-q"])).toEqual({ code: 0, out: "", err: "" });
  });

  it.each([
    ["keelson.config.json", "{", /keelson\.config\.json: no JSON: /],
    ["keelson.config.ts", "export default {", /keelson\.config\.ts: can't be loaded: /],
    ["keelson.config.mjs", "throw new Error('no database')", /keelson\.config\.mjs: can't be loaded: no database/],
    ["keelson.config.json", { service: "s", target: "x" }, /target: got "x"; expected an http\(s\) address/],
  ])("that can't be used ends with 2: %s %j", async (name, content, message) => {
    const ran = await keelson(await project({ [name]: content }), ["probe"]);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(message);
  });

  it("names targets that there are", async () => {
    const folder = await project({
      "keelson.config.json": { service: "s", target: "http://127.0.0.1:9", probes: [{ ...alive, target: "eu" }] },
    });
    expect((await keelson(folder, ["probe"])).err).toBe(
      'keelson: probe alive: no target "eu"; there are none under targets',
    );
  });
});

describe("a command line", () => {
  it.each([
    [["nonsense"], "error: unknown command 'nonsense'"],
    [["probe", "--nonsense"], "error: unknown option '--nonsense'"],
    [["probe", "--only", ","], "expected names, separated by commas"],
    [["probe", "--seed", "x"], "expected a whole number"],
  ])("that is wrong ends with 2: %j", async (args, message) => {
    const ran = await keelson(await project({}), args);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(message);
  });

  it("without a command shows what there are, with the exit codes", async () => {
    const ran = await keelson(await project({}), ["--help"]);
    expect(ran.code).toBe(0);
    for (const command of ["probe", "snapshot", "knobs", "matrix", "init"]) expect(ran.out).toContain(command);
    expect(ran.out).toContain("Exit codes: 0 passed");
  });
});

describe("what the service says of itself", () => {
  async function service(): Promise<{ folder: string; url: string }> {
    const kit = createKit({ service: "shop", knobs: {} });
    onTestFinished(async () => void (await kit.close()));
    kit.endpoint({
      name: "chat",
      method: "POST",
      path: "/api/chat",
      body: z.object({ message: z.string() }),
      auth: anonymous("a test"),
      limits: unlimited("a test"),
      handler: () => ({ ok: true }),
    });
    const server = await serve((request, response, body) => {
      if (request.url === "/ops/snapshot") {
        kit.snapshot().then((snapshot) => response.end(JSON.stringify(snapshot)));
        return;
      }
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as [string, string]);
      const asked = new Request(`http://127.0.0.1${request.url}`, {
        method: request.method ?? "GET",
        headers,
        ...(body !== "" && { body }),
      });
      kit.fetch(asked).then(async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
      });
    });
    onTestFinished(() => server.close());
    const folder = await project({
      "keelson.config.json": {
        service: "shop",
        target: server.url,
        snapshot: { url: "/ops/snapshot" },
        derivedProbes: {},
      },
    });
    return { folder, url: server.url };
  }

  it("gives probes, which the service that declares itself passes", async () => {
    const { folder } = await service();
    const ran = await keelson(folder, ["probe"]);
    expect(ran.out).toContain("✓ probe:chat.refuses-malformed-json");
    expect(ran.out).toContain("✓ probe:chat.refuses-another-content-type");
    expect(ran.code).toBe(0);
  });

  it("is shown, and kept", async () => {
    const { folder } = await service();
    const ran = await keelson(folder, ["snapshot"]);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^shop, up for 0 s, state in memory/);
    expect(await artefacts(folder)).toEqual(["snapshot-20260101T120000Z.json"]);
    expect((await keelson(folder, ["knobs"])).out).toBe("| Knob | Value in effect |\n| --- | --- |");
  });

  it("is a matrix, which can be kept and checked", async () => {
    const { folder } = await service();
    const file = ["matrix", "--file", "docs/matrix.md"];
    expect(await keelson(folder, [...file, "--check"])).toMatchObject({
      code: 1,
      err: "docs/matrix.md is out of date: keelson matrix --file docs/matrix.md",
    });
    expect((await keelson(folder, file)).code).toBe(0);
    expect(await keelson(folder, [...file, "--check"])).toMatchObject({ code: 0, err: "docs/matrix.md is up to date" });
    expect(await readFile(join(folder, "docs/matrix.md"), "utf8")).toContain(
      "| POST /api/chat | chat | anonymous: a test |",
    );
  });

  it.each([
    [401, "{}", 4, /answered 401/],
    [200, "<html>", 2, /answered no JSON: <html>/],
    [200, '{"version":2}', 2, /the snapshot from .*: version: got 2; expected 1/],
  ])("must be a snapshot: %s %s", async (status, text, code, message) => {
    const server = await serve((_, response) => void response.writeHead(status).end(text));
    onTestFinished(() => server.close());
    const folder = await project({
      "keelson.config.json": { service: "shop", target: server.url, snapshot: { url: "/ops/snapshot" } },
    });
    const ran = await keelson(folder, ["snapshot"]);
    expect(ran.code).toBe(code);
    expect(ran.err).toMatch(message);
  });

  it("comes from a Convex query, too", async () => {
    const asked: unknown[] = [];
    const kit = createKit({ service: "shop", knobs: {} });
    onTestFinished(async () => void (await kit.close()));
    const server = await serve((request, response, body) => {
      asked.push([request.url, request.headers.authorization, JSON.parse(body)]);
      kit
        .snapshot()
        .then((value) => response.end(JSON.stringify({ status: "success", value: { ...value, toolJobs: {} } })));
    });
    onTestFinished(() => server.close());
    const folder = await project({
      "keelson.config.json": { service: "shop", target: server.url, snapshot: { convex: { token: "of-operator" } } },
    });
    expect((await keelson(folder, ["snapshot", "-q"])).code).toBe(0);
    expect(asked).toEqual([
      ["/api/query", "Bearer of-operator", { path: "ops:getReliabilitySnapshot", args: {}, format: "json" }],
    ]);
  });
});

describe("keelson init", () => {
  it("writes a configuration that works, and policies that fit their schemas", async () => {
    const folder = await project({ "package.json": { name: "my-shop" } });
    const ran = await keelson(folder, ["init"]);
    expect(ran.code).toBe(0);
    const read = async (name: string) =>
      JSON.parse(await readFile(join(folder, "scripts/reliability", name), "utf8")) as unknown;
    expect(sloBaselineSchema.parse(await read("slo-baseline.json"))).toMatchObject({ service: "my-shop" });
    expect(gatePolicySchema.safeParse(await read("release-gate-policy.json")).success).toBe(true);
    const probed = await keelson(folder, ["probe", "--target", "http://127.0.0.1:1"]);
    expect(probed).toMatchObject({ code: 4 });
    expect(probed.err).toContain("http://127.0.0.1:1/ops/snapshot can't be had (ECONNREFUSED)");
  });

  it("never writes over what is there", async () => {
    const folder = await project({
      "keelson.config.mjs": "export default {};",
      "scripts/reliability/slo-baseline.json": "mine",
    });
    const ran = await keelson(folder, ["init"]);
    expect(ran.out).toContain("kept     keelson.config.mjs");
    expect(ran.out).toContain("kept     scripts/reliability/slo-baseline.json");
    expect(await readFile(join(folder, "scripts/reliability/slo-baseline.json"), "utf8")).toBe("mine");
    expect(await readdir(folder)).not.toContain("keelson.config.ts");
  });
});
