import { ConfigError, oneOf, onlyKnown } from "../../core/config.js";
import { milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import type { Runtime } from "../../core/runtime.js";
import { outcomeOfError } from "../breaker/classify-call.js";
import { discard } from "../retry/discard.js";
import { parseRetryAfter } from "../retry/retry-after.js";
import { timeoutError } from "../timeout/timeout-error.js";
import type { Attempt, UpstreamCall, UpstreamOptions } from "./options.js";
import type { Callee, Pass } from "./pass.js";
import { isBadStatus, type Rules } from "./rules.js";
import { UpstreamStatusError } from "./status-error.js";
import { traceparent } from "./traceparent.js";

/** RFC 9110, 9.2.2. */
const IDEMPOTENT_METHODS = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/** A request on its way: what sends it, and what is to be known of it. */
interface PreparedRequest {
  readonly send: Callee<Response>;
  readonly rules: Rules;
  readonly options: UpstreamCall;
}

/** The part of an upstream that knows HTTP. */
export class HttpCalls {
  readonly #rules: Rules;
  /** For a body that can be read only once: not even a refused request can be sent again. */
  readonly #rulesOnce: Rules;
  readonly #name: string;
  readonly #rt: Runtime;
  readonly #fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  readonly #idempotent: ReadonlySet<string>;
  readonly #bodyTimeoutMs: number | undefined;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(where: string, name: string, options: UpstreamOptions<never, unknown>, rt: Runtime) {
    const { http = {}, classify = {} } = options;
    onlyKnown(http, `${where}.http`, ["fetch", "badStatus", "idempotentMethods", "bodyTimeout"]);
    if (http.fetch !== undefined && typeof http.fetch !== "function")
      throw new ConfigError(`${where}.http.fetch`, http.fetch, "a function");
    const badStatus = oneOf(http.badStatus ?? "throw", `${where}.http.badStatus`, ["throw", "return"]);
    this.#name = name;
    this.#rt = rt;
    // The global one is looked up with each call, so that what replaces it later is used.
    this.#fetch = http.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#idempotent = new Set([...IDEMPOTENT_METHODS, ...(http.idempotentMethods ?? [])].map((m) => m.toUpperCase()));
    this.#bodyTimeoutMs =
      http.bodyTimeout === undefined ? undefined : milliseconds(http.bodyTimeout, `${where}.http.bodyTimeout`, 1);
    this.#rules = {
      result: classify.response ?? outcomeOfResponse,
      error: classify.error ?? outcomeOfFetchError,
      retryAfter: (error, bad) =>
        bad === undefined
          ? classify.retryAfter?.(error)
          : parseRetryAfter((bad.value as Response).headers.get("retry-after"), rt.clock.wall()),
      refused: (_, bad) => (bad?.value as Response | undefined)?.status === 429,
      surface:
        badStatus === "return"
          ? undefined
          : (response: Response) => {
              discard(response);
              const hint = parseRetryAfter(response.headers.get("retry-after"), rt.clock.wall());
              return new UpstreamStatusError(name, response, hint);
            },
    };
    this.#rulesOnce = { ...this.#rules, refused: () => false };
  }

  /** Makes of what `fetch` takes what the upstream takes. */
  prepare(input: string | URL | Request, init: RequestInit = {}, call: UpstreamCall = {}): PreparedRequest {
    const request = typeof input === "object" && "headers" in input ? input : undefined;
    const signal = call.signal ?? init.signal ?? request?.signal;
    const context = call.context ?? this.#rt.currentContext?.();
    const headers = new Headers(init.headers ?? request?.headers);
    const trace = context && traceparent(context, this.#rt.random);
    const traced = trace !== undefined && !headers.has("traceparent");
    if (traced) headers.set("traceparent", trace);
    const once = isStream(init.body ?? request?.body);
    const idempotent =
      !once &&
      (call.idempotent ??
        (this.#idempotent.has((init.method ?? request?.method ?? "GET").toUpperCase()) ||
          headers.has("idempotency-key")));
    const sent = traced ? { ...init, headers } : init;
    return {
      send: (attempt) => this.#send(input, sent, attempt, signal),
      rules: once ? this.#rulesOnce : this.#rules,
      options: {
        ...call,
        idempotent,
        ...(signal !== undefined && { signal }),
        ...(context !== undefined && { context }),
      },
    };
  }

  async #send(
    input: string | URL | Request,
    init: RequestInit,
    attempt: Attempt,
    caller: AbortSignal | undefined,
  ): Promise<Response> {
    // Past the headers the attempt's own signal is no longer aborted, but a caller who leaves wants no body either.
    const signal =
      caller === undefined || typeof AbortSignal.any !== "function"
        ? attempt.signal
        : AbortSignal.any([attempt.signal, caller]);
    let response: Response;
    try {
      response = await this.#fetch(input, { ...init, signal });
    } catch (error) {
      if (isInvalidUrl(error) || isRefusal(error)) throw error;
      throw new KeelsonError("upstream_failed", `upstream "${this.#name}": ${messageOf(error)}`, {
        cause: error,
        source: `upstream:${this.#name}`,
      });
    }
    const bodyMs = this.#bodyTimeoutMs;
    if (bodyMs !== undefined && response.body) {
      // A body that is complete by then is not touched by this.
      const late = () => (attempt as Pass<Response>).abort(timeoutError(`upstream:${this.#name}`, "attempt", bodyMs));
      this.#rt.clock.alarm(bodyMs, late, "background");
    }
    return response;
  }
}

/** How a status counts. */
export function outcomeOfResponse({ status }: Response): "success" | "failure" | "ignored" {
  if (status < 400) return "success";
  return isBadStatus(status) ? "failure" : "ignored";
}

/** A request that could never be sent is its maker's fault; what another policy refused says nothing of the callee. */
export function outcomeOfFetchError(error: unknown): "failure" | "ignored" | "rejected" {
  if (isInvalidUrl(error)) return "ignored";
  return isRefusal(error) ? "rejected" : "failure";
}

/** Whether one of our own policies kept it from being sent. */
function isRefusal(error: unknown): boolean {
  return outcomeOfError(error, undefined, undefined) === "rejected";
}

function isInvalidUrl(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  return code === "ERR_INVALID_URL" || cause?.code === "ERR_INVALID_URL";
}

/** A body that can be read only once. */
function isStream(body: unknown): boolean {
  return typeof body === "object" && body !== null && ("getReader" in body || Symbol.asyncIterator in (body as object));
}

/** `fetch failed` says nothing; its cause does. */
function messageOf(error: unknown): string {
  const { message, cause } = (error ?? {}) as { message?: unknown; cause?: { message?: unknown } };
  return [message, cause?.message].filter((part) => typeof part === "string" && part !== "").join(": ") || "failed";
}
