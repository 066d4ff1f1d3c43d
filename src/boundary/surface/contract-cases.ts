import type { ErrorCode } from "../../core/errors.js";
import type { Surface } from "./surface.js";

/** One request that an endpoint has to answer in one way, whatever it is for. */
export interface ContractCase {
  readonly endpoint: string;
  /** `refuses another method with 405`. */
  readonly title: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether credentials have to be added, and the signature over which text. */
  readonly credentials?: { readonly over: string };
  readonly expected: {
    readonly status: number;
    /** Of the problem; without one, the answer has no body. */
    readonly code?: ErrorCode;
    /** Headers as they have to be; `null`: it must not be there. A list is compared without its order. */
    readonly headers: Readonly<Record<string, string | readonly string[] | null>>;
  };
}

/** What stands for a parameter in a path. */
const PARAMETER = "contract-test";
/** RFC 2606: nobody's. */
const FOREIGN_ORIGIN = "https://contract-test.invalid";
const FOREIGN_TYPE = "application/x-contract-test";
const METHODS = ["PATCH", "PUT", "DELETE", "POST", "GET"];

/** Everything that follows from what endpoints say about themselves. Surfaces that are functions have no requests. */
export function contractCases(surfaces: readonly Surface[]): ContractCase[] {
  const http = surfaces.filter((surface) => surface.kind === "http");
  return http.flatMap((surface) => {
    const siblings = http.filter((other) => shape(other.path) === shape(surface.path));
    const methods = siblings.map((other) => other.method ?? "GET");
    return new Contract(surface, methods).cases();
  });
}

function shape(path = "/"): string {
  return path.replace(/:[^/]+/g, ":");
}

class Contract {
  readonly #surface: Surface;
  /** All methods of the path. */
  readonly #methods: readonly string[];
  readonly #path: string;
  readonly #type: string | undefined;

  constructor(surface: Surface, methods: readonly string[]) {
    this.#surface = surface;
    this.#methods = methods;
    this.#path = (surface.path ?? "/").replace(/:[^/]+/g, PARAMETER);
    this.#type = surface.contentTypes?.[0];
  }

  cases(): ContractCase[] {
    return [...this.#method(), ...this.#origins(), ...this.#size(), ...this.#identity(), ...this.#content()];
  }

  #method(): ContractCase[] {
    const methods = this.#methods;
    const other = METHODS.find((method) => !methods.includes(method));
    if (other === undefined) return [];
    const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
    return [
      this.#case("refuses another method with 405", "method_not_allowed", 405, { method: other, headers: { allow } }),
    ];
  }

  #origins(): ContractCase[] {
    const { origins, method = "GET" } = this.#surface;
    const preflight = (title: string, origin: string, granted: string | null, refused: boolean) =>
      this.#case(title, refused ? "forbidden" : undefined, refused ? 403 : 204, {
        method: "OPTIONS",
        sends: { origin, "access-control-request-method": method },
        headers: {
          "access-control-allow-origin": granted,
          ...(!refused && granted !== null && { "access-control-allow-methods": method }),
        },
      });
    if (origins === undefined) return [preflight("grants browsers nothing", FOREIGN_ORIGIN, null, false)];
    const [origin = "*"] = origins;
    if (origin === "*") return [preflight("answers a preflight", FOREIGN_ORIGIN, "*", false)];
    return [
      preflight("answers a preflight", origin, origin, false),
      preflight("refuses a preflight of another origin with 403", FOREIGN_ORIGIN, null, true),
      this.#case("refuses another origin with 403", "forbidden", 403, {
        sends: { origin: FOREIGN_ORIGIN },
        headers: { "access-control-allow-origin": null },
        body: "{}",
      }),
    ];
  }

  #size(): ContractCase[] {
    const { maxQueryBytes, maxBytes } = this.#surface;
    const cases: ContractCase[] = [];
    if (maxQueryBytes !== undefined) {
      const query = `?q=${"a".repeat(maxQueryBytes)}`;
      cases.push(this.#case("refuses an oversized query with 414", "uri_too_long", 414, { query, body: "{}" }));
    }
    if (maxBytes !== undefined) {
      const body = "a".repeat(maxBytes + 1);
      const sends = { "content-length": String(body.length) };
      cases.push(this.#case("refuses an oversized body with 413", "payload_too_large", 413, { body, sends }));
    }
    if (this.#type !== undefined)
      cases.push(
        this.#case("refuses another content type with 415", "unsupported_media_type", 415, {
          body: "{}",
          sends: { "content-type": FOREIGN_TYPE },
        }),
      );
    return cases;
  }

  #identity(): ContractCase[] {
    const { auth, signature } = this.#surface;
    const cases: ContractCase[] = [];
    if (auth.kind === "declared")
      cases.push(this.#case("refuses missing credentials with 401", "unauthenticated", 401, { body: "{}" }));
    else if (signature !== undefined)
      cases.push(this.#case("refuses a missing signature with 401", "unauthenticated", 401, { body: "{}" }));
    if (signature !== undefined)
      cases.push(
        this.#case("refuses a tampered body with 401", "unauthenticated", 401, {
          body: "{ }",
          credentials: { over: "{}" },
        }),
      );
    return cases;
  }

  #content(): ContractCase[] {
    const { maxDepth, validates } = this.#surface;
    if (!validates.includes("body") || !/^application\/(?:json|[\w.-]+\+json)$/.test(this.#type ?? "")) return [];
    const guarded = this.#surface.auth.kind === "declared" || this.#surface.signature !== undefined;
    const sent = (body: string) => ({ body, ...(guarded && { credentials: { over: body } }) });
    const cases = [this.#case("refuses malformed JSON with 400", "invalid_json", 400, sent('{"contract":'))];
    if (maxDepth !== undefined) {
      const deep = "[".repeat(maxDepth + 1) + "]".repeat(maxDepth + 1);
      cases.push(this.#case("refuses a body nested too deep with 400", "validation", 400, sent(deep)));
    }
    return cases;
  }

  #case(
    title: string,
    code: ErrorCode | undefined,
    status: number,
    parts: {
      readonly method?: string;
      readonly query?: string;
      /** Request headers. */
      readonly sends?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly credentials?: { readonly over: string };
      /** Response headers. */
      readonly headers?: ContractCase["expected"]["headers"];
    },
  ): ContractCase {
    const { method = this.#surface.method ?? "GET", query = "", sends = {}, body, credentials, headers = {} } = parts;
    const hasBody = body !== undefined && method !== "GET";
    const origin = this.#surface.origins?.[0];
    return {
      endpoint: this.#surface.name,
      title,
      method,
      path: this.#path + query,
      headers: {
        // Endpoints may refuse whoever has none.
        ...(origin !== undefined && origin !== "*" && { origin }),
        ...(hasBody && { "content-type": this.#type ?? "application/octet-stream" }),
        ...sends,
      },
      ...(hasBody && { body }),
      ...(credentials !== undefined && { credentials }),
      expected: { status, ...(code !== undefined && { code }), headers },
    };
  }
}
