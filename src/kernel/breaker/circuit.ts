import type { Kernel, Step } from "../../core/kernel.js";

/** What a circuit goes by. */
export interface CircuitConfig {
  /** Length of a time window in milliseconds; 0: the window is so many calls. */
  readonly windowMs: number;
  /** Calls of a count window; 0: the window is a time. */
  readonly windowCalls: number;
  readonly minimumCalls: number;
  readonly failureRate: number;
  /** Above 1: slow calls don't matter. */
  readonly slowRate: number;
  readonly openForMs: number;
  readonly maxOpenForMs: number;
  readonly jitter: number;
  readonly halfOpenCalls: number;
  readonly halfOpenMaxWaitMs: number;
}

/** The states of a circuit. */
export type CircuitState = "closed" | "open" | "half-open" | "isolated" | "disabled" | "metrics-only";

/** What is asked of a circuit. `chance` is from 0 up to 1, for the jitter of open times. */
export type CircuitInput =
  /** To make a call. */
  | { readonly op: "enter"; readonly chance: number }
  /** How a call ended; `counted: false` only gives the permit back. */
  | {
      readonly op: "settle";
      readonly permit: number;
      readonly counted: boolean;
      readonly failed: boolean;
      readonly slow: boolean;
      /** How long the callee asked us to stay away; 0: it didn't. */
      readonly retryAfterMs: number;
      readonly chance: number;
    }
  /** By hand. `closed` begins anew. */
  | { readonly op: "force"; readonly state: "closed" | "isolated" | "disabled" | "metrics-only" }
  | { readonly op: "read" };

/** What a circuit answers. */
export interface CircuitDecision {
  /** Before. */
  readonly from: CircuitState;
  /** Now. */
  readonly state: CircuitState;
  /** Why it changed; `""`: it didn't. */
  readonly reason: string;
  /** To be named when the call has settled; 0: rejected, or nothing was to be let through. */
  readonly permit: number;
  readonly generation: number;
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** Probes under way. */
  readonly probing: number;
  readonly retryAfterMs: number;
}

/** What is held of a circuit. Times are Unix milliseconds. */
export interface Circuit {
  readonly state: CircuitState;
  readonly generation: number;
  /** When the state began. */
  readonly since: number;
  /** When an open one may be tried. */
  readonly until: number;
  /** How often it was opened in a row, from 0. */
  readonly attempt: number;
  /** Probes under way, and when the last began. */
  readonly probing: number;
  readonly probedAt: number;
  /** The latest moment that a failure in this state asked us to wait for. */
  readonly hintedUntil: number;
  /**
   * What was counted. By time: `bucket, calls, failures, slow` for each bucket that has any, oldest first. By calls: one
   * number a call, oldest first: 1 for a failure, 2 more for a slow one. Of probes: one number a call.
   */
  readonly window: readonly number[];
}

/** Buckets of a time window. */
const BUCKETS = 10;
const BUCKET_WIDTH = 4;
/** How long a circuit is remembered that nobody asks for: one that was open is then tried by all at once. */
const REMEMBERED_MS = 86_400_000;
/** What was set by hand is not forgotten. */
const BY_HAND_MS = 365 * REMEMBERED_MS;

type CircuitStep = Step<Circuit, CircuitDecision>;

/**
 * A breaker whose every count lies in the store: for runtimes whose processes live for one call and so can't count for
 * themselves (Convex). The same states, options and judgement as `Breaker` has, in one cell.
 *
 * A closed circuit lets calls through without a write; each that settles is one.
 */
export const circuitKernel: Kernel<Circuit, CircuitConfig, CircuitInput, CircuitDecision> = {
  name: "circuit",
  version: 1,
  step(held, now, config, input) {
    const circuit = held ?? fresh(now);
    switch (input.op) {
      case "enter":
        return entered(circuit, now, config, input.chance);
      case "settle":
        return settled(circuit, now, config, input);
      case "force":
        if (circuit.state === input.state && input.state !== "closed") return told(circuit, circuit, now, config, 0);
        return kept(circuit, become(circuit, input.state, now), now, config, 0, "by hand");
      default:
        return told(circuit, circuit, now, config, 0);
    }
  },
};

