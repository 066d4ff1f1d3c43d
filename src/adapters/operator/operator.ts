import type { Request as ExpressRequest, Response as ExpressResponse } from "express";
import type { TrustProxy } from "../../boundary/endpoint/client.js";
import type { Endpoint } from "../../boundary/endpoint/endpoint.js";
import { type FetchHandler, toFetch } from "../../boundary/endpoint/fetch.js";
import { type Routable, Router } from "../../boundary/endpoint/router.js";
import type { Knobs } from "../../boundary/knobs/knob.js";
import { ConfigError, integer, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { partsOf } from "../../kit/parts.js";
import type { Kit } from "../../kit/types.js";
import { NodeIncoming } from "../express/node-incoming.js";
import { send } from "../express/send.js";
import type { OperatorAuth } from "./auth.js";
import { Feed } from "./feed.js";
import { leversOf } from "./levers.js";
import { operatorEndpoints } from "./routes.js";

export type { OperatorPrincipal } from "./auth.js";

/** Options of {@link operator}. */
export interface OperatorOptions {
  /**
   * Who is operating: returns a name, or a principal that has a `name` or `id`; throws or returns null for everybody
   * else. There is no default, and nobody gets past it. What it throws and nobody knows is a 401.
   */
  readonly auth: OperatorAuth;
  /**
   * `"token"`: the page without any data is there for everyone, asks for a token, and sends it as
   * `Authorization: Bearer …` with each request; it keeps it for the life of the tab. Default: the page too is behind
   * `auth`, which then has to know operators by what browsers send by themselves: a cookie, or Basic credentials.
   */
  readonly login?: "token";
  /** Where it is mounted: for `fetch` and the surface matrix. In Express it is wherever it is mounted. Default `"/ops"`. */
  readonly base?: string;
  /** How often the page hears news. Default `"2s"`, at least `"250ms"`. */
  readonly every?: Duration;
  /** Pages that may listen at a time; more ask again and again instead. Default 20. */
  readonly maxStreams?: number;
  /** `WWW-Authenticate` of a 401: `'Basic realm="operators"'` makes a browser ask. Default `"Bearer"`. */
  readonly challenge?: string;
  /** Which proxies are believed about a client's address. Default false: none. */
  readonly trustProxy?: TrustProxy;
}

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
 * page is made of: `snapshot`, `stream` (server-sent events) and `levers`. Once a kit.
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
  for (const one of endpoints) parts.show({ surface: () => ({ ...one.surface(), path: base + one.path }) });

  const router = new Router(endpoints);
  const middleware = (req: object, res: object, next: (error?: unknown) => void): void => {
    const incoming = new NodeIncoming(req as ExpressRequest, res as ExpressResponse);
    const answer = router.serve(incoming);
    if (answer === undefined) next();
    else void Promise.resolve(answer).then((settled) => send(incoming, settled));
  };
  return Object.assign(middleware, { fetch: toFetch(endpoints.flatMap((one) => below(base, one))) });
}

/** An endpoint where it is mounted. The page is also there without the slash, from where it leads to itself. */
function below(base: string, endpoint: Endpoint): Routable[] {
  const at = (path: string): Routable => ({
    name: endpoint.name,
    method: endpoint.method,
    path,
    handle: (incoming, values, place) => endpoint.handle(incoming, values, place),
    preflight: (origin, method) => endpoint.preflight(origin, method),
  });
  const whole = at(base + endpoint.path);
  return endpoint.path === "/" && base !== "" ? [whole, at(base)] : [whole];
}
