/**
 * One taxonomy from the database to the browser: each code has a category, an HTTP status and a title that is safe
 * to show to anyone.
 */
export const taxonomy = {
  validation: { category: "validation", status: 400, title: "The input is not valid" },
  invalid_json: { category: "validation", status: 400, title: "The body is not valid JSON" },
  unsupported_media_type: { category: "validation", status: 415, title: "The content type is not supported" },
  payload_too_large: { category: "validation", status: 413, title: "The body is too large" },
  uri_too_long: { category: "validation", status: 414, title: "The query is too long" },
  request_timeout: { category: "validation", status: 408, title: "The body did not arrive in time" },
  unauthenticated: { category: "auth", status: 401, title: "Credentials are missing or not valid" },
  forbidden: { category: "auth", status: 403, title: "Not allowed" },
  not_found: { category: "not_found", status: 404, title: "Not found" },
  method_not_allowed: { category: "not_found", status: 405, title: "The method is not allowed here" },
  conflict: { category: "conflict", status: 409, title: "The request conflicts with another" },
  idempotency_mismatch: {
    category: "conflict",
    status: 422,
    title: "The idempotency key was used for another request",
  },
  rate_limit: { category: "rate_limit", status: 429, title: "Too many requests" },
  queue_saturated: { category: "rate_limit", status: 503, title: "The queue is full" },
  job_failed: { category: "upstream", status: 502, title: "A job failed" },
  job_dead: { category: "upstream", status: 502, title: "A job failed in every attempt" },
  job_timeout: { category: "upstream", status: 504, title: "A job did not end in time" },
  job_expired: { category: "unavailable", status: 503, title: "A job was not begun in time" },
  job_cancelled: { category: "unavailable", status: 503, title: "A job was cancelled" },
  upstream_timeout: { category: "upstream", status: 504, title: "An upstream did not answer in time" },
  upstream_circuit_open: {
    category: "upstream",
    status: 503,
    title: "An upstream is failing and is not called for now",
  },
  upstream_bulkhead_full: { category: "upstream", status: 503, title: "Too many calls to an upstream are under way" },
  upstream_bad_status: { category: "upstream", status: 502, title: "An upstream answered with an error" },
  upstream_failed: { category: "upstream", status: 502, title: "An upstream failed" },
  unavailable: { category: "unavailable", status: 503, title: "Not available right now" },
  aborted: { category: "aborted", status: 499, title: "The caller went away" },
  internal: { category: "internal", status: 500, title: "Something went wrong" },
} as const satisfies Record<string, { category: string; status: number; title: string }>;

/** Every code a {@link KeelsonError} can have. */
export type ErrorCode = keyof typeof taxonomy;

/** The groups that codes fall into. */
export type ErrorCategory = (typeof taxonomy)[ErrorCode]["category"];

/** One thing that is wrong with an input. */
export interface Issue {
  /** Which part of the input: `body`, `query`, `params`, `headers`, `args`, `result`. */
  readonly in: string;
  /** JSON Pointer (RFC 6901) into that part; `""` is the whole. */
  readonly pointer: string;
  /** What is wrong, readable, free of internals. */
  readonly message: string;
}

/** What may be said of a {@link KeelsonError} beside its code and message. */
export interface ErrorDetails {
  /** What caused it. Kept inside: never sent to a client. */
  readonly cause?: unknown;
  /** Milliseconds after which trying again makes sense. */
  readonly retryAfterMs?: number;
  /** What is wrong with the input. Sent to the client. */
  readonly issues?: readonly Issue[];
  /** In place of the code's HTTP status. */
  readonly status?: number;
  /** Sent to the client as the problem's `detail`. Left out: none is sent, for `message` may name internals. */
  readonly detail?: string;
  /** Response headers this error calls for (`Allow`, `WWW-Authenticate`). */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which part of the system raised it: `limiter:chat`, `upstream:serper`. Kept inside. */
  readonly source?: string;
}

/** The one error that leaves Keelson: it has a code, a category, an HTTP status and, where it makes sense, a time to wait. */
export class KeelsonError extends Error {
  override readonly name: string = "KeelsonError";
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly issues: readonly Issue[] | undefined;
  readonly detail: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly source: string | undefined;

  constructor(code: ErrorCode, message: string = taxonomy[code].title, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    const entry = taxonomy[code];
    this.code = code;
    this.category = entry.category;
    this.status = details.status ?? entry.status;
    this.retryAfterMs = details.retryAfterMs;
    this.issues = details.issues;
    this.detail = details.detail;
    this.headers = details.headers;
    this.source = details.source;
  }
}

/** Whether something thrown is a {@link KeelsonError} (of `code`, where given), also across copies of the package. */
export function isKeelsonError(thrown: unknown, code?: ErrorCode): thrown is KeelsonError {
  return (
    thrown instanceof Error &&
    typeof (thrown as Partial<KeelsonError>).category === "string" &&
    Object.hasOwn(taxonomy, (thrown as Partial<KeelsonError>).code ?? "") &&
    (code === undefined || (thrown as KeelsonError).code === code)
  );
}
