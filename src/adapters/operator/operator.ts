import type { Request as ExpressRequest, Response as ExpressResponse } from "express";
import type { Endpoint } from "../../boundary/endpoint/endpoint.js";
import { type FetchHandler, toFetch } from "../../boundary/endpoint/fetch.js";
import { type Routable, Router } from "../../boundary/endpoint/router.js";
import type { Knobs } from "../../boundary/knobs/knob.js";
import type { Surface } from "../../boundary/surface/surface.js";
import { ConfigError, integer, oneOf, onlyKnown } from "../../core/config.js";
import { milliseconds } from "../../core/duration.js";
import { partsOf } from "../../kit/parts.js";
import type { Kit } from "../../kit/types.js";
import { NodeIncoming } from "../express/node-incoming.js";
import { send } from "../express/send.js";
import { Feed } from "./feed.js";
import { leversOf } from "./levers.js";
import type { OperatorOptions } from "./options.js";
import { operatorEndpoints } from "./routes.js";

/** Serves the operator page: a middleware for Express, and a handler for everything that speaks fetch. */
export interface OperatorHandler {
  // Whatever Express's types are: the package's own don't ask for them.
  (req: object, res: object, next: (error?: unknown) => void): void;
  /** Answers web requests whose paths begin with `base`; others get a 404. Never rejects. */
  readonly fetch: FetchHandler;
}

const OPTIONS = ["auth", "login", "base", "every", "maxStreams", "challenge", "trustProxy"];

/**
 * The operator page of a kit: what is going on, live, and the levers to do something about it. It also serves what the
 * page is made of: `snapshot`, `stream` (server-sent events) and `levers`. Once a kit; `kit.fetch` serves it at `base`, too.
 *
 * @example
 * app.use("/ops", operator(kit, { auth: operators }));             // Express
 * const { fetch } = operator(kit, { auth: operators, base: "/ops" }); // elsewhere
 *
 * @throws {ConfigError} when there is no `auth`, an option is not what it may be, or the kit has no store of its own
 */
export function operator<K extends Knobs, Ctx>(kit: Kit<K, "act", Ctx>, options: OperatorOptions): OperatorHandler {
  onlyKnown(options, "operator", OPTIONS);
  const { auth, login, base = "/ops", every = "2s", maxStreams = 20 } = options;
  if (typeof auth !== "function")
    throw new ConfigError("operator.auth", auth, "a function that returns who is operating, or throws");
  if (login !== undefined) oneOf(login, "operator.login", ["token"]);
  if (typeof base !== "string" || !/^(\/[\w.~-]+)*$/.test(base))
    throw new ConfigError("operator.base", base, 'a path like "/ops", without a slash at its end; or ""');
  const parts = partsOf(kit);
  if (parts?.rt.store === undefined)
    throw new ConfigError(
      "operator(kit)",
      parts === undefined ? kit : kit.service,
      "a kit that has a store of its own",
    );
  const feed = new Feed({
    take: () => kit.snapshot(),
    clock: parts.rt.clock,
    everyMs: milliseconds(every, "operator.every", 250),
    maxStreams: integer(maxStreams, "operator.maxStreams", 0, 1_000),
  });
  parts.onClosing(() => feed.close());
  const endpoints = operatorEndpoints(parts, { ...options, feed, levers: leversOf(kit) });
  const ways = endpoints.flatMap((one) => below(base, one));
  for (const way of ways) parts.serve(way);

  const router = new Router(endpoints);
  const middleware = (req: object, res: object, next: (error?: unknown) => void): void => {
    const incoming = new NodeIncoming(req as ExpressRequest, res as ExpressResponse);
    const answer = router.serve(incoming);
    if (answer === undefined) next();
    else void Promise.resolve(answer).then((settled) => send(incoming, settled));
  };
  return Object.assign(middleware, { fetch: toFetch(ways) });
}

/** An endpoint where it is mounted. The page is also there without the slash, from where it leads to itself. */
function below(base: string, endpoint: Endpoint): (Routable & { surface?(): Surface })[] {
  const at = (path: string): Routable => ({
    name: endpoint.name,
    method: endpoint.method,
    path,
    handle: (incoming, values, place) => endpoint.handle(incoming, values, place),
    preflight: (origin, method) => endpoint.preflight(origin, method),
    atDoor: (header, waitedMs) => endpoint.atDoor(header, waitedMs),
  });
  const path = base + endpoint.path;
  const whole = { ...at(path), surface: () => ({ ...endpoint.surface(), path }) };
  return endpoint.path === "/" && base !== "" ? [whole, at(base)] : [whole];
}
