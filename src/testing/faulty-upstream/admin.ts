import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { ConfigError, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { UpstreamCounts } from "./counts.js";
import { sendResponse, toRequest } from "./exchange.js";
import type { Fault } from "./fault.js";
import type { Faults, Injected } from "./faults.js";
import { Loopback } from "./loopback.js";

/** How long a fault stays that says nothing about it: whoever injected it may have died. */
const DEFAULT_TTL = "60s";
const LONGEST_TTL_MS = 60 * 60_000;

/** What is switched: see `FaultyUpstream` for each of these. */
export interface Switchable {
  readonly url: string;
  readonly listening: boolean;
  inject(fault: Fault): Injected;
  refuse(options?: { readonly ttl?: Duration }): Promise<void>;
  recover(): Promise<void>;
  counts(): UpstreamCounts;
}

/**
 * Opens the port that an upstream's faults are switched on, so that another process can do it:
 *
 * - `GET /` tells of faults and counts;
 * - `POST /faults` injects one (`{ "kind": "status", "status": 503, "ttl": "30s" }`, or `{ "kind": "refuse" }`);
 * - `DELETE /faults/{id}` removes one, `DELETE /faults` all, and then the port is open again.
 *
 * Each fault goes by itself after its `ttl`, at the latest after an hour.
 */
export async function openAdmin(upstream: Switchable, faults: Faults): Promise<Loopback> {
  const port = new Loopback((incoming, outgoing) => void serve(upstream, faults, incoming, outgoing));
  await port.open();
  return port;
}

async function serve(upstream: Switchable, faults: Faults, incoming: IncomingMessage, outgoing: ServerResponse) {
  const request = await toRequest(incoming, new AbortController().signal);
  if (request === undefined) {
    outgoing.destroy();
    return;
  }
  let response: Response;
  try {
    response = await answer(upstream, faults, request);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof SyntaxError)) throw error;
    response = Response.json({ error: error.message }, { status: 400 });
  }
  await sendResponse(response, outgoing);
}

async function answer(upstream: Switchable, faults: Faults, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const route = `${request.method} ${pathname}`;
  if (route === "GET /") return Response.json(state(upstream, faults));
  if (route === "POST /faults") return inject(upstream, faults, request);
  if (route === "DELETE /faults") {
    await upstream.recover();
    return Response.json(state(upstream, faults));
  }
  const id = /^DELETE \/faults\/(\d+)$/.exec(route)?.[1];
  if (id === undefined) return failure(404);
  return faults.remove(Number(id)) ? Response.json(state(upstream, faults)) : failure(404);
}

async function inject(upstream: Switchable, faults: Faults, request: Request): Promise<Response> {
  // A page in a browser can send other types to loopback without being asked about it, but not this one.
  if (request.headers.get("content-type")?.split(";")[0] !== "application/json") return failure(415);
  const given = (await request.json()) as Fault | { readonly kind: "refuse"; readonly ttl?: Fault["ttl"] };
  if (typeof given !== "object" || given === null) throw new ConfigError("fault", given, "an object with a kind");
  const { ttl = DEFAULT_TTL } = given;
  if (milliseconds(ttl, "fault.ttl", 1) > LONGEST_TTL_MS) throw new ConfigError("fault.ttl", ttl, 'at most "1h"');
  if (given.kind === "refuse") {
    onlyKnown(given, "fault", ["kind", "ttl"]);
    await upstream.refuse({ ttl });
    return Response.json(state(upstream, faults), { status: 201 });
  }
  const { id } = upstream.inject({ ...given, ttl });
  return Response.json({ id, ...state(upstream, faults) }, { status: 201 });
}

function state(upstream: Switchable, faults: Faults) {
  return {
    url: upstream.url,
    listening: upstream.listening,
    faults: faults
      .all()
      .map(({ id, fault, struck, active }) => ({ id, fault, struck, active, leftMs: faults.leftMs(id) })),
    counts: upstream.counts(),
  };
}

function failure(status: number): Response {
  return Response.json({ error: STATUS_CODES[status] }, { status });
}
