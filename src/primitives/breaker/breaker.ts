import { KeelsonError } from "../../core/errors.js";
import type { BreakerStateName } from "../../core/events.js";
import { Derived, type Runtime, runtime } from "../../core/runtime.js";
import type { CallOutcome } from "../outcome.js";
import { Fleet } from "./fleet.js";
import { type BreakerCall, GuardedCalls } from "./guarded-calls.js";
import { type BreakerConfig, type BreakerOptions, breakerConfig, sharedConfig } from "./options.js";
import { type BreakerRecord, recordOf, stateOf } from "./record.js";
import { type BreakerSnapshot, snapshotOf } from "./snapshot.js";
import { Closed, Disabled, HalfOpen, Isolated, MetricsOnly, Open, type State } from "./states.js";
import { makeWindow } from "./window.js";

/**
 * Stops calling what keeps failing, and finds out with a few calls when it is well again.
 *
 * States and their words as in Michael Nygard's "Release It!" and resilience4j; permits carry a generation, as in
 * gobreaker, so that a call which outlives the state it was let through by can't change the next one.
 *
 * @example
 * const breaker = new Breaker("serper", { failureRate: 0.5, openFor: "5s" });
 * const hits = await breaker.run(() => search(q));
 */
export class Breaker {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #where: string;
  readonly #config: Derived<BreakerConfig>;
  #state: State;
  #generation = 1;
  /** The latest moment that a failure in this state asked us to wait for. */
  #hintedUntil = 0;
  #rejected = 0;
  #stale = 0;
  readonly #calls: GuardedCalls;
  readonly #fleet: Fleet | undefined;

  /**
   * @param where how the options' names begin in errors
   * @throws {ConfigError} naming the option that is wrong
   */
  constructor(
    name: string,
    options: BreakerOptions<never> = {},
    rt: Runtime = runtime(),
    where = `breaker(${JSON.stringify(name)})`,
  ) {
    this.name = name;
    this.#rt = rt;
    this.#where = where;
    this.#config = new Derived(rt.knobs, (read) => breakerConfig(where, options, read));
    const config = this.#config.value;
    this.#state = new Closed(makeWindow(config, rt.clock.monotonic()));
    this.#calls = new GuardedCalls(this, rt.clock, options, config);
    const shared = sharedConfig(where, options);
    this.#fleet = shared && this.#joined(shared);
  }

  /** The state as it stands. An open circuit whose time is over stays open until the next call tries it. */
  get state(): BreakerStateName {
    return this.#state.name;
  }

