import type { CallWindow } from "./call-window.js";
import type { BreakerConfig } from "./options.js";
import { type Break, type Counts, judgeTrial, shouldBreak } from "./verdict.js";

/**
 * What a state makes of a call that asks to enter: it grants or rejects it, or finds that its own time is over
 * (`due`: an open circuit may be tried; `hung`: the probes of a half-open one don't come back).
 */
export type Entry = "granted" | "rejected" | "due" | "hung";

/** Why a state ends once a call has settled. */
export type Finding = Break | "recovered";

/** The state of a breaker; `name` tells which. */
export type State = Closed | Open | HalfOpen | Isolated | Disabled | MetricsOnly;

const NOTHING: Counts = { calls: 0, failures: 0, slow: 0 };

/** One state: it owns what is counted in it, and knows nothing of the others. As it stands, it lets all through. */
class BaseState {
  readonly counts: Counts = NOTHING;

  enter(_now: number, _config: BreakerConfig): Entry {
    return "granted";
  }

  /** Records a call. `undefined`: the state stays. */
  settle(_now: number, _failed: boolean, _slow: boolean, _config: BreakerConfig): Finding | undefined {
    return undefined;
  }

  /** Takes back the permit of a call that said nothing. */
  release(): void {
    // Where permits aren't counted there is nothing to give back.
  }

  /** Milliseconds until trying again makes sense. */
  retryAfterMs(_now: number, _config: BreakerConfig): number {
    return 0;
  }
}

/** Lets every call through and judges the window after each. */
export class Closed extends BaseState {
  readonly name = "closed";
  constructor(override readonly counts: CallWindow) {
    super();
  }

  override settle(now: number, failed: boolean, slow: boolean, config: BreakerConfig): Finding | undefined {
    this.counts.record(now, failed, slow);
    return shouldBreak(this.counts, config);
  }
}

/** Rejects every call until its time is over. */
export class Open extends BaseState {
  readonly name = "open";
  constructor(
    /** Monotonic milliseconds. */
    readonly until: number,
    /** How often in a row the circuit has opened; 1 the first time. */
    readonly attempt: number,
  ) {
    super();
  }

  override enter(now: number): Entry {
    return now >= this.until ? "due" : "rejected";
  }

  override retryAfterMs(now: number): number {
    return Math.max(0, this.until - now);
  }
}

/**
 * Lets a few calls through, those in flight included, and judges them alone.
 *
 * A permit is a generation and not the name of a call, so this can't tell which of the probes settled; but when none
 * has been granted for the longest wait, each one in flight is at least that old, and the state is over.
 */
export class HalfOpen extends BaseState {
  readonly name = "half-open";
  override readonly counts = { calls: 0, failures: 0, slow: 0 };
  inFlight = 0;
  #grantedAt = 0;

  constructor(
    /** As in {@link Open}, which this came from. */
    readonly attempt: number,
  ) {
    super();
  }

  override enter(now: number, config: BreakerConfig): Entry {
    if (this.inFlight > 0 && now - this.#grantedAt >= config.halfOpenMaxWaitMs) return "hung";
    if (this.inFlight + this.counts.calls >= config.halfOpenCalls) return "rejected";
    this.inFlight++;
    this.#grantedAt = now;
    return "granted";
  }

  override settle(_now: number, failed: boolean, slow: boolean, config: BreakerConfig): Finding | undefined {
    const { counts } = this;
    this.inFlight--;
    counts.calls++;
    if (failed) counts.failures++;
    if (slow) counts.slow++;
    return judgeTrial(counts, config.halfOpenCalls, config);
  }

  override release(): void {
    this.inFlight--;
  }

  /** The probes decide, and nobody knows when; a caller is told no more than the first open time. */
  override retryAfterMs(now: number, config: BreakerConfig): number {
    return Math.max(0, Math.min(config.openForMs, this.#grantedAt + config.halfOpenMaxWaitMs - now));
  }
}

/** Rejects every call until somebody ends it by hand. */
export class Isolated extends BaseState {
  readonly name = "isolated";

  override enter(): Entry {
    return "rejected";
  }

  /** Nobody knows; the longest open time keeps callers from asking much. */
  override retryAfterMs(_now: number, config: BreakerConfig): number {
    return config.maxOpenForMs;
  }
}

/** Lets every call through and counts nothing. */
export class Disabled extends BaseState {
  readonly name = "disabled";
}

/** Lets every call through and counts it, without ever opening: to see what traffic looks like before trusting a setting. */
export class MetricsOnly extends BaseState {
  readonly name = "metrics-only";
  constructor(override readonly counts: CallWindow) {
    super();
  }

  override settle(now: number, failed: boolean, slow: boolean): Finding | undefined {
    this.counts.record(now, failed, slow);
    return undefined;
  }
}
