import { type ErrorCode, type ErrorDetails, type Issue, isKeelsonError, KeelsonError } from "../core/errors.js";
import { StoreFailure } from "../core/store.js";

/**
 * Makes a {@link KeelsonError} of anything that was thrown. Known are: Keelson's own errors (also those of another
 * copy of the package), `AbortError` and `TimeoutError`, store failures, the errors of http-errors and of body-parser,
 * network errors of Node and undici, and an AggregateError or `fetch failed` that holds one of these. Everything else
 * is `internal`. What was thrown is the `cause`. Never throws itself, whatever it is given.
 */
export function classify(thrown: unknown): KeelsonError {
  try {
    return (isForeign(thrown) ? known(thrown, 0) : undefined) ?? internal(thrown);
  } catch {
    // A getter or a proxy trap threw: there is nothing to learn from this value.
    return new KeelsonError("internal", "An unreadable value was thrown", { cause: thrown });
  }
}

/** What is looked at in something thrown that is not ours. */
interface Foreign {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly expose?: unknown;
  readonly reason?: unknown;
  readonly applied?: unknown;
  readonly errors?: unknown;
  readonly cause?: unknown;
}

/** Not `instanceof Object`: errors come from other realms too. */
function isForeign(thrown: unknown): thrown is Foreign {
  return typeof thrown === "object" && thrown !== null;
}

/** Chains of causes and nested AggregateErrors are followed this far; they may be circular. */
const DEEPEST = 4;

function known(thrown: Foreign, depth: number): KeelsonError | undefined {
  // The code is read here, where it is caught if that throws: a proxy of ours is an instance too.
  if (thrown instanceof KeelsonError && typeof thrown.code === "string") return thrown;
  if (isKeelsonError(thrown)) return copied(thrown);
  if (thrown.name === "AbortError" || thrown.code === "UND_ERR_ABORTED") return error("aborted", thrown);
  if (thrown.name === "TimeoutError") return error("upstream_timeout", thrown);
  if (isStoreFailure(thrown)) return error("unavailable", thrown, { source: "store" });
  return http(thrown) ?? network(thrown, depth);
}

function isStoreFailure(thrown: Foreign): boolean {
  return (
    thrown instanceof StoreFailure ||
    (typeof thrown.reason === "string" && (thrown.applied === "no" || thrown.applied === "unknown"))
  );
}

/** The `type`s of body-parser and raw-body. */
const BODY_PARSER: Readonly<Record<string, ErrorCode>> = {
  "entity.too.large": "payload_too_large",
  "parameters.too.many": "payload_too_large",
  "entity.parse.failed": "invalid_json",
  "encoding.unsupported": "unsupported_media_type",
  "charset.unsupported": "unsupported_media_type",
  "entity.verify.failed": "forbidden",
  "request.aborted": "aborted",
  "request.size.invalid": "validation",
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  408: "request_timeout",
  409: "conflict",
  413: "payload_too_large",
  414: "uri_too_long",
  415: "unsupported_media_type",
  429: "rate_limit",
  502: "upstream_failed",
  503: "unavailable",
  504: "upstream_timeout",
};

/**
 * The errors of http-errors: a status together with `expose`. A status alone proves nothing: an SDK's error carries
 * the status that an upstream gave it, and that is not what our caller is to be told.
 */
function http(thrown: Foreign): KeelsonError | undefined {
  const status = thrown.status ?? thrown.statusCode;
  if (typeof status !== "number") return undefined;
  const parser = typeof thrown.type === "string" && Object.hasOwn(BODY_PARSER, thrown.type);
  if (parser) return error(BODY_PARSER[thrown.type as string] ?? "internal", thrown);
  // Express throws this for a path parameter that does not decode; it has no `expose`.
  if (thrown instanceof URIError && status === 400) return error("validation", thrown);
  if (typeof thrown.expose !== "boolean") return undefined;
  if (status >= 400 && status < 500) {
    return error(BY_STATUS[status] ?? "validation", thrown, {
      status,
      ...(thrown.expose && typeof thrown.message === "string" && { detail: thrown.message.slice(0, 200) }),
    });
  }
  return error(BY_STATUS[status] ?? "internal", thrown);
}

/** Network failures by `code`, here, among the errors of an AggregateError, or further down the causes. */
function network(thrown: Foreign, depth: number): KeelsonError | undefined {
  const { code } = thrown;
  if (typeof code === "string") {
    if (/^(?:ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/.test(code))
      return error("upstream_timeout", thrown);
    if (/^(?:ECONN|ENOTFOUND|EAI_|EPIPE|EHOST|ENET|UND_ERR_|ERR_TLS_|ERR_SSL_)/.test(code))
      return error("upstream_failed", thrown);
  }
  if (depth === DEEPEST) return undefined;
  if (Array.isArray(thrown.errors)) {
    for (const inner of thrown.errors.slice(0, 10)) {
      const found = isForeign(inner) ? known(inner, depth + 1) : undefined;
      if (found !== undefined) return found === inner ? found : error(found.code, thrown);
    }
  }
  const { cause } = thrown;
  const found = isForeign(cause) ? network(cause, depth + 1) : undefined;
  return found && error(found.code, thrown);
}

/** Ours, made by another copy of the package: read once, so that what follows can trust it. */
function copied(other: KeelsonError): KeelsonError {
  const { retryAfterMs, issues, detail, source, status, headers } = other;
  return new KeelsonError(other.code, String(other.message), {
    cause: other,
    ...(typeof retryAfterMs === "number" && { retryAfterMs }),
    ...(typeof status === "number" && { status }),
    ...(typeof detail === "string" && { detail }),
    ...(typeof source === "string" && { source }),
    ...(Array.isArray(issues) && { issues: issues as readonly Issue[] }),
    ...(typeof headers === "object" && headers !== null && { headers: { ...headers } }),
  });
}

function internal(thrown: unknown): KeelsonError {
  if (thrown instanceof Error) return error("internal", thrown);
  return new KeelsonError("internal", `Something that is not an Error was thrown (${typeof thrown})`, {
    cause: thrown,
  });
}

function error(code: ErrorCode, thrown: Foreign, details: ErrorDetails = {}): KeelsonError {
  const { message } = thrown;
  return new KeelsonError(code, typeof message === "string" && message !== "" ? message : undefined, {
    ...details,
    cause: thrown,
  });
}
