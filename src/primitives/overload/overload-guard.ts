import { ConfigError, oneOf } from "../../core/config.js";
import { PRIORITIES, type Priority } from "../../core/context.js";
import type { FrontDoor, Gate, LoopDelay } from "../../core/front-door.js";
import { Derived, type Runtime, runtime } from "../../core/runtime.js";
import {
  type AdmissionState,
  freshAdmission,
  loopSeen,
  refusalOf,
  stretchSeen,
} from "../../kernel/admission/admission.js";
import { shareOf } from "../../kernel/admission/level.js";
import { type OverloadConfig, type OverloadOptions, overloadConfig } from "./options.js";
import type { OverloadSnapshot, ShedReason } from "./snapshot.js";
import { byPriority, ShedTally, StretchTally } from "./tally.js";
import { UsualLatency } from "./usual-latency.js";

/** How often limit and level are worked out. */
const STRETCH_MS = 100;
/** How often it is told what was shed. */
const TELL_MS = 1000;
/** What clients that are shed by hand are told to wait at least, where no options say otherwise. */
const BY_HAND_RETRY_MS = 1000;
/** Clients are told to come back at random, up to so many times as late as the soonest. */
const SPREAD = 3;

/**
 * Guards a service against more requests than it can answer: those it can't answer in time it refuses at once and at
 * little cost, the least important first, so that the rest is answered as fast as ever. It goes by how late the event
 * loop is and by the gradient of latency; see `kernel/admission`. Kits have one at the front door of their endpoints.
 *
 * @example
 * const door = new OverloadGuard("shop", { loop: eventLoopDelay() });
 * const search = door.gate("search", "normal");
 */
export class OverloadGuard implements FrontDoor {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #options: Derived<OverloadConfig> | undefined;
  readonly #loop: LoopDelay | undefined;
  readonly #gates = new Map<string, OverloadGate>();
  readonly #stretch = new StretchTally();
  #state: AdmissionState | undefined;
  #inFlight = 0;
  #admitted = 0;
  readonly #shed = new ShedTally();
  #untold = new ShedTally();
  #toldAt = -Infinity;
  /** Classes from this one on are shed by hand. */
  #shedFrom = PRIORITIES.length;

  /**
   * @param options left out: nothing is shed but {@link shedBelow} says so
   * @throws {ConfigError} naming the option that is wrong
   */
  constructor(
    name: string,
    options: OverloadOptions<never> | undefined,
    rt: Runtime = runtime(),
    where = `overload(${JSON.stringify(name)})`,
  ) {
    this.name = name;
    this.#rt = rt;
    if (options === undefined) return;
    this.#options = new Derived(rt.knobs, (read) => overloadConfig(where, options, read));
    const { value } = this.#options;
    this.#state = freshAdmission(value, PRIORITIES.length);
    this.#stretch.since = rt.clock.monotonic();
    this.#loop = options.loop?.(rt.clock, (now, lateMs) => this.#heard(now, lateMs));
  }

  /**
   * The way in for calls of one kind, which have a usual latency in common: the same one for the same name.
   *
   * @throws {ConfigError} when the priority is none
   */
  gate(name: string, priority: Priority): Gate {
    oneOf(priority, `overload.gate(${JSON.stringify(name)}): priority`, PRIORITIES);
    const key = `${priority} ${name}`;
    let gate = this.#gates.get(key);
    if (gate === undefined) {
      gate = new OverloadGate(this, PRIORITIES.indexOf(priority));
      this.#gates.set(key, gate);
    }
    return gate;
  }

