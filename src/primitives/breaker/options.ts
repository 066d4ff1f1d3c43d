import { ConfigError, fraction, integer, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import { type FleetConfig, fleetConfig, type SharedBreakerOptions } from "./fleet-options.js";
import type { Criteria } from "./verdict.js";

/** Length of the window that outcomes are counted over. */
export const DEFAULT_WINDOW: Duration = "30s";
/** Buckets that a time window is made of: it forgets a tenth of its length at a time. */
export const TIME_WINDOW_BUCKETS = 10;
/** Share of failures that opens the circuit. */
export const DEFAULT_FAILURE_RATE = 0.5;
/** Calls a window must hold before it is judged, so that the first failure of a quiet service opens nothing. */
export const DEFAULT_MINIMUM_CALLS = 20;
/** How long the circuit stays open the first time. */
export const DEFAULT_OPEN_FOR: Duration = "5s";
/** Where the doubling of `openFor` ends. */
export const DEFAULT_MAX_OPEN_FOR: Duration = "60s";
/** The share by which an open time varies either way, so that a fleet doesn't probe in step. */
export const DEFAULT_JITTER = 0.2;
/** Calls that decide whether a half-open circuit closes. */
export const DEFAULT_HALF_OPEN_CALLS = 3;
/** How long a probe may hang before it counts as failed; `openFor` where that is longer. */
export const DEFAULT_HALF_OPEN_MAX_WAIT: Duration = "30s";

/** A count window is a byte a call; past this a time window says the same for less. */
const MOST_WINDOW_CALLS = 1_000_000;
/** The smallest rate: at 0 a circuit would open without a failure. */
const LEAST_RATE = 0.001;

/** Options of a {@link Breaker}. `K` is the type of the knobs that tunable options are functions of. */
export interface BreakerOptions<K = Record<string, never>> {
  /** What outcomes are counted over: a time, or the last so many calls. Default `"30s"`, in ten buckets. */
  readonly window?: Duration | { readonly calls: number };
  /** Share of failures, above 0 and up to 1, that opens the circuit. Default 0.5. */
  readonly failureRate?: Tunable<K, number>;
  /** Calls the window must hold before it is judged. Default 20, or the size of a smaller count window. */
  readonly minimumCalls?: Tunable<K, number>;
  /** Opens the circuit also when the share `rate` of calls took longer than `over`, however they ended. Default: off. */
  readonly slowCall?: { readonly over: Duration; readonly rate: number };
  /** How long the circuit stays open the first time; doubles with every probe that fails. Default `"5s"`. */
  readonly openFor?: Tunable<K, Duration>;
  /** Where the doubling ends, and the longest Retry-After that is followed. Default `"60s"`, at least `openFor`. */
  readonly maxOpenFor?: Duration;
  /** Share by which an open time varies either way, from 0 to 1. Default 0.2. */
  readonly jitter?: number;
  /** How a circuit that was open tries again. */
  readonly halfOpen?: {
    /** Calls let through, and judged by the same rates. Default 3. */
    readonly calls?: number;
    /** How long such a call may hang before the circuit opens again. Default `"30s"`, or `openFor` where longer. */
    readonly maxWait?: Duration;
  };
  /** For {@link Breaker.run}: errors that say nothing about the callee's health; they aren't counted. */
  readonly ignore?: (error: unknown) => boolean;
  /** For {@link Breaker.run}: results that count as failures. */
  readonly isFailure?: (result: unknown) => boolean;
  /**
   * Acts in concert with the breakers of the same name in other processes: it opens when a quorum of them has, and they
   * take turns in trying the callee again. Needs a store. Default: off, each process for itself.
   */
  readonly shared?: true | SharedBreakerOptions;
}

/** {@link BreakerOptions}, checked and filled in; times in milliseconds. */
export interface BreakerConfig extends Criteria {
  /** Length of a time window; 0 for a count window. */
  readonly windowMs: number;
  /** Size of a count window; 0 for a time window. */
  readonly windowCalls: number;
  /** Calls longer than this are slow; `Infinity`: none is. */
  readonly slowOverMs: number;
  readonly openForMs: number;
  readonly maxOpenForMs: number;
  readonly jitter: number;
  readonly halfOpenCalls: number;
  readonly halfOpenMaxWaitMs: number;
}

/** @throws {ConfigError} naming the first option that is wrong */
export function breakerConfig(where: string, options: BreakerOptions<never>, read: ReadTunable): BreakerConfig {
  onlyKnown(options, where, [
    "window",
    "failureRate",
    "minimumCalls",
    "slowCall",
    "openFor",
    "maxOpenFor",
    "jitter",
    "halfOpen",
    "ignore",
    "isFailure",
    "shared",
  ]);
  for (const name of ["ignore", "isFailure"] as const)
    if (options[name] !== undefined && typeof options[name] !== "function")
      throw new ConfigError(`${where}.${name}`, options[name], "a function");
  const { window = DEFAULT_WINDOW, slowCall, halfOpen = {} } = options;
  let windowMs = 0;
  let windowCalls = 0;
  if (typeof window === "object" && window !== null) {
    onlyKnown(window, `${where}.window`, ["calls"]);
    windowCalls = integer(window.calls, `${where}.window.calls`, 1, MOST_WINDOW_CALLS);
  } else windowMs = milliseconds(window, `${where}.window`, TIME_WINDOW_BUCKETS);
  if (slowCall !== undefined) onlyKnown(slowCall, `${where}.slowCall`, ["over", "rate"]);
  onlyKnown(halfOpen, `${where}.halfOpen`, ["calls", "maxWait"]);

  const openForMs = milliseconds(read<Duration>(options.openFor ?? DEFAULT_OPEN_FOR), `${where}.openFor`, 1);
  // A count window smaller than the minimum would never be judged.
  const most = windowCalls === 0 ? Number.MAX_SAFE_INTEGER : windowCalls;
  const minimumCalls = read<number>(options.minimumCalls ?? Math.min(DEFAULT_MINIMUM_CALLS, most));
  return {
    windowMs,
    windowCalls,
    failureRate: fraction(
      read<number>(options.failureRate ?? DEFAULT_FAILURE_RATE),
      `${where}.failureRate`,
      LEAST_RATE,
      1,
    ),
    minimumCalls: integer(minimumCalls, `${where}.minimumCalls`, 1, most),
    slowOverMs: slowCall === undefined ? Infinity : milliseconds(slowCall.over, `${where}.slowCall.over`),
    slowRate: slowCall === undefined ? Infinity : fraction(slowCall.rate, `${where}.slowCall.rate`, LEAST_RATE, 1),
    openForMs,
    maxOpenForMs: Math.max(
      openForMs,
      milliseconds(options.maxOpenFor ?? DEFAULT_MAX_OPEN_FOR, `${where}.maxOpenFor`, 1),
    ),
    jitter: fraction(options.jitter ?? DEFAULT_JITTER, `${where}.jitter`, 0, 1),
    halfOpenCalls: integer(halfOpen.calls ?? DEFAULT_HALF_OPEN_CALLS, `${where}.halfOpen.calls`, 1),
    halfOpenMaxWaitMs:
      halfOpen.maxWait === undefined
        ? Math.max(openForMs, milliseconds(DEFAULT_HALF_OPEN_MAX_WAIT, where))
        : milliseconds(halfOpen.maxWait, `${where}.halfOpen.maxWait`, 1),
  };
}

/** What a breaker has to do with others. @throws {ConfigError} naming the option that is wrong */
export function sharedConfig(where: string, { shared }: BreakerOptions<never>): FleetConfig | undefined {
  return shared === undefined ? undefined : fleetConfig(`${where}.shared`, shared);
}
