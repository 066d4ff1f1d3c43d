import { Deadlines } from "../../core/deadlines.js";
import type { Runtime } from "../../core/runtime.js";
import { isAnonymous, isUnlimited } from "../declare.js";
import type { Surface } from "../surface/surface.js";
import type { AnyEndpointOptions } from "./any-options.js";
import { clientOf } from "./client.js";
import type { Cors } from "./cors.js";
import { anonymousGuard, authGuard } from "./guards/auth.js";
import { bodyGuard } from "./guards/body.js";
import { contextGuard } from "./guards/context.js";
import { decodeGuard } from "./guards/decode.js";
import { DEFAULT_FAILURE_LIMIT, FailureLimit } from "./guards/failures.js";
import { handlerStage, timedStage } from "./guards/handler.js";
import { idempotentStage } from "./guards/idempotency.js";
import { limitGuard, type PlannedLimit } from "./guards/limit.js";
import { originGuard } from "./guards/origin.js";
import { PARTS, schemaGuard } from "./guards/schema.js";
import { signatureGuard } from "./guards/signature.js";
import { contentLengthGuard, contentTypeGuard, queryGuard } from "./guards/size.js";
import { isJsonType } from "./media-type.js";
import type { DefineLimiter } from "./parts.js";
import type { Plan } from "./plan.js";
import { PolicyField } from "./rate-limit-fields.js";
import { checked, type Settings } from "./settings.js";
import type { Guard, Serve } from "./stage.js";

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

/**
 * Checks the options, and lines up the guards that they call for.
 *
 * @throws {ConfigError} naming the first option that is not what it may be
 */
export function compile(options: AnyEndpointOptions, rt: Runtime, define: DefineLimiter): Compiled {
  const settings = checked(options);
  const { where, idempotency } = settings;
  const { guards, names } = guardsOf(options, settings, rt, define);
  if (idempotency !== undefined) names.push("idempotency");
  const handler = handlerStage(options.handler);
  const serve = idempotency === undefined ? handler : idempotentStage(handler, idempotency);
  const timeouts = settings.timeoutMs === undefined ? undefined : new Deadlines(rt.clock, settings.timeoutMs);
  return {
    plan: {
      rt,
      name: options.name,
      paramNames: settings.paramNames,
      clientOf: clientOf(options.trustProxy ?? false, `${where}.trustProxy`),
      timeouts,
      challenge: settings.challenge,
    },
    guards,
    names,
    serve: timeouts === undefined ? serve : timedStage(serve, timeouts),
    cors: settings.cors,
    surface: surfaceOf(options, settings),
  };
}

/** The guards that are called for, in the order that `Endpoint` documents. */
function guardsOf(
  options: AnyEndpointOptions,
  settings: Settings,
  rt: Runtime,
  define: DefineLimiter,
): { guards: Guard[]; names: string[] } {
  const { cors, contentTypes, maxBytes, needsRaw, where } = settings;
  const limits = plannedLimits(options, where);
  const byClient = limits.filter((limit) => limit.by === "client");
  const byPrincipal = limits.filter((limit) => limit.by !== "client");
  const failures = failureLimit(options, byClient.length > 0, define);
  const guards: Guard[] = [];
  const names: string[] = [];
  const add = (name: string, guard: Guard | undefined | false) => {
    if (!guard) return;
    guards.push(guard);
    names.push(name);
  };
  add("origin", cors && originGuard(cors, options.requireOrigin ?? false));
  add("query", queryGuard(settings.maxQueryBytes));
  add("content-type", contentTypes.length > 0 && contentTypeGuard(contentTypes));
  add("content-length", options.method !== "GET" && contentLengthGuard(maxBytes, !settings.readsBody));
  add("limit:client", byClient.length > 0 && limitGuard(byClient));
  add("auth", isAnonymous(options.auth) ? anonymousGuard : authGuard(options.auth, failures));
  add("context", (options.tenant ?? options.priority) !== undefined && contextGuard(options.tenant, options.priority));
  add("limit", byPrincipal.length > 0 && limitGuard(byPrincipal));
  if (settings.readsBody) {
    const deadlines = new Deadlines(rt.clock, settings.bodyTimeoutMs);
    add("body", bodyGuard({ maxBytes, deadlines, needsRaw, where }));
  }
  add("signature", options.signature && signatureGuard(options.signature, failures));
  add("decode", options.body && decodeGuard(settings.maxDepth, contentTypes.every(isJsonType)));
  for (const part of PARTS) {
    const schema = options[part];
    add(`schema:${part}`, schema && schemaGuard(part, schema));
  }
  return { guards, names };
}

function surfaceOf(options: AnyEndpointOptions, settings: Settings): Surface {
  const { signature, replay, origins } = options;
  const { idempotency, contentTypes, maxBytes, maxDepth, maxQueryBytes } = settings;
  return {
    kind: "http",
    name: options.name,
    method: options.method,
    path: options.path,
    auth: settings.auth,
    limits: settings.limits,
    validates: PARTS.filter((part) => options[part] !== undefined),
    ...(settings.readsBody && { maxBytes }),
    ...(options.body !== undefined && { maxDepth }),
    maxQueryBytes,
    ...(contentTypes.length > 0 && { contentTypes }),
    ...(origins !== undefined && { origins }),
    ...(signature !== undefined && { signature: signature.name }),
    ...(idempotency !== undefined && { idempotency: idempotency.use.required === true ? "required" : "optional" }),
    ...(replay !== undefined && { replay: replay.name }),
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

/** Failed credentials never go unlimited by oversight: either the client is limited anyway, or its failures are. */
function failureLimit(
  { name, auth, authFailures, signature }: AnyEndpointOptions,
  limitedByClient: boolean,
  define: DefineLimiter,
): FailureLimit | undefined {
  if (isUnlimited(authFailures)) return undefined;
  if (authFailures !== undefined) return new FailureLimit(authFailures);
  const checks = !isAnonymous(auth) || signature !== undefined;
  if (!checks || limitedByClient) return undefined;
  return new FailureLimit(define(`${name}:auth-failures`, DEFAULT_FAILURE_LIMIT));
}
