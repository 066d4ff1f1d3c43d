import { ConfigError, oneOf, onlyKnown } from "../../core/config.js";
import { bytes, type Duration, milliseconds, type Size } from "../../core/duration.js";

/** Whose bytes are meant: `requests` go to the server, `answers` come from it. */
export type ProxyWay = "both" | "requests" | "answers";

/** What goes wrong with connections. */
export type ProxyFault = (
  | /** Passes bytes on later: by `delay`, and up to `jitter` more. Their order is kept. */
  { readonly kind: "latency"; readonly delay: Duration; readonly jitter?: Duration; readonly way?: ProxyWay }
  /** Passes on so much a second, each way and connection for itself. */
  | { readonly kind: "bandwidth"; readonly perSecond: Size; readonly way?: ProxyWay }
  /**
   * `on: "connect"`: resets (RST) every connection, and each new one as soon as it stands. `on: "answer"`: resets a
   * connection when the server answers something on it, in place of the answer. Default `"connect"`.
   */
  | { readonly kind: "reset"; readonly on?: "connect" | "answer" }
  /**
   * A partition: swallows what comes, as a route does that is gone. Connections stay, and new ones are accepted. One
   * that lost something never speaks again: once the route is back, its next byte is answered with a reset.
   */
  | { readonly kind: "blackhole"; readonly way?: ProxyWay }
  /** Tells one side that the other has ended (FIN) only after `delay`. */
  | { readonly kind: "slow-close"; readonly delay: Duration; readonly way?: ProxyWay }
  /** Down: the port is closed, and every connection reset. */
  | { readonly kind: "refuse" }
) & {
  /** Is gone after this. Default: stays until it is removed. */
  readonly ttl?: Duration;
};

/** A {@link ProxyFault}, checked and filled in; times in milliseconds. */
export interface CheckedProxyFault {
  readonly fault: ProxyFault;
  readonly ttlMs: number | undefined;
  readonly requests: boolean;
  readonly answers: boolean;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerMs: number;
}

const OWN_OPTIONS = {
  latency: ["delay", "jitter", "way"],
  bandwidth: ["perSecond", "way"],
  reset: ["on"],
  blackhole: ["way"],
  "slow-close": ["delay", "way"],
  refuse: [],
} as const satisfies Record<ProxyFault["kind"], readonly string[]>;

/** @throws {ConfigError} naming the option that is wrong: faults come over the admin port, too */
export function checkProxyFault(fault: ProxyFault): CheckedProxyFault {
  if (typeof fault !== "object" || fault === null) throw new ConfigError("fault", fault, "an object with a kind");
  const kind = oneOf(fault.kind, "fault.kind", Object.keys(OWN_OPTIONS) as ProxyFault["kind"][]);
  onlyKnown(fault, "fault", ["kind", "ttl", ...OWN_OPTIONS[kind]]);
  if (fault.kind === "reset" && fault.on !== undefined) oneOf(fault.on, "fault.on", ["connect", "answer"]);
  const way = "way" in fault && fault.way !== undefined ? fault.way : "both";
  oneOf(way, "fault.way", ["both", "requests", "answers"]);
  const { delay, jitter } = fault as { readonly delay?: Duration; readonly jitter?: Duration };
  const delays = fault.kind === "latency" || fault.kind === "slow-close";
  return {
    fault,
    ttlMs: fault.ttl === undefined ? undefined : milliseconds(fault.ttl, "fault.ttl", 1),
    requests: way !== "answers",
    answers: way !== "requests",
    delayMs: delays ? milliseconds(delay as Duration, "fault.delay") : 0,
    jitterMs: jitter === undefined ? 0 : milliseconds(jitter, "fault.jitter"),
    bytesPerMs: fault.kind === "bandwidth" ? rate(fault.perSecond) : Infinity,
  };
}

function rate(perSecond: Size): number {
  const rate = bytes(perSecond, "fault.perSecond");
  if (rate < 1) throw new ConfigError("fault.perSecond", perSecond, "at least 1 byte");
  return rate / 1000;
}
