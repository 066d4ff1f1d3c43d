import { ConfigError, integer, oneOf, onlyKnown } from "../../core/config.js";
import { PRIORITIES } from "../../core/context.js";
import { bytes, milliseconds } from "../../core/duration.js";
import { DEFAULT_MAX_DEPTH } from "../json.js";
import { type SurfaceAuth, type SurfaceLimits, surfaceAuth, surfaceLimits } from "../surface/surface.js";
import { isHeader } from "./answer.js";
import type { AnyEndpointOptions } from "./any-options.js";
import { Cors } from "./cors.js";
import type { PlannedIdempotency } from "./guards/idempotency.js";
import { PARTS } from "./guards/schema.js";
import { pathPattern } from "./path-pattern.js";

/** An endpoint's options, checked, with defaults filled in. */
export interface Settings {
  /** `endpoint("chat")`, for errors. */
  readonly where: string;
  readonly paramNames: readonly string[];
  readonly auth: SurfaceAuth;
  readonly limits: SurfaceLimits;
  readonly idempotency: PlannedIdempotency | undefined;
  /** Why the body's bytes are needed, where they are. */
  readonly needsRaw: string | undefined;
  readonly readsBody: boolean;
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxQueryBytes: number;
  readonly bodyTimeoutMs: number;
  readonly timeoutMs: number | undefined;
  /** In lower case. Empty: any. */
  readonly contentTypes: readonly string[];
  readonly cors: Cors | undefined;
  readonly challenge: string;
}

const OPTIONS = (
  "name method path params query headers body maxBytes maxDepth maxQueryBytes bodyTimeout contentTypes origins " +
  "requireOrigin cors auth challenge limits authFailures signature idempotency replay timeout tenant priority " +
  "sheddable trustProxy handler"
).split(" ");
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const JSON_ONLY = ["application/json"];

/**
 * Checks the options.
 *
 * @throws {ConfigError} naming the first option that is not what it may be
 */
export function checked(options: AnyEndpointOptions): Settings {
  const { name, body, signature, timeout, challenge = "Bearer" } = options;
  if (typeof name !== "string" || name === "")
    throw new ConfigError("endpoint(options).name", name, "a name that is not empty");
  const where = `endpoint("${name}")`;
  onlyKnown(options, where, OPTIONS);
  const method = oneOf(options.method, `${where}.method`, METHODS);
  if (typeof options.handler !== "function")
    throw new ConfigError(`${where}.handler`, options.handler, "a function that answers the call");
  for (const part of PARTS) {
    if (options[part] !== undefined && typeof options[part]["~standard"]?.validate !== "function")
      throw new ConfigError(`${where}.${part}`, options[part], "a Standard Schema, such as zod's");
  }
  if (!isHeader("www-authenticate", challenge))
    throw new ConfigError(`${where}.challenge`, challenge, 'the value of a header, such as "Bearer"');
  if (options.priority !== undefined && typeof options.priority !== "function")
    oneOf(options.priority, `${where}.priority`, PRIORITIES);
  const idempotency = plannedIdempotency(options, where);
  const needsRaw = signature !== undefined ? "signature" : idempotency && "idempotency";
  const readsBody = body !== undefined || needsRaw !== undefined;
  if (method === "GET" && readsBody)
    throw new ConfigError(`${where}.method`, method, "a method other than GET, which has no body");
  return {
    where,
    paramNames: pathPattern(options.path, `${where}.path`).names,
    auth: surfaceAuth(options.auth, where),
    limits: surfaceLimits(options.limits, where),
    idempotency,
    needsRaw,
    readsBody,
    maxBytes: bytes(options.maxBytes ?? "64kb", `${where}.maxBytes`),
    maxDepth: integer(options.maxDepth ?? DEFAULT_MAX_DEPTH, `${where}.maxDepth`, 1),
    maxQueryBytes: bytes(options.maxQueryBytes ?? 2048, `${where}.maxQueryBytes`),
    bodyTimeoutMs: milliseconds(options.bodyTimeout ?? "10s", `${where}.bodyTimeout`, 1),
    timeoutMs: timeout === undefined ? undefined : milliseconds(timeout, `${where}.timeout`, 1),
    contentTypes: contentTypesOf(options, where),
    cors: corsOf(options, where, idempotency !== undefined),
    challenge,
  };
}

function contentTypesOf({ contentTypes, body }: AnyEndpointOptions, where: string): readonly string[] {
  if (contentTypes === undefined) return body === undefined ? [] : JSON_ONLY;
  if (!Array.isArray(contentTypes) || contentTypes.length === 0)
    throw new ConfigError(`${where}.contentTypes`, contentTypes, "a list of content types that is not empty");
  return contentTypes.map((type) => type.toLowerCase());
}

function corsOf(options: AnyEndpointOptions, where: string, idempotent: boolean): Cors | undefined {
  if (options.origins !== undefined) return new Cors(options.origins, options.cors ?? {}, where, idempotent);
  for (const option of ["cors", "requireOrigin"] as const) {
    if (options[option] !== undefined && options[option] !== false)
      throw new ConfigError(`${where}.${option}`, options[option], "nothing, unless there are origins");
  }
  return undefined;
}

function plannedIdempotency(options: AnyEndpointOptions, where: string): PlannedIdempotency | undefined {
  const { idempotency, method, path } = options;
  if (idempotency === undefined) return undefined;
  onlyKnown(idempotency, `${where}.idempotency`, ["guard", "required", "by", "onFailure"]);
  if (typeof idempotency.guard?.name !== "string")
    throw new ConfigError(`${where}.idempotency.guard`, idempotency.guard, "an idempotency guard");
  return {
    use: idempotency as PlannedIdempotency["use"],
    route: `${method} ${path}`,
    where: `${where}.idempotency`,
  };
}
