import { integer } from "../../core/config.js";
import type { Context } from "../../core/context.js";
import type { Duration } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import type { MaybePromise } from "../../core/store.js";
import type { Decision } from "./decision.js";
import { LimiterEngine } from "./engine.js";
import { type LimiterOptions, type LimiterPolicy, span } from "./options.js";

/** What may be said about one check. */
export interface CheckOptions {
  /** Units to take: a whole number up to what an unused limiter holds. Default 1. */
  readonly cost?: number;
  /** Goes into events. */
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
  /** Decisions among these that the store could not make, by the way its policy went. */
  readonly degraded: { readonly open: number; readonly closed: number; readonly local: number };
}

/** Where `takeAll` finds what a limiter is made of. */
export const ENGINE: unique symbol = Symbol("limiter");

/**
 * Allows so many units per key and time. A refused request takes nothing. When its store fails, a policy decides, and
 * the decision says so.
 *
 * @example
 * const turns = new Limiter("chat", { algorithm: "gcra", limit: 20, per: "1m" }, runtime({ store: memoryStore() }));
 * const { allowed, retryAfterMs } = await turns.check(user.id);
 */
export class Limiter {
  readonly name: string;
  readonly [ENGINE]: LimiterEngine;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: LimiterOptions<never>, rt: Runtime = runtime()) {
    this.name = name;
    this[ENGINE] = new LimiterEngine(name, options, rt);
  }

  /** The limits in effect, for rate-limit headers. */
  get policy(): LimiterPolicy {
    return this[ENGINE].config.value.policy;
  }

  /**
   * Takes units if they are there. Never rejects for want of a store: see `onStoreFailure`.
   *
   * @throws {ConfigError} when `cost` is more than the limiter ever holds or no whole number, or `key` is empty
   */
  async check(key: string, { cost, context }: CheckOptions = {}): Promise<Decision> {
    return this.take(key, cost, context);
  }

  /**
   * The same, at once where the store answers at once.
   *
   * @throws {ConfigError} when `cost` is more than the limiter ever holds or no whole number, or `key` is empty
   */
  take(key: string, cost = 1, context?: Context): MaybePromise<Decision> {
    const engine = this[ENGINE];
    return engine.take(key, engine.asking("take", cost), context);
  }

  /**
   * How things stand: whether `cost` units could be taken, and how many are left. Takes, counts and writes nothing.
   *
   * @throws {ConfigError} as {@link check} does
   */
  async peek(key: string, cost = 1): Promise<Decision> {
    const engine = this[ENGINE];
    return engine.decide(key, engine.asking("peek", cost));
  }

  /**
   * Gives back units that were taken. Never frees more than if they had not been taken: units of a window that is over
   * are gone.
   *
   * @param at the `at` of the decision that took them; left out: they count as taken just now
   * @returns false when the store failed: then the units run out by themselves
   * @throws {ConfigError} when `cost` or `at` is no whole number, or `key` is empty
   */
  async refund(key: string, cost = 1, at?: number): Promise<boolean> {
    const engine = this[ENGINE];
    if (at !== undefined) integer(at, `${engine.where}: at`, Number.MIN_SAFE_INTEGER);
    return engine.refund(key, integer(cost, `${engine.where}: cost`, 0), at);
  }

  /**
   * Forgets what a key has taken, and that it was blocked.
   *
   * @throws {KeelsonError} `unavailable` when the store failed
   */
  async reset(key: string): Promise<void> {
    await this[ENGINE].manage(key, { op: "reset", amount: 0, at: -1 });
  }

  /**
   * Refuses a key for some time, up to 366 days; 0 ends a block. Replaces a block under way.
   *
   * @throws {KeelsonError} `unavailable` when the store failed
   */
  async block(key: string, duration: Duration): Promise<void> {
    const engine = this[ENGINE];
    await engine.manage(key, { op: "block", amount: span(duration, `${engine.where}.block`, 0), at: -1 });
  }

  /**
   * Takes units or throws.
   *
   * @throws {KeelsonError} `rate_limit` with the time to wait; `unavailable` where the store failed and the policy lets
   * nothing through: that is our fault and not the caller's
   */
  async enforce(key: string, options?: CheckOptions): Promise<Decision> {
    const decision = await this.check(key, options);
    const { allowed, source, retryAfterMs } = decision;
    if (allowed) return decision;
    throw new KeelsonError(
      source === "closed" ? "unavailable" : "rate_limit",
      `${this[ENGINE].where} refused (${source})`,
      { retryAfterMs, source: `limiter:${this.name}` },
    );
  }

  /** The limiter as plain data. */
  snapshot(): LimiterSnapshot {
    const { config, counts } = this[ENGINE];
    const { algorithm, limit, windowMs, burst } = config.value;
    const { allowed, denied, ...degraded } = counts;
    return { algorithm, limit, windowMs, burst, allowed, denied, degraded };
  }
}
