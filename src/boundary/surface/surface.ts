import { ConfigError } from "../../core/config.js";
import { isAnonymous, isUnlimited } from "../declare.js";

/** How callers of a surface prove who they are. */
export type SurfaceAuth =
  | { readonly kind: "declared" /** Name of the auth function, where it has one. */; readonly by?: string }
  | { readonly kind: "anonymous"; readonly why: string };

/** How often a surface may be called. */
export type SurfaceLimits =
  | {
      readonly kind: "limited";
      readonly by: readonly {
        readonly limiter: string /** What the limiter's key is taken from. */;
        readonly key: string;
      }[];
    }
  | { readonly kind: "unlimited"; readonly why: string };

/**
 * One way into the service with its protections, as plain data: what `endpoint.surface()` and `boundary()` say about
 * themselves. The surface matrix, the contract tests and the probes read it.
 */
export interface Surface {
  readonly kind: "http" | "function";
  readonly name: string;
  /** Of an HTTP surface. */
  readonly method?: string;
  /** Of an HTTP surface. */
  readonly path?: string;
  readonly auth: SurfaceAuth;
  readonly limits: SurfaceLimits;
  /** The parts that a schema checks: `params`, `query`, `headers`, `body`, `args`, `result`. */
  readonly validates: readonly string[];
  /** The largest body, or function input, in bytes. */
  readonly maxBytes?: number;
  /** The deepest nesting of a body or function input. */
  readonly maxDepth?: number;
  /** The longest query string, in bytes. */
  readonly maxQueryBytes?: number;
  /** Content types that are accepted. */
  readonly contentTypes?: readonly string[];
  /** Browser origins that may call. Left out: the origin is not looked at. */
  readonly origins?: readonly string[];
  /** Which signature over the raw bytes is verified: `standard-webhooks`, `meta`. */
  readonly signature?: string;
  /** Whether an Idempotency-Key is asked for. */
  readonly idempotency?: "required" | "optional";
  /** Which replay guard claims each item. */
  readonly replay?: string;
}

/** What a surface says of its auth, from the option as it was given: a function, or `anonymous("why")`. */
export function surfaceAuth(auth: unknown, where: string): SurfaceAuth {
  if (isAnonymous(auth)) return { kind: "anonymous", why: auth.anonymous };
  if (typeof auth !== "function")
    throw new ConfigError(`${where}.auth`, auth, 'a function that returns the principal, or anonymous("why")');
  return auth.name === "" || auth.name === "auth" ? { kind: "declared" } : { kind: "declared", by: auth.name };
}

/**
 * What a surface says of its limits, from the option as it was given: a list that is not empty of
 * `{ limiter, by: "client" | (c) => key }`, or `unlimited("why")`.
 */
export function surfaceLimits(limits: unknown, where: string): SurfaceLimits {
  if (isUnlimited(limits)) return { kind: "unlimited", why: limits.unlimited };
  if (!Array.isArray(limits) || limits.length === 0)
    throw new ConfigError(
      `${where}.limits`,
      limits,
      'a list of { limiter, by } that is not empty, or unlimited("why")',
    );
  return {
    kind: "limited",
    by: limits.map((use: unknown, index) => {
      const { limiter, by } = (use ?? {}) as { limiter?: { name?: unknown } | null; by?: unknown };
      const name = limiter?.name;
      if (typeof name !== "string" || (typeof by !== "function" && by !== "client"))
        throw new ConfigError(`${where}.limits[${index}]`, use, '{ limiter, by: "client" | (c) => key }');
      return { limiter: name, key: by === "client" ? by : key(by as (...args: never) => unknown) };
    }),
  };
}

/** `c => c.principal.id` → `principal.id`; anything more than that is `custom`. */
function key(by: (...args: never) => unknown): string {
  return /^\(?(\w+)\)?\s*=>\s*\1\.([\w.]+)$/.exec(Function.prototype.toString.call(by).trim())?.[2] ?? "custom";
}
