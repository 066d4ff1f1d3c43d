import type { BreakerStateName } from "../../core/events.js";
import type { FleetSnapshot } from "./fleet.js";
import type { BreakerConfig } from "./options.js";
import type { State } from "./states.js";

/** A breaker as plain data, for the snapshot. */
export interface BreakerSnapshot extends StateSnapshot {
  readonly generation: number;
  /** Calls rejected so far. */
  readonly rejected: number;
  /** Calls that settled after the state they were let through by had ended. */
  readonly stale: number;
  /** `null` where it acts for itself. */
  readonly fleet: FleetSnapshot | null;
}

interface StateSnapshot {
  readonly state: BreakerStateName;
  /** Calls, failures and slow calls that the state is judged by. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** Probes under way; 0 unless half-open. */
  readonly probing: number;
  /** Milliseconds after which a rejected call may try again; 0 where calls are let through. */
  readonly retryAfterMs: number;
  /** The options in effect; `null` where an option is off. */
  readonly config: { readonly [Option in keyof BreakerConfig]: number | null };
}

/** What a state says of itself at `now`. */
export function snapshotOf(state: State, config: BreakerConfig, now: number): StateSnapshot {
  if (state.name === "closed" || state.name === "metrics-only") state.counts.advance(now);
  const { calls, failures, slow } = state.counts;
  return {
    state: state.name,
    calls,
    failures,
    slow,
    probing: state.name === "half-open" ? state.inFlight : 0,
    retryAfterMs: Math.ceil(state.retryAfterMs(now, config)),
    config: {
      ...config,
      slowOverMs: config.slowOverMs === Infinity ? null : config.slowOverMs,
      slowRate: config.slowRate === Infinity ? null : config.slowRate,
    },
  };
}
