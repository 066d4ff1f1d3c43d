import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError, integer, oneOf, onlyKnown } from "../../core/config.js";
import type { Priority } from "../../core/context.js";
import { Deadlines } from "../../core/deadlines.js";
import { bytes, type Duration, milliseconds, type Size } from "../../core/duration.js";
import type { Runtime } from "../../core/runtime.js";
import { isAnonymous, isUnlimited, type Unlimited } from "../declare.js";
import { DEFAULT_MAX_DEPTH } from "../json.js";
import { type Surface, surfaceAuth, surfaceLimits } from "../surface/surface.js";
import type { WebhookVerifier } from "../webhooks/verifier.js";
import { isHeader } from "./answer.js";
import type { ActiveCall } from "./call.js";
import { clientOf, type TrustProxy } from "./client.js";
import { Cors, type CorsOptions } from "./cors.js";
import { anonymousGuard, authGuard } from "./guards/auth.js";
import { bodyGuard } from "./guards/body.js";
import { contextGuard } from "./guards/context.js";
import { decodeGuard } from "./guards/decode.js";
import { DEFAULT_FAILURE_LIMIT, FailureLimit } from "./guards/failures.js";
import { handlerStage, timedStage } from "./guards/handler.js";
import { idempotentStage, type PlannedIdempotency } from "./guards/idempotency.js";
import { limitGuard, type PlannedLimit } from "./guards/limit.js";
import { originGuard } from "./guards/origin.js";
import { PARTS, schemaGuard } from "./guards/schema.js";
import { signatureGuard } from "./guards/signature.js";
import { contentLengthGuard, contentTypeGuard, queryGuard } from "./guards/size.js";
import { essence, isJsonType } from "./media-type.js";
import type { DefineLimiter, IdempotencyUse, LimiterUse } from "./parts.js";
import { pathPattern } from "./path-pattern.js";
import type { Guard, Plan, Serve } from "./plan.js";
import { PolicyField } from "./rate-limit-fields.js";
import type { Method } from "./types.js";

/** The options of an endpoint whatever its types: what {@link compile} reads. */
export interface AnyEndpointOptions {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly params?: StandardSchemaV1;
  readonly query?: StandardSchemaV1;
  readonly headers?: StandardSchemaV1;
  readonly body?: StandardSchemaV1;
  readonly maxBytes?: Size;
  readonly maxDepth?: number;
  readonly maxQueryBytes?: Size;
  readonly bodyTimeout?: Duration;
  readonly contentTypes?: readonly string[];
  readonly origins?: readonly string[];
  readonly requireOrigin?: boolean;
  readonly cors?: CorsOptions;
  readonly auth: (entry: never) => unknown;
  readonly challenge?: string;
  readonly limits: readonly AnyLimit[] | Unlimited;
  readonly authFailures?: LimiterUse | Unlimited;
  readonly signature?: WebhookVerifier;
  readonly idempotency?: IdempotencyUse<never>;
  readonly replay?: { readonly name: string };
  readonly timeout?: Duration;
  readonly tenant?: (call: never) => string;
  readonly priority?: Priority | ((call: never) => Priority);
  readonly trustProxy?: TrustProxy;
  readonly handler: (call: never) => unknown;
}

interface AnyLimit {
  readonly limiter: LimiterUse;
  readonly by: "client" | ((call: never) => string);
  readonly cost?: number | ((call: never) => number);
}

/** What an endpoint runs on. */
export interface Compiled {
  readonly plan: Plan;
  readonly guards: readonly Guard[];
  /** Of the guards, by index. */
  readonly names: readonly string[];
  readonly serve: Serve;
  readonly cors: Cors | undefined;
  readonly surface: Surface;
}

const OPTIONS = (
  "name method path params query headers body maxBytes maxDepth maxQueryBytes bodyTimeout contentTypes origins " +
  "requireOrigin cors auth challenge limits authFailures signature idempotency replay timeout tenant priority " +
  "trustProxy handler"
).split(" ");
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const JSON_ONLY = ["application/json"];

/**
 * Checks the options, and lines up the guards that they call for.
 *
 * @throws {ConfigError} naming the first option that is not what it may be
 */