function fresh(now: number): Circuit {
  return {
    state: "closed",
    generation: 1,
    since: now,
    until: 0,
    attempt: 0,
    probing: 0,
    probedAt: 0,
    hintedUntil: 0,
    window: [],
  };
}

/** Another state: permits of the one before are over. */
function become(circuit: Circuit, state: CircuitState, now: number, more: Partial<Circuit> = {}): Circuit {
  return { ...fresh(now), state, generation: Math.max(circuit.generation + 1, now), ...more };
}

function entered(circuit: Circuit, now: number, config: CircuitConfig, chance: number): CircuitStep {
  switch (circuit.state) {
    case "isolated":
      return told(circuit, circuit, now, config, 0, false);
    case "open": {
      if (openLeft(circuit, now) > 0) return told(circuit, circuit, now, config, 0, false);
      const half = become(circuit, "half-open", now, { attempt: circuit.attempt, probing: 1, probedAt: now });
      return kept(circuit, half, now, config, half.generation, "due");
    }
    case "half-open":
      if (circuit.probing > 0 && now - circuit.probedAt >= config.halfOpenMaxWaitMs) {
        const open = opened(circuit, now, config, chance);
        return kept(circuit, open, now, config, 0, "hung", false);
      }
      if (circuit.probing + circuit.window.length >= config.halfOpenCalls)
        return told(circuit, circuit, now, config, 0, false);
      return kept(
        circuit,
        { ...circuit, probing: circuit.probing + 1, probedAt: now },
        now,
        config,
        circuit.generation,
        "",
      );
    default:
      return told(circuit, circuit, now, config, circuit.generation);
  }
}

function settled(
  circuit: Circuit,
  now: number,
  config: CircuitConfig,
  input: Extract<CircuitInput, { op: "settle" }>,
): CircuitStep {
  const { permit, counted, failed, slow, retryAfterMs, chance } = input;
  // A call that outlived the state it was let through by says nothing about this one.
  if (permit !== circuit.generation || circuit.state === "disabled") return told(circuit, circuit, now, config, 0);
  const probe = circuit.state === "half-open";
  const probing = probe ? Math.max(0, circuit.probing - 1) : 0;
  if (!counted)
    return probe ? kept(circuit, { ...circuit, probing }, now, config, 0, "") : told(circuit, circuit, now, config, 0);
  const hint = failed && retryAfterMs > 0 ? now + Math.min(retryAfterMs, config.maxOpenForMs) : 0;
  const window = recorded(circuit, now, config, failed, slow);
  const next = { ...circuit, probing, window, hintedUntil: Math.max(circuit.hintedUntil, hint) };
  if (circuit.state === "metrics-only") return kept(circuit, next, now, config, 0, "");
  const counts = countsOf(next, now, config);
  const found = probe ? judgedTrial(counts, config) : judged(counts, config);
  if (found === undefined) return kept(circuit, next, now, config, 0, "");
  if (found === "recovered") return kept(circuit, become(circuit, "closed", now), now, config, 0, found);
  return kept(circuit, opened(next, now, config, chance), now, config, 0, found);
}

/** Open: doubling from one failed trial to the next, and at least as long as the callee asked for. */
function opened(circuit: Circuit, now: number, config: CircuitConfig, chance: number): Circuit {
  const attempt = circuit.state === "half-open" ? circuit.attempt + 1 : 0;
  const base = Math.min(config.openForMs * 2 ** Math.min(attempt, 30), config.maxOpenForMs);
  const openMs = Math.round(base * (1 + config.jitter * (2 * chance - 1)));
  return become(circuit, "open", now, { attempt, until: Math.max(now + openMs, circuit.hintedUntil) });
}

/** A clock that went back makes no circuit stay open longer than it was meant to. */
function openLeft({ since, until }: Circuit, now: number): number {
  return Math.max(0, Math.min(until - now, until - since));
}

