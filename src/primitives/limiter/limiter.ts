import { integer } from "../../core/config.js";
import type { Context } from "../../core/context.js";
import { Deadlines } from "../../core/deadlines.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import { Derived, type Runtime, runtime } from "../../core/runtime.js";
import {
  type CellStep,
  type Cells,
  type MaybePromise,
  type Outcome,
  type Store,
  StoreFailure,
  type StoreFailureCause,
} from "../../core/store.js";
import type { LimitConfig, LimitDecision, LimitInput } from "../../kernel/limit/limit.js";
import { LocalLimits } from "./local-limits.js";
import { type FailurePolicy, type LimiterConfig, type LimiterOptions, limiterConfig } from "./options.js";
import { StoreWait } from "./store-wait.js";

/** What a limiter decides. */
export interface Decision extends LimitDecision {
  /** Why the store could not decide, where it couldn't. */
  readonly reason?: StoreFailureCause;
}

/** What may be said about one check. */
export interface CheckOptions {
  /** Units to take: a whole number up to the limiter's capacity. Default 1. */
  readonly cost?: number;
  readonly context?: Context;
}

/** A limiter as a snapshot shows it. */
export interface LimiterSnapshot {
  readonly algorithm: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly burst: number;
  readonly allowed: number;
  readonly denied: number;
  /** Decisions that the store could not make, by the way its policy went. */
  readonly degraded: { readonly open: number; readonly closed: number; readonly local: number };
}

const TAKE_ONE: LimitInput = { op: "take", amount: 1, at: 0 };
const PEEK_ONE: LimitInput = { op: "peek", amount: 1, at: 0 };
const RESET: LimitInput = { op: "reset", amount: 0, at: 0 };

/**
 * Allows so many units per key and time. A refused request takes nothing.
 *
 * @example
 * const turns = new Limiter("chat", { algorithm: "gcra", limit: 20, per: "1m" }, runtime({ store: memoryStore() }));
 * const { allowed, retryAfterMs } = await turns.check(user.id);
 */
