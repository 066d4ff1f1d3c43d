import { ConfigError } from "../../core/config.js";
import { type ErrorCode, type ErrorDetails, KeelsonError } from "../../core/errors.js";
import type { MaybePromise } from "../../core/store.js";
import { classify } from "../classify.js";
import { problemOf } from "./answer.js";
import type { HeaderPairs } from "./cors.js";
import { HERE, type Incoming, type Outgoing, type Pass, type Place } from "./incoming.js";
import { pathPattern } from "./path-pattern.js";
import { callerOf } from "./trace.js";
import type { Method } from "./types.js";

/** What requests are routed to: an endpoint. */
export interface Routable {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  handle(incoming: Incoming, values: readonly string[], place: Place): MaybePromise<Outgoing>;
  preflight(origin: string, method: string): HeaderPairs | undefined;
  atDoor(header: (name: string) => string | null, waitedMs: number): Pass | Outgoing | undefined;
}

const NO_VALUES: readonly string[] = [];

/**
 * Finds the endpoint of a request: paths without parameters first, then patterns in the order they were added. Also
 * answers for what belongs to a path and to no endpoint: HEAD (as GET), OPTIONS, preflights, and 405.
 */
export class Router {
  readonly #exact = new Map<string, Resource>();
  readonly #patterns: { readonly regex: RegExp; readonly resource: Resource }[] = [];
  readonly #shapes = new Map<string, Resource>();

  constructor(endpoints: Iterable<Routable> = []) {
    for (const endpoint of endpoints) this.add(endpoint);
  }

  /** @throws {ConfigError} when there is an endpoint with its method and path */
  add(endpoint: Routable): void {
    const { shape, regex } = pathPattern(endpoint.path, `endpoint("${endpoint.name}").path`);
    let resource = this.#shapes.get(shape);
    if (resource === undefined) {
      resource = new Resource();
      this.#shapes.set(shape, resource);
      if (regex === undefined) this.#exact.set(shape, resource);
      else this.#patterns.push({ regex, resource });
    }
    resource.add(endpoint);
  }

  /** Answers a request; `undefined` when no endpoint has its path. Never throws nor rejects. */
  serve(incoming: Incoming, place: Place = HERE): MaybePromise<Outgoing> | undefined {
    const exact = this.#exact.get(incoming.path);
    if (exact !== undefined) return exact.serve(incoming, NO_VALUES, place);
    for (const { regex, resource } of this.#patterns) {
      const match = regex.exec(incoming.path);
      if (match !== null) return resource.serve(incoming, match.slice(1), place);
    }
    return undefined;
  }

  /** The endpoint that would answer; `undefined` when none has the path and method. */
  find(method: string, path: string): Routable | undefined {
    const resource = this.#exact.get(path) ?? this.#patterns.find(({ regex }) => regex.test(path))?.resource;
    return resource?.find(method);
  }
}

/** The endpoints of one path. */
class Resource {
  readonly #byMethod = new Map<string, Routable>();
  #allow = "";

  add(endpoint: Routable): void {
    const known = this.#byMethod.get(endpoint.method);
    if (known !== undefined)
      throw new ConfigError(
        `endpoint("${endpoint.name}").path`,
        endpoint.path,
        `a path that endpoint("${known.name}") does not have with the same method`,
      );
    this.#byMethod.set(endpoint.method, endpoint);
    const methods = [...this.#byMethod.keys()];
    this.#allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  }

  serve(incoming: Incoming, values: readonly string[], place: Place): MaybePromise<Outgoing> {
    const endpoint = this.find(incoming.method);
    if (endpoint !== undefined) return endpoint.handle(incoming, values, place);
    if (incoming.method === "OPTIONS") return this.#options(incoming);
    return refused(incoming, "method_not_allowed", { headers: { allow: this.#allow } });
  }

  /** The endpoint that has the method. */
  find(method: string): Routable | undefined {
    return this.#byMethod.get(method === "HEAD" ? "GET" : method);
  }

  /** A preflight where it is one, else what may be done here (RFC 9110, section 9.3.7). */
  #options(incoming: Incoming): Outgoing {
    const origin = incoming.header("origin");
    const method = incoming.header("access-control-request-method");
    const allow: [string, string] = ["allow", this.#allow];
    if (origin === null || method === null) return { status: 204, headers: [allow], body: null };
    const vary: [string, string] = ["vary", "origin, access-control-request-method, access-control-request-headers"];
    const endpoint = this.find(method);
    if (endpoint === undefined) {
      const answer = refused(incoming, "method_not_allowed", { headers: { allow: this.#allow } });
      answer.headers.push(vary);
      return answer;
    }
    try {
      const granted = endpoint.preflight(origin, method) ?? [];
      return {
        status: 204,
        headers: [allow, vary, ...granted.map(([name, value]): [string, string] => [name, value])],
        body: null,
      };
    } catch (error) {
      const answer = problemOf(classify(error), told(incoming));
      answer.headers.push(vary);
      return answer;
    }
  }
}

/** The problem for a request that no endpoint takes. */
export function refused(incoming: Incoming, code: ErrorCode, details?: ErrorDetails): Outgoing {
  return problemOf(new KeelsonError(code, undefined, details), told(incoming));
}

function told(incoming: Incoming): { traceId?: string; challenge: string } {
  const traceId = callerOf(incoming.header("traceparent"))?.traceId;
  return { challenge: "", ...(traceId !== undefined && { traceId }) };
}
