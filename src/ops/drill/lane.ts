import { seeded } from "../../core/seeded.js";
import type { Payload, PayloadGenerator, RequestSpec, Target } from "../config/request.js";
import type { Scenario } from "../config/scenario.js";
import { statusFits } from "../expect/judge.js";
import { UsageError } from "../failure.js";
import { built } from "../http/build.js";
import { OUTCOME } from "./outcome.js";

/** A scenario at a target: what a drill measures by itself. */
export interface LaneSpec {
  /** `chat`, or `chat@eu` where a scenario goes to several targets. */
  readonly name: string;
  /** What the configuration calls the scenario. */
  readonly scenarioName: string;
  readonly scenario: Scenario;
  readonly target: Target;
  /** Share of the arrivals, against the weights of the others. Default: the scenario's. */
  readonly weight?: number;
}

/** What is said to undici, once for all requests or for each. */
export interface Outgoing {
  readonly path: string;
  readonly method: "GET";
  /** Names and values in turn: what undici need not take apart. */
  readonly headers: string[];
  readonly body: Buffer | null;
}

/** What a lane's requests are made from. */
export interface MakeContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly seed: number;
  now(): number;
}

/** A lane, made ready: what can be worked out before the first request is. */
export interface Lane {
  readonly name: string;
  readonly scenario: Scenario;
  readonly target: Target;
  readonly timeoutMs: number;
  /** The outcome by status, as long as nothing but the status is looked at. */
  readonly byStatus: Uint8Array;
  /** Whether the body, headers or the time are looked at too. */
  readonly deep: boolean;
  /** The `index`th request. */
  request(index: number): Outgoing;
}

/**
 * Makes a lane ready.
 *
 * @throws {UsageError} when a template names what there isn't
 */
export function laneOf({ name, scenario, target }: LaneSpec, context: MakeContext): Lane {
  const { json, body, headers, within, tlsDaysLeft } = scenario.expect;
  return {
    name,
    scenario,
    target,
    timeoutMs: scenario.request.timeout,
    byStatus: Uint8Array.from({ length: 1000 }, (_, status) => outcomeOfStatus(status, scenario)),
    deep: [json, body, headers, within, tlsDaysLeft].some((part) => part !== undefined),
    request: maker(name, scenario, target, context),
  };
}

/** First match wins: what the scenario expects, what it allows, failures of the server, everything else. */
function outcomeOfStatus(status: number, { expect, allow4xx }: Scenario): number {
  if (statusFits(status, expect.status)) return OUTCOME.success;
  if (allow4xx.includes(status)) return OUTCOME.expected4xx;
  return status >= 500 && status <= 599 ? OUTCOME["5xx"] : OUTCOME.unknown;
}

function maker(name: string, scenario: Scenario, target: Target, context: MakeContext): Lane["request"] {
  const { request, payload } = scenario;
  const random = seeded(hash(name) ^ context.seed);
  const values = (index: number) => ({ env: context.env, values: {}, index, random, now: context.now });
  if (payload !== undefined)
    return (index) => {
      const parts = payloadOf(name, payload, index, random);
      return outgoing(target, { ...request, ...("body" in parts && { body: undefined }) }, values(index), parts);
    };
  const first = outgoing(target, request, values(0));
  return isConstant(request, target) ? () => first : (index) => outgoing(target, request, values(index));
}

function isConstant({ path, headers, body }: RequestSpec, target: Target): boolean {
  return !JSON.stringify([path, headers, body, target.headers, target.url]).includes("{{");
}

function payloadOf(name: string, generate: PayloadGenerator, index: number, random: () => number): Payload {
  let parts: Payload;
  try {
    parts = generate({ index, random });
  } catch (error) {
    throw new UsageError(`scenarios.${name}.payload: failed at request ${index}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const path = (parts as Payload | undefined)?.path;
  if (typeof parts !== "object" || parts === null || (path !== undefined && !String(path).startsWith("/")))
    throw new UsageError(
      `scenarios.${name}.payload: gave ${JSON.stringify(parts)} at request ${index}; expected an object with path (beginning with /), headers or body`,
    );
  return parts;
}

function outgoing(
  target: Target,
  request: RequestSpec,
  values: Parameters<typeof built>[2],
  parts: Payload = {},
): Outgoing {
  const sent = built(target, parts.path === undefined ? request : { ...request, path: parts.path }, values);
  const headers: Record<string, string> = { ...sent.headers };
  for (const [name, value] of Object.entries(parts.headers ?? {})) headers[name.toLowerCase()] = value;
  const isText = typeof parts.body === "string";
  const body = parts.body === undefined ? sent.body : isText ? (parts.body as string) : JSON.stringify(parts.body);
  if (parts.body !== undefined && !isText) headers["content-type"] ??= "application/json";
  return {
    path: sent.url.pathname + sent.url.search,
    method: sent.method as "GET",
    headers: Object.entries(headers).flat(),
    body: body === undefined ? null : Buffer.from(body),
  };
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