export class Limiter {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #where: string;
  readonly #config: Derived<LimiterConfig>;
  readonly #deadlines: Deadlines;
  readonly #call: { readonly deadlineMs: number };
  readonly #local = new LocalLimits();
  #cells: Cells<LimitConfig, LimitInput, LimitDecision> | undefined;
  #allowed = 0;
  #denied = 0;
  readonly #degraded = { open: 0, closed: 0, local: 0 };

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: LimiterOptions<never>, rt: Runtime = runtime()) {
    this.name = name;
    this.#rt = rt;
    this.#where = `limiter(${JSON.stringify(name)})`;
    this.#config = new Derived(rt.knobs, (read) => limiterConfig(this.#where, options, read));
    this.#deadlines = new Deadlines(rt.clock, this.#config.value.deadlineMs);
    this.#call = { deadlineMs: this.#config.value.deadlineMs };
  }

  /** What rate-limit headers say of it. */
  get policy(): { readonly name: string; readonly limit: number; readonly windowMs: number } {
    const { capacity, windowMs } = this.#config.value;
    return { name: this.name, limit: capacity, windowMs };
  }

  /** Takes units if they are there. Never rejects for want of a store: see `onStoreFailure`. */
  check(key: string, options?: CheckOptions): Promise<Decision> {
    try {
      const decision = options === undefined ? this.take(key) : this.take(key, options.cost, options.context);
      return decision instanceof Promise ? decision : Promise.resolve(decision);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The same, at once where the store answers at once.
   *
   * @throws {ConfigError} when the limiter could never give so many units, or `cost` is no whole number
   */
  take(key: string, cost = 1, context?: Context): MaybePromise<Decision> {
    const config = this.#config.value;
    const input = cost === 1 ? TAKE_ONE : this.#taking(cost, config);
    const outcome = (this.#cells ?? this.#open()).step(key, config, input, this.#call);
    if (outcome instanceof Promise) {
      return this.within(outcome).then((answer) => {
        // Kept warm, so that a store's failure doesn't hand every key its limit again.
        if (!(answer instanceof StoreFailure) && answer.allowed) this.#locally(key, input);
        return this.settle(key, cost, answer, context);
      });
    }
    return this.settle(key, cost, outcome, context);
  }

  /** How things stand, without taking anything: whether one unit could be taken. */
  async peek(key: string): Promise<Decision> {
    const outcome = await this.#step(key, PEEK_ONE);
    return outcome instanceof StoreFailure ? this.#decide(key, PEEK_ONE, outcome) : outcome;
  }

  /**
   * Gives units back that were taken. Never so many that more than the limit could get through: units of a window that
   * is over are gone.
   *
   * @param at the `at` of the decision that took them; without it, they count as taken now
   * @throws {KeelsonError} `unavailable` when the store can't be reached
   */
  async refund(key: string, cost = 1, at = this.#rt.clock.wall()): Promise<void> {
    integer(cost, `${this.#where}: cost`, 0);
    await this.#manage(key, { op: "refund", amount: cost, at });
  }

  /**
   * Forgets what a key has taken, and that it was blocked.
   *
   * @throws {KeelsonError} `unavailable` when the store can't be reached
   */
  async reset(key: string): Promise<void> {
    await this.#manage(key, RESET);
  }

  /**
   * Refuses a key for some time.
   *
   * @throws {KeelsonError} `unavailable` when the store can't be reached
   */
  async block(key: string, duration: Duration): Promise<void> {
    await this.#manage(key, { op: "block", amount: milliseconds(duration, `${this.#where}.block`, 1), at: 0 });
  }

  /**
   * Takes units or throws.
   *
   * @throws {KeelsonError} `rate_limit` with the time to wait; `unavailable` where the policy is `closed` and the
   * store can't decide: that is our fault and not the caller's
   */
  async enforce(key: string, options?: CheckOptions): Promise<Decision> {
    const decision = await this.check(key, options);
    if (decision.allowed) return decision;
    throw new KeelsonError(
      decision.source === "closed" ? "unavailable" : "rate_limit",
      `${this.#where} refused (${decision.source})`,
      { retryAfterMs: decision.retryAfterMs, source: `limiter:${this.name}` },
    );
  }

  /** The limiter as plain data. */
  snapshot(): LimiterSnapshot {
    const { algorithm, limit, windowMs, burst } = this.#config.value;
    const { open, closed, local } = this.#degraded;
    return {
      algorithm,
      limit,
      windowMs,
      burst,
      allowed: this.#allowed,
      denied: this.#denied,
      degraded: { open, closed, local },
    };
  }

  /** The store it is kept in. For {@link takeAll}. */
  get store(): Store {
    const { store } = this.#rt;
    if (store === undefined) throw new TypeError(`${this.#where} has no store: give it one, or use it through a kit`);
    return store;
  }

  /** Its part of a step of several. For {@link takeAll}. */
  part(key: string, cost: number): CellStep<LimitDecision> {
    const config = this.#config.value;
    return (this.#cells ?? this.#open()).with(key, config, cost === 1 ? TAKE_ONE : this.#taking(cost, config));
  }

  /** Bounds a wait for the store. For {@link takeAll}. */
  within<D extends object>(pending: Promise<Outcome<D>>): Promise<Outcome<D>> {
    return new StoreWait(pending, this.#deadlines, this.#rt.clock.monotonic()).answer;
  }

  /** Makes a decision of a store's answer, and counts it. For {@link takeAll}. */
  settle(key: string, cost: number, outcome: Outcome<LimitDecision>, context: Context | undefined): Decision {
    const decision =
      outcome instanceof StoreFailure ? this.#decide(key, { op: "take", amount: cost, at: 0 }, outcome) : outcome;
    if (decision.allowed) this.#allowed++;
    else this.#denied++;
    if (this.#rt.events.wants("limiter.decision")) this.#tell(key, cost, decision, context);
    return decision;
  }

  #open(): Cells<LimitConfig, LimitInput, LimitDecision> {
    this.#cells = this.store.open(this.#config.value.kernel, `limiter:${this.name}`);
    return this.#cells;
  }

  #taking(cost: number, { capacity }: LimiterConfig): LimitInput {
    return { op: "take", amount: integer(cost, `${this.#where}: cost`, 0, capacity), at: 0 };
  }

  #step(key: string, input: LimitInput): MaybePromise<Outcome<LimitDecision>> {
    const outcome = (this.#cells ?? this.#open()).step(key, this.#config.value, input, this.#call);
    return outcome instanceof Promise ? this.within(outcome) : outcome;
  }

  async #manage(key: string, input: LimitInput): Promise<void> {
    this.#locally(key, input);
    const outcome = await this.#step(key, input);
    if (!(outcome instanceof StoreFailure)) return;
    throw new KeelsonError("unavailable", `${this.#where}: ${input.op} failed (${outcome.reason})`, {
      cause: outcome.error,
      source: `limiter:${this.name}`,
    });
  }

  /** The policy's decision in place of the store's. */
  #decide(key: string, input: LimitInput, failure: StoreFailure): Decision {
    const { reason } = failure;
    const policy = this.#config.value.policies[reason];
    this.#degraded[policy]++;
    if (this.#rt.events.wants("store.failure")) {
      const { applied, error } = failure;
      this.#rt.events.emit("store.failure", { name: `limiter:${this.name}`, reason, applied, policy, error });
    }
    const local = policy === "local" ? this.#locally(key, input) : undefined;
    return local === undefined ? this.#flat(policy, reason) : { ...local, source: "local", degraded: true, reason };
  }

  #locally(key: string, input: LimitInput): LimitDecision | undefined {
    const { kernel, local, localMaxKeys } = this.#config.value;
    return this.#local.step(kernel, key, this.#rt.clock.wall(), local, localMaxKeys, input);
  }

  /** Open, closed, or local without room for the key. */
  #flat(policy: FailurePolicy, reason: StoreFailureCause): Decision {
    const { capacity, windowMs, deadlineMs } = this.#config.value;
    const allowed = policy === "open";
    return {
      allowed,
      limit: capacity,
      remaining: 0,
      retryAfterMs: allowed ? 0 : Math.min(windowMs, Math.max(1000, deadlineMs)),
      resetMs: windowMs,
      at: this.#rt.clock.wall(),
      source: policy,
      degraded: true,
      reason,
    };
  }

  #tell(key: string, cost: number, decision: Decision, context: Context | undefined): void {
    const { allowed, remaining, retryAfterMs, source } = decision;
    this.#rt.events.emit("limiter.decision", {
      name: this.name,
      context: context ?? this.#rt.currentContext?.(),
      key,
      allowed,
      cost,
      remaining,
      retryAfterMs,
      source,
    });
  }
}
