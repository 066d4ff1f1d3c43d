/**
 * Runs `convex codegen` without a deployment, for the component and for the example app. The CLI bundles by itself, and
 * asks a deployment only what is in the bundles: a server on the loopback answers that, having loaded them.
 *
 * This leans on what the CLI and a deployment say to each other, which is nowhere promised: so convex is pinned to one
 * version, and what is generated is committed and compared: `--check` fails where it has changed.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { analysisOf, type PushRequest } from "./convex-analysis.js";
import { root } from "./once.js";

const COMPONENT = "src/stores/convex/component";
const APP = "examples/convex-app";
const FOLDERS = [`${COMPONENT}/_generated`, `${APP}/convex/_generated`];

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return (request.headers["content-encoding"] === "br" ? brotliDecompressSync(body) : body).toString();
}

async function answerTo(request: IncomingMessage): Promise<unknown> {
  const body = await bodyOf(request);
  if (request.url === "/api/get_config_hashes")
    return {
      config: { functions: "convex/", authInfo: [] },
      moduleHashes: [],
      nodeDependencies: [],
      udfServerVersion: "1.48.0",
    };
  if (request.url === "/api/deploy2/start_push") return analysisOf(JSON.parse(body) as PushRequest);
  return undefined;
}

const server = createServer((request, response) => {
  const send = (status: number, value: unknown) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };
  answerTo(request).then(
    (answer) => (answer === undefined ? send(404, { code: "NotFound", message: request.url }) : send(200, answer)),
    (error: unknown) => {
      console.error(error);
      send(400, { code: "AnalysisFailed", message: String(error) });
    },
  );
});

function codegen(args: readonly string[], cwd: string): Promise<number> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const child = spawn("npx", ["--no-install", "convex", "codegen", ...args], {
      cwd,
      stdio: "inherit",
      env: {
        ...process.env,
        CONVEX_SELF_HOSTED_URL: `http://127.0.0.1:${port}`,
        CONVEX_SELF_HOSTED_ADMIN_KEY: "offline|00",
        CONVEX_DISABLE_SENTRY: "1",
      },
    });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** What is generated now, to see whether it is what was. */
function generated(): string {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .sort()
      .map((name) => `${folder}/${name}\n${readFileSync(join(root, folder, name), "utf8")}`),
  ).join("\n");
}

const before = generated();
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
try {
  const codes = [await codegen(["--component-dir", `../../${COMPONENT}`], APP)];
  codes.push(await codegen([], APP));
  process.exitCode = codes.find((code) => code !== 0) ?? 0;
  if (process.argv.includes("--check") && generated() !== before) {
    console.error("what Convex generates was out of date: npm run codegen, and commit it");
    process.exitCode = 1;
  }
} finally {
  server.close();
}