export function compile(options: AnyEndpointOptions, rt: Runtime, define: DefineLimiter): Compiled {
  const { name, signature, timeout } = options;
  if (typeof name !== "string" || name === "")
    throw new ConfigError("endpoint(options).name", name, "a name that is not empty");
  const where = `endpoint("${name}")`;
  onlyKnown(options, where, OPTIONS);
  const method = oneOf(options.method, `${where}.method`, METHODS);
  const { names: paramNames } = pathPattern(options.path, `${where}.path`);
  const auth = surfaceAuth(options.auth, where);
  const limits = surfaceLimits(options.limits, where);
  if (typeof options.handler !== "function")
    throw new ConfigError(`${where}.handler`, options.handler, "a function that answers the call");
  const idempotency = plannedIdempotency(options, where);
  const needsRaw = signature !== undefined ? "signature" : idempotency && "idempotency";
  const readsBody = options.body !== undefined || needsRaw !== undefined;
  if (method === "GET" && readsBody)
    throw new ConfigError(`${where}.method`, method, "a method other than GET, which has no body");
  for (const part of PARTS) {
    if (options[part] !== undefined && typeof options[part]["~standard"]?.validate !== "function")
      throw new ConfigError(`${where}.${part}`, options[part], "a Standard Schema, such as zod's");
  }
  const maxBytes = bytes(options.maxBytes ?? "64kb", `${where}.maxBytes`);
  const maxDepth = integer(options.maxDepth ?? DEFAULT_MAX_DEPTH, `${where}.maxDepth`, 1);
  const maxQueryBytes = bytes(options.maxQueryBytes ?? 2048, `${where}.maxQueryBytes`);
  if (options.contentTypes !== undefined && !Array.isArray(options.contentTypes))
    throw new ConfigError(`${where}.contentTypes`, options.contentTypes, "a list of content types");
  const { challenge = "Bearer" } = options;
  if (!isHeader("www-authenticate", challenge))
    throw new ConfigError(`${where}.challenge`, challenge, 'the value of a header, such as "Bearer"');
  const contentTypes = (options.contentTypes ?? (options.body === undefined ? [] : JSON_ONLY)).map((type) =>
    type.toLowerCase(),
  );
  const cors =
    options.origins === undefined
      ? undefined
      : new Cors(options.origins, options.cors ?? {}, where, idempotency !== undefined);
  const onlyJson = contentTypes.length > 0 && contentTypes.every((type) => isJsonType(essence(type)));

  const planned = plannedLimits(options, where);
  const failures = failureLimit(options, planned, define);
  const guards: Guard[] = [];
  const names: string[] = [];
  const add = (guard: string, check: Guard | undefined | false) => {
    if (!check) return;
    guards.push(check);
    names.push(guard);
  };
  add("origin", cors && originGuard(cors, options.requireOrigin ?? false));
  add("query", queryGuard(maxQueryBytes));
  add("content-type", contentTypes.length > 0 && contentTypeGuard(contentTypes));
  add("content-length", method !== "GET" && contentLengthGuard(maxBytes, !readsBody));
  const byClient = planned.filter((limit) => limit.by === "client");
  const byPrincipal = planned.filter((limit) => limit.by !== "client");
  add("limit:client", byClient.length > 0 && limitGuard(byClient));
  add("auth", isAnonymous(options.auth) ? anonymousGuard : authGuard(options.auth, failures));
  add(
    "context",
    (options.tenant ?? options.priority) !== undefined &&
      contextGuard(
        options.tenant as ((call: ActiveCall) => string) | undefined,
        options.priority as Priority | ((call: ActiveCall) => Priority) | undefined,
      ),
  );
  add("limit", byPrincipal.length > 0 && limitGuard(byPrincipal));
  if (readsBody) {
    const deadlines = new Deadlines(rt.clock, milliseconds(options.bodyTimeout ?? "10s", `${where}.bodyTimeout`, 1));
    add("body", bodyGuard({ maxBytes, deadlines, needsRaw, where }));
  }
  add("signature", signature && signatureGuard(signature, failures));
  add("decode", options.body && decodeGuard(maxDepth, onlyJson));
  for (const part of PARTS) {
    const schema = options[part];
    add(`schema:${part}`, schema && schemaGuard(part, schema));
  }
  const timeouts =
    timeout === undefined ? undefined : new Deadlines(rt.clock, milliseconds(timeout, `${where}.timeout`, 1));
  const handler = handlerStage(options.handler);
  const serve = idempotency === undefined ? handler : idempotentStage(handler, idempotency);
  const plan: Plan = {
    rt,
    name,
    paramNames,
    clientOf: clientOf(options.trustProxy ?? false, `${where}.trustProxy`),
    timeouts,
    challenge,
  };
  return {
    plan,
    guards,
    names: [...names, ...(idempotency === undefined ? [] : ["idempotency"])],
    serve: timeouts === undefined ? serve : timedStage(serve, timeouts),
    cors,
    surface: {
      kind: "http",
      name,
      method,
      path: options.path,
      auth,
      limits,
      validates: PARTS.filter((part) => options[part] !== undefined),
      ...(readsBody && { maxBytes }),
      ...(options.body !== undefined && { maxDepth }),
      maxQueryBytes,
      ...(contentTypes.length > 0 && { contentTypes }),
      ...(options.origins !== undefined && { origins: options.origins }),
      ...(signature !== undefined && { signature: signature.name }),
      ...(idempotency !== undefined && { idempotency: idempotency.use.required === true ? "required" : "optional" }),
      ...(options.replay !== undefined && { replay: options.replay.name }),
    },
  };
}

function plannedLimits({ limits }: AnyEndpointOptions, where: string): PlannedLimit[] {
  if (isUnlimited(limits)) return [];
  return limits.map(({ limiter, by, cost = 1 }, index) => ({
    limiter,
    where: `${where}.limits[${index}]`,
    by: by as PlannedLimit["by"],
    cost: cost as PlannedLimit["cost"],
    field: new PolicyField(limiter.name),
  }));
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

/** Failed credentials never go unlimited by oversight: either the client is limited anyway, or its failures are. */
function failureLimit(
  { name, auth, authFailures, signature }: AnyEndpointOptions,
  limits: readonly PlannedLimit[],
  define: DefineLimiter,
): FailureLimit | undefined {
  if (isUnlimited(authFailures)) return undefined;
  if (authFailures !== undefined) return new FailureLimit(authFailures);
  const checks = !isAnonymous(auth) || signature !== undefined;
  if (!checks || limits.some(({ by }) => by === "client")) return undefined;
  return new FailureLimit(define(`${name}:auth-failures`, DEFAULT_FAILURE_LIMIT));
}
