import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { codegen } from "../../scripts/convex-offline.js";
import { root } from "../../scripts/once.js";
import { tarball } from "../../scripts/tarball.js";
import { Scratch } from "./scratch.js";

const { devDependencies: versions } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const ALONE = [
  "keelson",
  "keelson/node",
  "keelson/operator",
  "keelson/schema",
  "keelson/testing",
  "keelson/redis",
  "keelson/upstash",
  "keelson/sqlite",
  "keelson/logs",
  "keelson/prometheus",
  "keelson/sentry",
];
const WITH_PEERS = ["keelson/express", "keelson/oidc", "keelson/otel", "keelson/convex", "keelson/convex/test"];

/** The programs of the page on sinks: each is whole. */
const sinkPrograms = [...readFileSync(join(root, "docs/sinks.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(
  ([, code]) => code ?? "",
);

/** The code of the README, and what has to be an error. */
const consumer = [
  ...[...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code),
  `import { oidcBearer } from "keelson/oidc";
   import { snapshotSchema } from "keelson/schema";
   import { ManualClock } from "keelson/testing";
   export const all = [oidcBearer, snapshotSchema, new ManualClock()];
   // @ts-expect-error: there is no such algorithm
   kit.limiter("bad", { algorithm: "guess", limit: 1, per: "1m" });
   // @ts-expect-error: a knob has the type of what it was declared as
   export const wrong: number = kit.knobs.SEARCH_KEY;
   // @ts-expect-error: an endpoint needs auth and limits
   kit.endpoint({ name: "open", method: "GET", path: "/open", handler: () => ({}) });`,
].join("\n");

/** A program that prints the names that each entry exports. */
const asked = (entries: readonly string[], load: string) => `
  const names = {};
  for (const entry of ${JSON.stringify(entries)}) names[entry] = Object.keys(${load}).filter((name) => name !== "default").sort();
  console.log(JSON.stringify(names));
`;

describe("the packed tarball", () => {
  let project: Scratch;

  beforeAll(() => {
    project = new Scratch();
    project.install(tarball());
  });
  afterAll(() => project.remove());

  const names = (file: string, entries: readonly string[], load: string): Record<string, string[]> => {
    project.write(file, asked(entries, load));
    return JSON.parse(project.node(file));
  };

  it("holds what a user needs and nothing else", () => {
    const files = readdirSync(join(project.folder, "node_modules/keelson"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(join(project.folder, "node_modules/keelson"), join(entry.parentPath, entry.name)));
    expect(files.filter((file) => !file.startsWith("dist/")).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "package.json",
      ...readdirSync(join(root, "schemas"))
        .map((file) => `schemas/${file}`)
        .sort(),
    ]);
    expect(files.filter((file) => file.startsWith("dist/") && !/\.(js|cjs|d\.ts|d\.cts)$/.test(file))).toEqual([]);
  });

  it("is imported and required without the optional peers", () => {
    const imported = names("alone.mjs", ALONE, "await import(entry)");
    expect(imported.keelson).toEqual(expect.arrayContaining(["Breaker", "KeelsonError", "anonymous", "createKit"]));
    expect(imported["keelson/schema"]).toEqual(["snapshotSchema"]);
    expect(imported["keelson/node"]).toEqual([
      "closeOnSignals",
      "contextCarrier",
      "currentContext",
      "eventLoopDelay",
      "frontDoor",
      "processUsage",
      "withContext",
    ]);
    expect(imported["keelson/testing"]).toContain("ManualClock");
    expect(imported["keelson/logs"]).toEqual(["logs"]);
    expect(imported["keelson/prometheus"]).toEqual(["exposition", "prometheus"]);
    expect(imported["keelson/sentry"]).toEqual([
      "parseDsn",
      "sendSentryEvent",
      "sentry",
      "sentryEnvelope",
      "sentryEvents",
    ]);
    expect(names("alone.cjs", ALONE, "require(entry)")).toEqual(imported);
  });

  it("hands out the JSON Schema and its own package.json", () => {
    project.write(
      "json.cjs",
      'console.log(require("keelson/schemas/snapshot.schema.json").title, require("keelson/package.json").name)',
    );
    expect(project.node("json.cjs")).toBe("Keelson snapshot keelson\n");
  });

  it("knows its own errors across its ESM and CommonJS copies", () => {
    project.write(
      "copies.mjs",
      `import { createRequire } from "node:module";
       import { KeelsonError } from "keelson";
       const { isKeelsonError } = createRequire(import.meta.url)("keelson");
       console.log(isKeelsonError(new KeelsonError("rate_limit"), "rate_limit"));`,
    );
    expect(project.node("copies.mjs")).toBe("true\n");
  });

  it("ends a process that is told to stop, after its last answer, with exit code 0", async () => {
    project.write(
      "service.mjs",
      `import { createServer } from "node:http";
       import { createKit } from "keelson";
       import { closeOnSignals } from "keelson/node";
       const kit = createKit({ service: "stops" });
       const server = createServer((_request, response) => {
         response.write("a");
         process.once("SIGTERM", () => setImmediate(() => response.end("b")));
       });
       closeOnSignals(kit, server);
       server.listen(0, "127.0.0.1", () => console.log(server.address().port));`,
    );
    const service = spawn(process.execPath, ["service.mjs"], { cwd: project.folder });
    onTestFinished(() => void service.kill("SIGKILL"));
    const ended = once(service, "exit");
    const [port] = await once(service.stdout, "data");
    const response = await fetch(`http://127.0.0.1:${Number(port)}/`);
    service.kill("SIGTERM");
    expect(await response.text()).toBe("ab");
    expect(await ended).toEqual([0, null]);
  });

  it("drills from several threads, with payloads from the configuration", () => {
    project.write(
      "drill/keelson.config.ts",
      `import { defineConfig } from "keelson/ops";
       export default defineConfig({
         service: "scratch",
         target: "http://127.0.0.1:1",
         scenarios: { echo: {
           request: { method: "POST", path: "/" },
           payload: ({ index }) => ({ body: { index } }),
           expect: { json: { "$.index": { type: "number" } } },
         } },
         profiles: { tiny: { stages: [{ duration: "500ms", rate: 300 }] } },
       });`,
    );
    project.write(
      "drill/scripts/reliability/slo-baseline.json",
      JSON.stringify({
        schemaVersion: "1.0",
        slos: [{ id: "echo", owner: "scratch", objective: 0.9, scenario: "echo" }],
      }),
    );
    project.write(
      "drill.mjs",
      `import { createServer } from "node:http";
       import { openWorkspace, processIo, runDrill } from "keelson/ops";
       const server = createServer((request, response) => void request.pipe(response));
       server.listen(0, "127.0.0.1", async () => {
         const io = { ...processIo(new AbortController().signal), cwd: "drill" };
         const workspace = await openWorkspace(io, {
           config: process.cwd() + "/drill/keelson.config.ts",
           target: "http://127.0.0.1:" + server.address().port,
         });
         const { data } = await runDrill(workspace, { profile: "tiny", workers: 2 });
         console.log(data.generator.threads, data.stages[0].outcomes.success);
         server.closeAllConnections();
         server.close();
       });`,
    );
    expect(project.node("drill.mjs")).toBe("2 150\n");
  });

  describe("in a Convex app", () => {
    let app: Scratch;
    beforeAll(() => {
      app = new Scratch();
      const packages = ["convex", "convex-test", "typescript", "@types/node"];
      app.install(tarball(), ...packages.map((name) => `${name}@${versions[name]}`));
    });
    afterAll(() => app.remove());

    it("is found by Convex's bundler, and type-checks with the code that it generates", async () => {
      app.write(
        "convex/convex.config.ts",
        `import { defineApp } from "convex/server";
         import keelson from "keelson/convex/convex.config";
         const app = defineApp();
         app.use(keelson);
         export default app;`,
      );
      app.write(
        "convex/turns.ts",
        `import { createKit, perCall } from "keelson";
         import { convexStore } from "keelson/convex";
         import { components } from "./_generated/api";
         import { type ActionCtx, mutation } from "./_generated/server";
         const kit = createKit({ service: "scratch", store: perCall<ActionCtx>() });
         const turns = kit.limiter("turns", { algorithm: "gcra", limit: 1, per: "1m" });
         export const take = mutation({ args: {}, handler: async (ctx): Promise<boolean> =>
           (await kit.using(convexStore(ctx, components.keelson)).use(turns).check("ada")).allowed });`,
      );
      expect(await codegen([], app.folder)).toBe(0);
      expect(readFileSync(join(app.folder, "convex/_generated/api.d.ts"), "utf8")).toContain("keelson:");
    });

    it("runs in convex-test", () => {
      app.write(
        "test.mjs",
        `import { componentsGeneric } from "convex/server";
         import { convexTest } from "convex-test";
         import { createKit, perCall } from "keelson";
         import { convexStore } from "keelson/convex";
         import { register } from "keelson/convex/test";
         const t = convexTest({ modules: { "./_generated/api.ts": async () => ({}) } });
         register(t);
         const kit = createKit({ service: "scratch", store: perCall() });
         const turns = kit.limiter("turns", { algorithm: "gcra", limit: 1, per: "1m" });
         const take = () => t.mutation(async (ctx) =>
           (await kit.using(convexStore(ctx, componentsGeneric().keelson)).use(turns).check("ada")).allowed);
         console.log(await take(), await take());`,
      );
      expect(app.node("test.mjs")).toBe("true false\n");
    });
  });

  describe("together with its peers", () => {
    beforeAll(() => {
      const sdks = ["@opentelemetry/sdk-metrics", "@opentelemetry/sdk-trace-base", "pino"];
      const peers = ["@opentelemetry/api", "@sentry/node", "convex", "express", "ioredis", "jose", "prom-client"];
      const packages = [...peers, ...sdks, "@types/express", "@types/node", "typescript"];
      project.install(...packages.map((name) => `${name}@${versions[name]}`));
    });

    it("is imported and required", () => {
      const imported = names("peers.mjs", WITH_PEERS, "await import(entry)");
      expect(imported["keelson/express"]).toContain("mount");
      expect(imported["keelson/oidc"]).toContain("oidcBearer");
      expect(imported["keelson/otel"]).toEqual(["kitIds", "otel"]);
      expect(imported["keelson/convex"]).toEqual([
        "ConvexStore",
        "convexStore",
        "guardedSurface",
        "guards",
        "isConflict",
        "route",
      ]);
      expect(imported["keelson/convex/test"]).toEqual(["register"]);
      expect(names("peers.cjs", WITH_PEERS, "require(entry)")).toEqual(imported);
    });

    it("runs the code of the page on sinks, and type-checks it", () => {
      expect(sinkPrograms.length).toBeGreaterThan(6);
      const files = sinkPrograms.map((_, at) => `sinks-${at}.mts`);
      for (const [at, code] of sinkPrograms.entries()) {
        // (Nothing happens in them that would be sent.)
        project.write(`sinks-${at}.mjs`, code);
        project.write(`sinks-${at}.mts`, `export {};\n${code}`);
        expect(() => project.node(`sinks-${at}.mjs`)).not.toThrow();
      }
      const compilerOptions = { module: "NodeNext", target: "ES2022", strict: true, noEmit: true, types: ["node"] };
      project.write(
        "tsconfig.json",
        JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: true }, files }),
      );
      expect(project.run("npx", "--no-install", "tsc")).toBe("");
    });

    it.each([
      ["ESM in Node", "consumer.mts", "NodeNext", "NodeNext"],
      ["CommonJS in Node", "consumer.cts", "NodeNext", "NodeNext"],
      ["a bundler", "consumer.ts", "ESNext", "Bundler"],
    ])("type-checks the README's code for %s", (_, file, module, moduleResolution) => {
      project.write(file, consumer);
      const compilerOptions = {
        module,
        moduleResolution,
        target: "ES2022",
        strict: true,
        noEmit: true,
        types: ["node"],
      };
      project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: [file] }));
      expect(project.run("npx", "--no-install", "tsc")).toBe("");
    });
  });
});
