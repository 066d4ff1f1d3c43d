import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { ConfigError } from "../core/config.js";
import { type Duration, milliseconds } from "../core/duration.js";
import { sendResponse, toRequest } from "./faulty-upstream/exchange.js";
import { Loopback } from "./faulty-upstream/loopback.js";

/** How long a fault stays that says nothing about it: whoever injected it may have died. */
const DEFAULT_TTL = "60s";
const LONGEST_TTL_MS = 60 * 60_000;

/** A fault as it comes over HTTP: its other options are yet to be checked. */
export interface GivenFault {
  readonly kind: string;
  readonly ttl: Duration;
}

/** What faults are switched on. */
export interface Switchable {
  /** What is told of it. */
  state(): object;
  /**
   * Injects a fault that goes by itself after its `ttl`.
   *
   * @returns its id, where it can be removed alone
   * @throws {ConfigError} naming the option that is wrong
   */
  inject(fault: GivenFault): Promise<number | undefined>;
  /** Removes one; whether it was there. */
  remove(id: number): boolean | Promise<boolean>;
  /** Removes all, and mends what they broke. */
  recover(): Promise<void>;
}

/**
 * Opens a port that faults are switched on, so that another process can do it:
 *
 * - `GET /` and `GET /faults` tell how it is;
 * - `POST /faults` injects one (`{ "kind": "status", "status": 503, "ttl": "30s" }`, or `{ "kind": "refuse" }`);
 * - `DELETE /faults/{id}` removes one, `DELETE /faults` all, and then everything is as it was.
 *
 * Each fault goes by itself after its `ttl`, at the latest after an hour.
 */
export async function openAdmin(subject: Switchable): Promise<Loopback> {
  const port = new Loopback((incoming, outgoing) => void serve(subject, incoming, outgoing));
  await port.open();
  return port;
}

async function serve(subject: Switchable, incoming: IncomingMessage, outgoing: ServerResponse) {
  const request = await toRequest(incoming, new AbortController().signal);
  if (request === undefined) {
    outgoing.destroy();
    return;
  }
  let response: Response;
  try {
    response = await answer(subject, request);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof SyntaxError)) throw error;
    response = Response.json({ error: error.message }, { status: 400 });
  }
  await sendResponse(response, outgoing);
}

async function answer(subject: Switchable, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const route = `${request.method} ${pathname}`;
  if (route === "GET /" || route === "GET /faults") return Response.json(subject.state());
  if (route === "POST /faults") return inject(subject, request);
  if (route === "DELETE /faults") {
    await subject.recover();
    return Response.json(subject.state());
  }
  const id = /^DELETE \/faults\/(\d+)$/.exec(route)?.[1];
  if (id === undefined) return failure(404);
  return (await subject.remove(Number(id))) ? Response.json(subject.state()) : failure(404);
}

async function inject(subject: Switchable, request: Request): Promise<Response> {
  // A page in a browser can send other types to loopback without being asked about it, but not this one.
  if (request.headers.get("content-type")?.split(";")[0] !== "application/json") return failure(415);
  const given = (await request.json()) as GivenFault | null;
  if (typeof given !== "object" || given === null) throw new ConfigError("fault", given, "an object with a kind");
  const { ttl = DEFAULT_TTL } = given;
  if (milliseconds(ttl, "fault.ttl", 1) > LONGEST_TTL_MS) throw new ConfigError("fault.ttl", ttl, 'at most "1h"');
  const id = await subject.inject({ ...given, ttl });
  return Response.json({ ...(id !== undefined && { id }), ...subject.state() }, { status: 201 });
}

function failure(status: number): Response {
  return Response.json({ error: STATUS_CODES[status] }, { status });
}
