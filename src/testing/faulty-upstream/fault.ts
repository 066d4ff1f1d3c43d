import { ConfigError, fraction, integer, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";

/** Which requests a fault strikes, and for how long it is there. */
export interface FaultScope {
  /** `"/search"`, `"POST /search"`, or all below with `"/api/*"`. Default: every request. */
  readonly route?: string;
  /** The share of those requests that it strikes, above 0 and up to 1. Default 1. */
  readonly probability?: number;
  /** Strikes so many requests, and is gone. Default: no limit. */
  readonly next?: number;
  /** Is gone after this. Default: stays until it is removed. */
  readonly ttl?: Duration;
}

/** What goes wrong. */
export type FaultKind =
  /** Answers later: by `delay`, and up to `jitter` more. Other faults still act after it. */
  | { readonly kind: "latency"; readonly delay: Duration; readonly jitter?: Duration }
  /** Answers when the fault is removed. Other faults still act after it. */
  | { readonly kind: "hold" }
  /** Answers with this status instead, and with Retry-After (in whole seconds, rounded up) where it is given. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: Duration }
  /** Resets the connection instead of answering. */
  | { readonly kind: "reset" }
  /** Never answers; or sends the head and the first half of the body, and then nothing more. Default `"head"`. */
  | { readonly kind: "hang"; readonly before?: "head" | "body" }
  /**
   * `"malformed"`: a whole answer whose body is cut in the middle, so that it is no JSON. `"truncated"`: an answer that
   * breaks off before its Content-Length. Default `"malformed"`.
   */
  | { readonly kind: "garbage"; readonly form?: "malformed" | "truncated" };

/** A fault to inject. */
export type Fault = FaultKind & FaultScope;

/** What a fault is called in counts. */
export type FaultName = FaultKind["kind"] | "refuse";

const OWN_OPTIONS = {
  latency: ["delay", "jitter"],
  hold: [],
  status: ["status", "retryAfter"],
  reset: [],
  hang: ["before"],
  garbage: ["form"],
} as const satisfies Record<FaultKind["kind"], readonly string[]>;

/** A {@link Fault}, checked and filled in; times in milliseconds. */
export interface CheckedFault {
  readonly fault: Fault;
  readonly matches: (method: string, path: string) => boolean;
  readonly probability: number;
  /** `Infinity`: no limit. */
  readonly next: number;
  readonly ttlMs: number | undefined;
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Whole seconds. */
  readonly retryAfter: number | undefined;
}

/** @throws {ConfigError} naming the option that is wrong: faults come over the admin endpoint too */
export function checkFault(fault: Fault): CheckedFault {
  if (typeof fault !== "object" || fault === null) throw new ConfigError("fault", fault, "an object with a kind");
  const kind = oneOf(fault.kind, "fault.kind", Object.keys(OWN_OPTIONS) as FaultKind["kind"][]);
  onlyKnown(fault, "fault", ["kind", "route", "probability", "next", "ttl", ...OWN_OPTIONS[kind]]);
  if (fault.kind === "status") integer(fault.status, "fault.status", 400, 599);
  if (fault.kind === "hang" && fault.before !== undefined) oneOf(fault.before, "fault.before", ["head", "body"]);
  if (fault.kind === "garbage" && fault.form !== undefined) oneOf(fault.form, "fault.form", ["malformed", "truncated"]);
  const { probability = 1, next, ttl } = fault;
  const latency = fault.kind === "latency" ? fault : undefined;
  const retryAfter = fault.kind === "status" ? fault.retryAfter : undefined;
  return {
    fault,
    matches: routeMatcher(fault.route),
    probability: fraction(probability, "fault.probability", Number.MIN_VALUE, 1),
    next: next === undefined ? Infinity : integer(next, "fault.next", 1),
    ttlMs: ttl === undefined ? undefined : milliseconds(ttl, "fault.ttl", 1),
    delayMs: latency === undefined ? 0 : milliseconds(latency.delay, "fault.delay"),
    jitterMs: latency?.jitter === undefined ? 0 : milliseconds(latency.jitter, "fault.jitter"),
    retryAfter: retryAfter === undefined ? undefined : Math.ceil(milliseconds(retryAfter, "fault.retryAfter") / 1000),
  };
}

function routeMatcher(route: string | undefined): CheckedFault["matches"] {
  if (route === undefined) return () => true;
  const found = typeof route === "string" ? /^(?:([A-Z]+) )?(\/[^\s*]*)(\*)?$/.exec(route) : null;
  if (found === null) throw new ConfigError("fault.route", route, '"/search", "POST /search" or "/api/*"');
  const [, wanted, start = "/", below] = found;
  return (method, path) =>
    (wanted === undefined || method === wanted) && (below === undefined ? path === start : path.startsWith(start));
}
