import { type ErrorCategory, type ErrorCode, type Issue, type KeelsonError, taxonomy } from "../core/errors.js";

/** What a client is sent when something went wrong: RFC 9457 `application/problem+json`. */
export interface Problem {
  /** A URI that names the kind of problem: see {@link ProblemOptions.typeBase}. */
  readonly type: string;
  /** What went wrong in general; the same for every problem of its code. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What went wrong this time, where that may be said to anyone. */
  readonly detail?: string;
  /** A URI reference for this occurrence. */
  readonly instance?: string;
  readonly code: ErrorCode;
  /** Seconds after which to try again, as in the Retry-After header. */
  readonly retryAfter?: number;
  /** What is wrong with the input. */
  readonly errors?: readonly ProblemIssue[];
  readonly traceId?: string;
}

/** One entry of {@link Problem.errors}. */
export interface ProblemIssue {
  /** `body`, `query`, `params`, `headers`. */
  readonly in: string;
  /** JSON Pointer (RFC 6901) into that part. */
  readonly pointer: string;
  readonly detail: string;
}

/** What is said of a problem beside the error itself. */
export interface ProblemOptions {
  readonly instance?: string | undefined;
  readonly traceId?: string | undefined;
  /**
   * What the code is appended to where no registered type fits. Default `urn:problem-type:keelson:`. A page of your
   * own, `https://shop.example/problems#`, makes the type a link.
   */
  readonly typeBase?: string | undefined;
}

/**
 * The types that draft-ietf-httpapi-ratelimit-headers registers in the IANA registry of RFC 9457, section 4.2.
 */
const REGISTRY = "https://iana.org/assignments/http-problem-types#";
const REGISTERED: Partial<Record<ErrorCode, string>> = {
  rate_limit: "quota-exceeded",
  unavailable: "temporary-reduced-capacity",
};

/** The problem details of an error. Its cause, stack, message and source stay inside. */
export function toProblem(error: KeelsonError, options: ProblemOptions = {}): Problem {
  const { code, status, detail, issues } = error;
  const { instance, traceId, typeBase = "urn:problem-type:keelson:" } = options;
  const registered = REGISTERED[code];
  const retryAfter = retryAfterSeconds(error);
  return {
    type: registered === undefined ? typeBase + code : REGISTRY + registered,
    title: taxonomy[code].title,
    status,
    ...(detail !== undefined && { detail }),
    ...(instance !== undefined && { instance }),
    code,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(issues !== undefined && {
      errors: issues.map(({ in: part, pointer, message }) => ({ in: part, pointer, detail: message })),
    }),
    ...(traceId !== undefined && { traceId }),
  };
}

/** The headers of a problem response: `content-type`, `retry-after` and those the error calls for, names in lower case. */
export function problemHeaders(error: KeelsonError): [string, string][] {
  const headers: [string, string][] = [["content-type", "application/problem+json"]];
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== undefined) headers.push(["retry-after", String(retryAfter)]);
  for (const [name, value] of Object.entries(error.headers ?? {})) {
    const key = name.toLowerCase();
    if (headers.every(([known]) => known !== key)) headers.push([key, value]);
  }
  return headers;
}

/**
 * Whole seconds, rounded up, at least 1: a client that comes back then is never too early. A 429 and a 503 always say
 * when to come back (1 s where nothing better is known); others only where the error knows.
 */
function retryAfterSeconds({ retryAfterMs, status }: KeelsonError): number | undefined {
  if (retryAfterMs !== undefined && Number.isFinite(retryAfterMs)) return Math.max(1, Math.ceil(retryAfterMs / 1000));
  return status === 429 || status === 503 ? 1 : undefined;
}

/** An error as plain JSON data, for functions that are called over a wire which carries no HTTP status. */
export interface FunctionError {
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  /** What may be said to anyone: the error's detail, or its code's title. */
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly issues?: readonly Issue[];
}

/** The JSON shape of an error at a function boundary. Its cause, stack, message and source stay inside. */
export function toFunctionError(error: KeelsonError): FunctionError {
  const { code, detail, retryAfterMs, issues } = error;
  return {
    code,
    category: taxonomy[code].category,
    message: detail ?? taxonomy[code].title,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(issues !== undefined && { issues }),
  };
}