function recorded(
  { state, window }: Circuit,
  now: number,
  config: CircuitConfig,
  failed: boolean,
  slow: boolean,
): readonly number[] {
  const code = (failed ? 1 : 0) + (slow ? 2 : 0);
  if (state === "half-open") return [...window, code];
  if (config.windowMs === 0) return [...window, code].slice(-config.windowCalls);
  const bucket = Math.floor(now / (config.windowMs / BUCKETS));
  const live = liveBuckets(window, bucket);
  const last = live.length - BUCKET_WIDTH;
  if (live[last] !== bucket) live.push(bucket, 0, 0, 0);
  const at = live.length - BUCKET_WIDTH;
  live[at + 1] = (live[at + 1] as number) + 1;
  if (failed) live[at + 2] = (live[at + 2] as number) + 1;
  if (slow) live[at + 3] = (live[at + 3] as number) + 1;
  return live;
}

/** Those that belong to the window; none from a future that a clock has come back from. */
function liveBuckets(window: readonly number[], newest: number): number[] {
  const live: number[] = [];
  for (let i = 0; i < window.length; i += BUCKET_WIDTH) {
    const bucket = window[i] as number;
    if (bucket > newest - BUCKETS && bucket <= newest) live.push(...window.slice(i, i + BUCKET_WIDTH));
  }
  return live;
}

interface Counts {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

function countsOf({ state, window }: Circuit, now: number, config: CircuitConfig): Counts {
  if (state !== "half-open" && config.windowMs > 0) {
    const live = liveBuckets(window, Math.floor(now / (config.windowMs / BUCKETS)));
    const sum = (offset: number) => live.reduce((all, n, i) => (i % BUCKET_WIDTH === offset ? all + n : all), 0);
    return { calls: sum(1), failures: sum(2), slow: sum(3) };
  }
  const failures = window.filter((code) => code % 2 === 1).length;
  return { calls: window.length, failures, slow: window.filter((code) => code >= 2).length };
}

function judged({ calls, failures, slow }: Counts, config: CircuitConfig): string | undefined {
  if ((failures === 0 && slow === 0) || calls < config.minimumCalls) return undefined;
  return broken(failures, slow, calls, config);
}

/** As soon as the probes that are still to come could not change it. */
function judgedTrial({ calls, failures, slow }: Counts, config: CircuitConfig): string | undefined {
  const planned = config.halfOpenCalls;
  const found = broken(failures, slow, planned, config);
  if (found !== undefined) return found;
  const left = planned - calls;
  return broken(failures + left, slow + left, planned, config) === undefined ? "recovered" : undefined;
}

function broken(failures: number, slow: number, calls: number, config: CircuitConfig): string | undefined {
  if (failures / calls >= config.failureRate) return "failure-rate";
  return slow / calls >= config.slowRate ? "slow-call-rate" : undefined;
}

function kept(
  from: Circuit,
  circuit: Circuit,
  now: number,
  config: CircuitConfig,
  permit: number,
  reason: string,
  granted = true,
): CircuitStep {
  const step = told(from, circuit, now, config, permit, granted, reason);
  return { ...step, state: circuit, ttlMs: ttlOf(circuit, now, config) };
}

function told(
  from: Circuit,
  circuit: Circuit,
  now: number,
  config: CircuitConfig,
  permit: number,
  granted = true,
  reason = "",
): CircuitStep {
  const { state, generation, probing } = circuit;
  const decision = {
    from: from.state,
    state,
    reason,
    permit,
    generation,
    ...countsOf(circuit, now, config),
    probing,
    retryAfterMs: retryAfter(circuit, now, config),
  };
  return { granted, decision, state: undefined, ttlMs: 0 };
}

function retryAfter(circuit: Circuit, now: number, config: CircuitConfig): number {
  if (circuit.state === "open") return openLeft(circuit, now);
  if (circuit.state === "isolated") return config.maxOpenForMs;
  if (circuit.state !== "half-open") return 0;
  return Math.max(0, Math.min(config.openForMs, circuit.probedAt + config.halfOpenMaxWaitMs - now));
}

function ttlOf(circuit: Circuit, now: number, config: CircuitConfig): number {
  switch (circuit.state) {
    case "isolated":
    case "disabled":
    case "metrics-only":
      return BY_HAND_MS;
    case "open":
      return openLeft(circuit, now) + REMEMBERED_MS;
    case "half-open":
      return REMEMBERED_MS;
    default:
      return config.windowMs > 0 ? config.windowMs : REMEMBERED_MS;
  }
}
