import type { ProgramResult } from "../process/run-program.js";
import type { HttpProvider, ProcessProvider } from "./experiment.js";
import type { World } from "./world.js";

/** What an activity came to: what it found, or why it could not be done. */
export type Provided =
  | { readonly output: Readonly<Record<string, unknown>>; readonly failure?: string }
  | { readonly output: null; readonly failure: string };

/** Where activities are done. */
export interface Surroundings {
  readonly world: World;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Processes start here. */
  readonly cwd: string;
}

const HTTP_TIMEOUT_MS = 10_000;
const PROCESS_TIMEOUT_MS = 60_000;

/** Asks over HTTP. Any answer is one; whether its status is right, tolerances say, and `expected_status`. */
export async function askHttp(
  provider: HttpProvider,
  { world }: Surroundings,
  signal: AbortSignal | undefined,
): Promise<Provided> {
  const method = provider.method.toUpperCase();
  const headers = Object.fromEntries(
    Object.entries(provider.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  if (!URL.canParse(provider.url)) return { output: null, failure: `${provider.url} is no address` };
  const url = new URL(provider.url);
  const given = provider.arguments;
  let body: string | undefined;
  if (method === "GET" || method === "HEAD") {
    for (const [name, value] of pairs(given)) url.searchParams.append(name, value);
  } else if (given !== undefined) {
    if (typeof given === "string") body = given;
    else if (/^application\/(?:[\w.]+\+)?json\b/.test(headers["content-type"] ?? "")) body = JSON.stringify(given);
    else {
      body = new URLSearchParams([...pairs(given)]).toString();
      headers["content-type"] ??= "application/x-www-form-urlencoded";
    }
  }
  const { timeout } = provider;
  const answered = await world.ask(
    {
      method,
      url,
      headers,
      ...(body !== undefined && { body }),
      timeoutMs: timeout === undefined ? HTTP_TIMEOUT_MS : 1000 * (Array.isArray(timeout) ? sum(timeout) : timeout),
      ...(signal && { signal }),
    },
    provider.verify_tls,
  );
  if (answered.kind !== "answered")
    return { output: null, failure: `${method} ${url.origin}${url.pathname}: ${answered.kind} (${answered.code})` };
  const type = answered.headers["content-type"] ?? "";
  const output = {
    status: answered.status,
    headers: answered.headers,
    body: /^application\/(?:[\w.]+\+)?json\b/.test(type) ? parsed(answered.text()) : answered.text(),
  };
  const { expected_status: expected } = provider;
  if (expected !== undefined && answered.status !== expected)
    return { output, failure: `status: got ${answered.status}, expected ${expected}` };
  return { output };
}

/** Runs a program; whether its exit code is right, tolerances say. */
export async function runProcess(
  provider: ProcessProvider,
  { world, env, cwd }: Surroundings,
  signal: AbortSignal | undefined,
): Promise<Provided> {
  const timeoutMs = provider.timeout === undefined ? PROCESS_TIMEOUT_MS : provider.timeout * 1000;
  const args = listOf(provider.arguments);
  const call = { program: provider.path, args, cwd, env, timeoutMs, ...(signal && { signal }) };
  const { kind, code, reason, stdout, stderr }: ProgramResult = await world.run(call);
  const output = { status: code, stdout, stderr };
  return kind === "exited" && code !== null ? { output } : { output, failure: `${provider.path}: ${reason}` };
}

function listOf(given: ProcessProvider["arguments"]): string[] {
  if (typeof given === "string") return given.split(" ").filter((part) => part !== "");
  return (Array.isArray(given) ? given : Object.entries(given).flat()).map(String).filter((part) => part !== "");
}

function pairs(given: HttpProvider["arguments"]): [string, string][] {
  if (given === undefined) return [];
  if (typeof given === "string") return [...new URLSearchParams(given)];
  return Object.entries(given).map(([name, value]) => [name, text(value)]);
}

function text(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function sum([connect, read]: readonly [number, number]): number {
  return connect + read;
}