  /**
   * Asks to make a call at `now` (monotonic; not looked at while closed).
   *
   * @returns 0: rejected; otherwise the permit, to be settled exactly once
   */
  enter(now: number): number {
    const state = this.#state;
    if (this.#fleet !== undefined) this.#fleet.seen();
    if (state.name === "closed") return this.#generation;
    switch (state.enter(now, this.#config.value)) {
      case "granted":
        return this.#generation;
      case "due":
        if (this.#fleet?.holdsBack(now)) return this.#reject(now);
        this.#become(new HalfOpen((state as Open).attempt), "due");
        // Asked again, for a listener may have changed the state by hand.
        return this.enter(now);
      case "hung":
        this.#open(now, "hung");
        return this.enter(now);
      default:
        return this.#reject(now);
    }
  }

  /**
   * Says how a call ended. Only `success` and `failure` count; the others give back the permit. A permit of an earlier
   * state changes nothing.
   *
   * @param now monotonic; `NaN` where the caller hasn't read the clock: a breaker with a count window needs the time
   * only when it opens, and then reads it
   * @param durationMs how long the call took; not looked at without `slowCall`
   * @param retryAfterMs how long the callee asked us to stay away
   * @param error what an ignored call threw, for the event
   */
  settle(
    permit: number,
    outcome: CallOutcome,
    now: number,
    durationMs: number,
    retryAfterMs?: number,
    error?: unknown,
  ): void {
    if (permit !== this.#generation) {
      this.#settleStale(permit, outcome);
      return;
    }
    const failed = outcome === "failure";
    if (!failed && outcome !== "success") {
      this.#state.release();
      if (outcome === "ignored" && this.#rt.events.wants("breaker.ignored"))
        this.#rt.events.emit("breaker.ignored", { name: this.name, error });
      return;
    }
    const config = this.#config.value;
    if (failed && retryAfterMs !== undefined && retryAfterMs > 0)
      this.#hintedUntil = Math.max(this.#hintedUntil, this.#time(now) + Math.min(retryAfterMs, config.maxOpenForMs));
    const finding = this.#state.settle(now, failed, durationMs > config.slowOverMs, config);
    if (finding === undefined) return;
    if (finding === "recovered") this.#become(this.#closed(this.#time(now)), finding);
    else this.#open(this.#time(now), finding);
  }

  /** The error for a call that {@link enter} rejected. */
  rejection(now: number): KeelsonError {
    return new KeelsonError("upstream_circuit_open", `breaker "${this.name}" is ${this.#state.name}`, {
      retryAfterMs: Math.ceil(this.#retryAfterMs(now)),
      source: `breaker:${this.name}`,
    });
  }

  /**
   * Calls `fn` if the circuit lets it, and counts how that ended: an error is a failure unless `ignore` says otherwise,
   * it was thrown by another of our policies, or the caller's own signal has aborted; a result is a success unless
   * `isFailure` says otherwise. An error's `retryAfterMs` is honoured.
   *
   * @throws {KeelsonError} `upstream_circuit_open` when the circuit rejects the call
   */
  run<T>(fn: () => T | PromiseLike<T>, call?: BreakerCall): Promise<T> {
    return this.#calls.run(fn, call);
  }

  /** Rejects every call until {@link close} or {@link reset}. */
  isolate(): void {
    this.#force(new Isolated());
  }

  /** Lets every call through and counts nothing, until {@link close} or {@link reset}. */
  disable(): void {
    this.#force(new Disabled());
  }

  /** Lets every call through and counts it, but never opens, until {@link close} or {@link reset}. */
  metricsOnly(): void {
    this.#force(new MetricsOnly(makeWindow(this.#config.value, this.#rt.clock.monotonic())));
  }

  /** Closes the circuit, whatever its state, with an empty window; a closed one is left alone. */
  close(): void {
    this.#force(this.#closed(this.#rt.clock.monotonic()));
  }

  /** Begins anew: closed, with an empty window, even if it was closed. */
  reset(): void {
    this.#become(this.#closed(this.#rt.clock.monotonic()), "manual");
  }

  /** The state as plain data, to be kept past the end of the process. */
  serialise(): BreakerRecord {
    const { clock } = this.#rt;
    return recordOf(this.#state, clock.monotonic(), clock.wall());
  }

  /**
   * Goes on from what {@link serialise} gave.
   *
   * @throws {ConfigError} when it is no such record
   */
  restore(record: unknown): void {
    const { clock } = this.#rt;
    this.#become(stateOf(record, this.#config.value, clock.monotonic(), clock.wall(), this.#where), "restored");
  }

  /** The breaker as plain data. Changes nothing. */
  snapshot(): BreakerSnapshot {
    return {
      ...snapshotOf(this.#state, this.#config.value, this.#rt.clock.monotonic()),
      generation: this.#generation,
      rejected: this.#rejected,
      stale: this.#stale,
      fleet: this.#fleet?.snapshot() ?? null,
    };
  }

  #reject(now: number): 0 {
    this.#rejected++;
    if (this.#rt.events.wants("breaker.rejected"))
      this.#rt.events.emit("breaker.rejected", {
        name: this.name,
        state: this.#state.name,
        retryAfterMs: this.#retryAfterMs(now),
      });
    return 0;
  }

  #joined(config: NonNullable<ReturnType<typeof sharedConfig>>): Fleet {
    const { clock } = this.#rt;
    const state = () => this.#state;
    return new Fleet(
      {
        name: this.name,
        get state() {
          return state();
        },
        openFor: (ms) => this.#become(new Open(clock.monotonic() + ms, 1), "fleet"),
        recovered: () => this.#become(this.#closed(clock.monotonic()), "fleet"),
      },
      config,
      this.#rt,
    );
  }

  #closed(now: number): Closed {
    return new Closed(makeWindow(this.#config.value, now));
  }

  #retryAfterMs(now: number): number {
    return this.#state.retryAfterMs(now, this.#config.value);
  }

  #time(now: number): number {
    return Number.isNaN(now) ? this.#rt.clock.monotonic() : now;
  }

  #open(now: number, reason: string): void {
    const config = this.#config.value;
    const state = this.#state;
    const attempt = state.name === "half-open" ? state.attempt + 1 : 1;
    const backoff = Math.min(config.openForMs * 2 ** (attempt - 1), config.maxOpenForMs);
    const varied = backoff * (1 + config.jitter * (2 * this.#rt.random() - 1));
    this.#become(new Open(Math.max(now + varied, this.#hintedUntil), attempt), reason);
  }

  #force(next: State): void {
    if (next.name !== this.#state.name) this.#become(next, "manual");
  }

  #become(next: State, reason: string): void {
    const { name: from, counts } = this.#state;
    const { calls, failures, slow } = counts;
    this.#state = next;
    this.#generation++;
    this.#hintedUntil = 0;
    if (this.#rt.events.wants("breaker.transition"))
      this.#rt.events.emit("breaker.transition", {
        name: this.name,
        from,
        to: next.name,
        reason,
        generation: this.#generation,
        calls,
        failures,
        slow,
      });
    this.#fleet?.became(next, reason);
  }

  #settleStale(generation: number, outcome: CallOutcome): void {
    this.#stale++;
    if (this.#rt.events.wants("breaker.stale"))
      this.#rt.events.emit("breaker.stale", { name: this.name, generation, outcome });
  }
}
