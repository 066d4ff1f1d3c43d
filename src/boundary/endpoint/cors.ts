import { ConfigError, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";

/** What a browser is told about calls from the `origins` of an endpoint. */
export interface CorsOptions {
  /** Whether the browser may send cookies and other credentials of its own. Default false. */
  readonly credentials?: boolean;
  /** How long the browser may remember a preflight. Default `"10m"`. */
  readonly maxAge?: Duration;
  /** Request headers that scripts may set. Default `content-type`, `authorization`, and `idempotency-key` where it is read. */
  readonly allowHeaders?: readonly string[];
  /** Response headers that scripts may read, beside those of limits, idempotency and `retry-after`. */
  readonly exposeHeaders?: readonly string[];
}

/** Headers that an answer to an origin carries. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

const EXPOSED = ["ratelimit", "ratelimit-policy", "retry-after"];

/** Who may call from a browser, and what the browser is told (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export class Cors {
  readonly #answers: ReadonlyMap<string, HeaderPairs>;
  readonly #any: HeaderPairs | undefined;
  readonly #preflight: HeaderPairs;
  /** For those who are not allowed: caches must not give their answer to others. */
  readonly refused: HeaderPairs;

  /** @throws {ConfigError} when an origin is not one, or `"*"` is combined with credentials */
  constructor(origins: readonly string[], options: CorsOptions, where: string, idempotent: boolean) {
    onlyKnown(options, `${where}.cors`, ["credentials", "maxAge", "allowHeaders", "exposeHeaders"]);
    if (!Array.isArray(origins) || origins.length === 0)
      throw new ConfigError(`${where}.origins`, origins, "a list of origins that is not empty");
    const { credentials = false, maxAge = "10m", exposeHeaders = [] } = options;
    const any = origins.includes("*");
    if (any && (credentials || origins.length > 1))
      throw new ConfigError(`${where}.origins`, origins, '"*" alone and without cors.credentials');
    const exposed = [...EXPOSED, ...(idempotent ? ["idempotency-replayed"] : []), ...exposeHeaders].join(", ");
    const answer = (origin: string): HeaderPairs => [
      ["access-control-allow-origin", origin],
      ...(any ? [] : [["vary", "origin"] as const]),
      ...(credentials ? [["access-control-allow-credentials", "true"] as const] : []),
      ["access-control-expose-headers", exposed],
    ];
    this.refused = any ? [] : [["vary", "origin"]];
    this.#any = any ? answer("*") : undefined;
    this.#answers = new Map(
      any ? [] : origins.map((origin) => [checkedOrigin(origin, `${where}.origins`), answer(origin)]),
    );
    const { allowHeaders = ["content-type", "authorization", ...(idempotent ? ["idempotency-key"] : [])] } = options;
    this.#preflight = [
      ["access-control-allow-headers", allowHeaders.join(", ")],
      ["access-control-max-age", String(Math.floor(milliseconds(maxAge, `${where}.cors.maxAge`) / 1000))],
    ];
  }

  /** What an answer to this origin carries; `undefined` when it may not call. */
  answer(origin: string): HeaderPairs | undefined {
    return this.#any ?? this.#answers.get(origin);
  }

  /** What a preflight of this origin is answered; `undefined` when it may not call. */
  preflight(origin: string, methods: string): HeaderPairs | undefined {
    const answer = this.answer(origin);
    return (
      answer && [
        ...answer.filter(([name]) => name !== "vary" && name !== "access-control-expose-headers"),
        ["access-control-allow-methods", methods],
        ...this.#preflight,
      ]
    );
  }
}

function checkedOrigin(origin: string, option: string): string {
  if (origin === "null") return origin;
  try {
    if (!origin.includes("*") && new URL(origin).origin === origin) return origin;
  } catch {
    // Not even a URL: the error below says what is allowed.
  }
  throw new ConfigError(option, origin, 'an origin like "https://shop.example", without a path; or "*"');
}
