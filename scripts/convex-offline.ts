import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync } from "node:zlib";
import { analysisOf, type PushRequest } from "./convex-analysis.js";

/**
 * Runs `convex codegen` without a deployment. The CLI bundles by itself, and asks a deployment only what is in the
 * bundles: a server on the loopback answers that, having loaded them.
 *
 * This leans on what the CLI and a deployment say to each other, which is nowhere promised: so convex is pinned to one
 * version.
 *
 * @returns the CLI's exit code
 */
export async function codegen(args: readonly string[], cwd: string): Promise<number> {
  const server = await listening();
  try {
    return await runCli(args, cwd, (server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

function runCli(args: readonly string[], cwd: string, port: number): Promise<number> {
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

async function listening(): Promise<Server> {
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
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
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

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return (request.headers["content-encoding"] === "br" ? brotliDecompressSync(body) : body).toString();
}
