import type { KeelsonError } from "../../core/errors.js";
import { problemHeaders, toProblem } from "../problem.js";
import type { ActiveCall } from "./call.js";
import type { Outgoing } from "./incoming.js";
import { rateLimitFields } from "./rate-limit-fields.js";
import { encoded, json, Reply } from "./reply.js";

type Pairs = [name: string, value: string][];

/**
 * Turns what a handler returned into an answer.
 *
 * @throws {TypeError} for what JSON has no text for
 */
export function answerOf(result: unknown): Outgoing {
  if (result === undefined) return { status: 204, headers: [], body: null };
  if (result instanceof Reply) return replied(result);
  if (isResponse(result)) return responded(result);
  return { status: 200, headers: [["content-type", "application/json"]], body: json(result) };
}

/** By its shape: a polyfill's or another realm's Response is one too. */
function isResponse(value: unknown): value is Response {
  return (
    typeof value === "object" &&
    value !== null &&
    (value instanceof Response || Object.prototype.toString.call(value) === "[object Response]")
  );
}

function replied({ status, body, headers: given }: Reply): Outgoing {
  const headers: Pairs = [];
  let type: string | undefined;
  for (const [name, value] of Object.entries(given ?? {})) {
    const key = name.toLowerCase();
    // How a body is framed is for the adapter to say.
    if (key === "content-length" || key === "transfer-encoding") continue;
    for (const one of typeof value === "string" ? [value] : value) {
      if (!isHeader(key, one)) throw new TypeError(`reply(): not a header: ${JSON.stringify([name, one])}`);
      if (key === "content-type") type = one;
      else headers.push([key, one]);
    }
  }
  if (body === undefined || !mayHaveBody(status)) return { status, headers, body: null };
  const content = encoded(body, type);
  headers.push(["content-type", content.type]);
  return { status, headers, body: content.body };
}

/** Whether a header can be sent (RFC 9110, section 5): neither name nor value may break out of its line. */
export function isHeader(name: string, value: unknown): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof value === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

function responded(response: Response): Outgoing {
  // Response.error() has status 0: it stands for a network failure, and can't be sent.
  if (response.status < 200) throw new TypeError(`a handler returned a Response with status ${response.status}`);
  const headers: Pairs = [];
  for (const [name, value] of response.headers) {
    if (name !== "content-length" && name !== "transfer-encoding") headers.push([name, value]);
  }
  return { status: response.status, headers, body: mayHaveBody(response.status) ? response.body : null };
}

/** A 204, 205 or 304 has none, whatever the handler says (RFC 9110, section 15). */
function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

/** The problem that a client is told instead of an answer. Never throws. */
export function problemOf(error: KeelsonError, told: { traceId?: string; challenge: string }): Outgoing {
  const headers = problemHeaders(error).filter(([name, value]) => isHeader(name, value));
  // RFC 9110, section 15.5.2: a 401 says how to authenticate.
  if (error.status === 401 && headers.every(([name]) => name !== "www-authenticate"))
    headers.push(["www-authenticate", told.challenge]);
  headers.push(["cache-control", "no-store"]);
  const status = error.status >= 400 && error.status < 600 ? error.status : 500;
  return { status, headers, body: JSON.stringify({ ...toProblem(error, { traceId: told.traceId }), status }) };
}

/** Adds to an answer what the guards have found: limits and CORS. */
export function decorated(call: ActiveCall, answer: Outgoing): Outgoing {
  const { headers } = answer;
  if (call.noted !== undefined) headers.push(...rateLimitFields(call.noted, answer.status));
  for (const [name, value] of call.cors) put(headers, name, value);
  return answer;
}

/** Sets a header; `vary` is a list that grows. */
function put(headers: Pairs, name: string, value: string): void {
  const known = headers.find(([other]) => other === name);
  if (known === undefined) headers.push([name, value]);
  else if (name !== "vary") known[1] = value;
  else if (
    known[1] !== "*" &&
    !known[1]
      .toLowerCase()
      .split(/\s*,\s*/)
      .includes(value)
  )
    known[1] += `, ${value}`;
}
