import { isDeepStrictEqual } from "node:util";
import { contracted, type ToldAnswer, told } from "../../boundary/surface/contract-answer.js";
import { type ContractCase, contractCases } from "../../boundary/surface/contract-cases.js";
import type { Surface } from "../../boundary/surface/surface.js";
import type { DerivedProbes } from "../config/probe.js";
import type { Target } from "../config/request.js";
import { UsageError } from "../failure.js";
import type { Answered, HttpClient } from "../http/exchange.js";
import type { ProbeResult } from "./result.js";

/** A probe that follows from what an endpoint says about itself. */
export interface DerivedProbe {
  /** `chat.refuses-missing-credentials`. */
  readonly id: string;
  readonly title: string;
  readonly case: ContractCase;
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;

/**
 * Probes of everything that endpoints declare: that each answers preflights, and refuses other methods, content types
 * and origins, queries and bodies that are too large, missing credentials and malformed JSON. Those behind auth need
 * credentials, those over a signature none can have from here: without them what is left is probed.
 *
 * @throws {UsageError} when `except` or `credentials` name an endpoint that isn't there
 */
export function derivedProbes(surfaces: readonly Surface[], options: DerivedProbes): DerivedProbe[] {
  const http = surfaces.filter(({ kind }) => kind === "http");
  for (const name of [...options.except, ...Object.keys(options.credentials)]) {
    if (!http.some((surface) => surface.name === name))
      throw new UsageError(
        `derivedProbes: no endpoint ${JSON.stringify(name)}; there are ${http.map((one) => one.name).join(", ")}`,
      );
  }
  const signed = new Set(http.flatMap(({ name, signature }) => (signature === undefined ? [] : [name])));
  return contractCases(http).flatMap((one) => {
    if (options.except.includes(one.endpoint)) return [];
    const headers = options.credentials[one.endpoint];
    if (one.credentials !== undefined && (headers === undefined || signed.has(one.endpoint))) return [];
    const id = `${one.endpoint}.${one.title
      .replace(/ with \d{3}$/, "")
      .replace(/\W+/g, "-")
      .toLowerCase()}`;
    return [
      {
        id,
        title: `${one.endpoint} ${one.title}`,
        case: one,
        headers: one.credentials === undefined ? {} : (headers ?? {}),
      },
    ];
  });
}

/** Asks, and holds the answer against the contract: status, code, headers, and that nothing internal leaks. */
export async function runDerivedProbe(
  probe: DerivedProbe,
  target: Target,
  critical: boolean,
  client: HttpClient,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { method, path, headers, body } = probe.case;
  const url = new URL(target.url.replace(/\/$/, "") + path);
  const sent = { ...target.headers, ...headers, ...probe.headers };
  const answer = await client.ask({
    method,
    url,
    headers: sent,
    timeoutMs: TIMEOUT_MS,
    signal,
    ...(body !== undefined && { body }),
  });
  const found =
    answer.kind === "answered"
      ? differences(contracted(probe.case), await told(probe.case, responseOf(answer)))
      : [answer.kind === "timeout" ? `no answer within ${TIMEOUT_MS} ms` : `no answer: ${answer.code}`];
  return {
    id: probe.id,
    title: probe.title,
    critical,
    target: target.url,
    passed: found.length === 0,
    attempts: 1,
    steps: [
      {
        name: `${method} ${url.pathname}`,
        method,
        path: url.pathname,
        passed: found.length === 0,
        status: answer.kind === "answered" ? answer.status : null,
        ms: Math.round(answer.ms * 100) / 100,
        misses: found,
      },
    ],
  };
}

function responseOf({ status, headers, body }: Answered): Response {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : Buffer.from(body), { status, headers: given });
}

function differences(wanted: ToldAnswer, got: ToldAnswer): string[] {
  const differ = (what: string, a: unknown, b: unknown) =>
    isDeepStrictEqual(a, b) ? [] : [`${what}: got ${shown(b)}, expected ${shown(a)}`];
  return [
    ...differ("status", wanted.status, got.status),
    ...differ("content type", wanted.type, got.type),
    ...differ("code", wanted.code, got.code),
    ...Object.keys(wanted.headers).flatMap((name) => differ(`header ${name}`, wanted.headers[name], got.headers[name])),
    ...got.faults,
  ];
}

function shown(value: unknown): string {
  return value === undefined || value === null ? "nothing" : String(value);
}