  /**
   * Sheds by hand everything of lower priority, until told otherwise; `null` sheds nothing by hand any more. What is
   * `critical` is never shed by hand.
   *
   * @throws {ConfigError} when it is neither a priority nor null
   */
  shedBelow(priority: Priority | null): void {
    if (priority !== null && !PRIORITIES.includes(priority))
      throw new ConfigError(
        "overload.shedBelow",
        priority,
        `${PRIORITIES.map((one) => `"${one}"`).join(" | ")} | null`,
      );
    const from = this.#shedBelow;
    this.#shedFrom = priority === null ? PRIORITIES.length : PRIORITIES.indexOf(priority) + 1;
    if (this.#rt.events.wants("overload.lever"))
      this.#rt.events.emit("overload.lever", { name: this.name, from, to: this.#shedBelow });
  }

  /** What operators do: {@link shedBelow}. */
  shed(below: "critical" | "high" | "normal"): void {
    this.shedBelow(below);
  }

  /** Refuses nothing by hand any more. */
  restore(): void {
    this.shedBelow(null);
  }

  /** As {@link Gate.enter}, for a class. */
  enter(at: number, now: number, waitedMs?: number): number | undefined {
    const config = this.#options?.value;
    const reason = config === undefined ? this.#byHand(at) : this.#judge(at, now, waitedMs, config);
    if (reason === undefined) {
      this.#inFlight++;
      this.#admitted++;
      return undefined;
    }
    this.#count(at, now, reason);
    return (config?.retryAfterMs ?? BY_HAND_RETRY_MS) * (1 + this.#rt.random() * (SPREAD - 1));
  }

  /** As {@link Gate.leave}. */
  leave(now: number, tookMs: number | undefined, usual: UsualLatency): void {
    this.#inFlight--;
    const state = this.#state;
    // What is no number would be the usual latency for good.
    if (state === undefined || tookMs === undefined || !Number.isFinite(tookMs)) return;
    const refusing = state.standing || state.level < PRIORITIES.length;
    const belief = state.blameless ? "certain" : refusing ? "doubted" : "plain";
    this.#stretch.samples++;
    this.#stretch.logRatios += usual.sample(now, tookMs, belief);
  }

  /** Tells what was shed and not told yet, and stops measuring. */
  close(): void {
    this.#loop?.stop();
    this.#tell(this.#rt.clock.monotonic());
  }

  /** The guard as plain data. */
  snapshot(): OverloadSnapshot {
    const state = this.#state;
    const config = this.#options?.value;
    const { shed, reasons } = this.#shed.read();
    const admits = PRIORITIES.map((_, at) =>
      at >= this.#shedFrom ? 0 : state === undefined ? 1 : shareOf(state.level, at),
    );
    return {
      adaptive: state !== undefined,
      overloaded: state?.standing ?? false,
      limit: state === undefined ? null : Math.floor(state.limit),
      inFlight: this.#inFlight,
      admits: byPriority(admits),
      shedBelow: this.#shedBelow,
      loopDelayMs: state === undefined || this.#loop === undefined ? null : state.lateMs,
      latencyRatio: state === undefined ? 1 : Math.exp(state.logRatio),
      admitted: this.#admitted,
      shed,
      reasons,
      config: config === undefined ? null : { ...config },
    };
  }

  get #shedBelow(): Priority | null {
    return this.#shedFrom === PRIORITIES.length ? null : (PRIORITIES[this.#shedFrom - 1] ?? null);
  }

  #byHand(at: number): "manual" | undefined {
    return at < this.#shedFrom ? undefined : "manual";
  }

  #judge(at: number, now: number, waited: number | undefined, config: OverloadConfig): ShedReason | undefined {
    const waitedMs = Number.isFinite(waited) ? waited : undefined;
    const stretch = this.#stretch;
    if (now - stretch.since >= STRETCH_MS) this.#cut(now, config);
    stretch.arrive(at);
    const loopMs = this.#loop?.lateMs(now) ?? 0;
    // What waited in front of the door was kept waiting by the same things as a timer that is overdue.
    if (waitedMs !== undefined) this.#heard(now, waitedMs);
    const lateMs = waitedMs ?? loopMs;
    const state = this.#state as AdmissionState;
    const chance = state.level < PRIORITIES.length ? this.#rt.random() : 0;
    const reason = this.#byHand(at) ?? refusalOf(state, config, at, this.#inFlight, lateMs, chance);
    if (reason === undefined) {
      stretch.admitted++;
      if (this.#inFlight >= stretch.peak) stretch.peak = this.#inFlight + 1;
    } else if (reason === "loop" || reason === "limit") stretch.turnedAway++;
    return reason;
  }

  #count(at: number, now: number, reason: ShedReason): void {
    this.#shed.count(at, reason);
    if (!this.#rt.events.wants("overload.shed")) return;
    this.#untold.count(at, reason);
    if (now - this.#toldAt >= TELL_MS) this.#tell(now);
  }

  #cut(now: number, config: OverloadConfig): void {
    const stretch = this.#stretch.cut(now, this.#inFlight);
    this.#state = stretchSeen(this.#state as AdmissionState, stretch, config);
    if (now - this.#toldAt >= TELL_MS) this.#tell(now);
  }

  #tell(now: number): void {
    const untold = this.#untold;
    if (untold.total === 0) return;
    this.#untold = new ShedTally();
    this.#toldAt = now;
    const { limit, loopDelayMs } = this.snapshot();
    this.#rt.events.emit("overload.shed", {
      name: this.name,
      ...untold.read(),
      inFlight: this.#inFlight,
      limit,
      loopDelayMs,
    });
  }

  #heard(now: number, lateMs: number): void {
    if (this.#state !== undefined && this.#options !== undefined)
      this.#state = loopSeen(this.#state, now, lateMs, this.#options.value);
  }
}

/** A gate of an {@link OverloadGuard}. */
class OverloadGate implements Gate {
  readonly #usual = new UsualLatency();

  constructor(
    private readonly door: OverloadGuard,
    private readonly at: number,
  ) {}

  enter(now: number, waitedMs?: number): number | undefined {
    return this.door.enter(this.at, now, waitedMs);
  }

  leave(now: number, tookMs: number | undefined): void {
    this.door.leave(now, tookMs, this.#usual);
  }
}
