import type { Context, Priority } from "../../core/context.js";
import type { Deadlines, Expirable } from "../../core/deadlines.js";
import type { CallOutcome } from "../outcome.js";
import { discard } from "../retry/discard.js";
import { Failure, retryAfterOf } from "../retry/failure.js";
import { isThenable, PendingCall, promised } from "../timeout/pending-call.js";
import { timeoutError } from "../timeout/timeout-error.js";
import { queue, throttle } from "./cold-admission.js";
import type { Machine, UpstreamPlan } from "./machine.js";
import type { Attempt } from "./options.js";
import type { Rules } from "./rules.js";

/** What an upstream is called with. */
export type Callee<T> = (attempt: Attempt) => T | PromiseLike<T>;

/**
 * One attempt on its way in and out: rate limit → breaker → bulkhead → time-out → callee. Each part is asked
 * directly, without a promise or a function of its own, and what it granted is given back exactly once, by
 * {@link release}, on every way out.
 *
 * The first attempt is the call itself, so a call that succeeds at once makes a single object.
 */
export abstract class Pass<T> extends PendingCall<T> implements Expirable, Attempt {
  declare readonly machine: Machine;
  declare readonly plan: UpstreamPlan;
  declare readonly fn: Callee<T>;
  declare readonly rules: Rules;
  declare readonly attempt: number;
  declare context: Context | undefined;
  declare priority: Priority | undefined;
  /** When the call as a whole runs out of time; `Infinity`: never. */
  declare until: number;
  /** When this attempt does. */
  declare deadline: number;
  declare previous: Expirable | undefined;
  declare next: Expirable | undefined;
  /** Where the deadline is kept. */
  declare list: Deadlines | undefined;
  /** When the callee was called; 0 before. */
  declare startedAt: number;
  declare launched: boolean;
  declare permit: number;
  declare slot: boolean;
  /** Whether this attempt has ended, for whatever reason. What its callee does then concerns nobody. */
  declare over: boolean;

  constructor(machine: Machine, plan: UpstreamPlan, fn: Callee<T>, rules: Rules, attempt: number, until: number) {
    super();
    this.machine = machine;
    this.plan = plan;
    this.fn = fn;
    this.rules = rules;
    this.attempt = attempt;
    this.context = undefined;
    this.priority = undefined;
    this.until = until;
    this.deadline = until;
    this.previous = undefined;
    this.next = undefined;
    this.list = undefined;
    this.startedAt = 0;
    this.launched = false;
    this.permit = 0;
    this.slot = false;
    this.over = false;
  }

  /** It ended well, or with a value that is no one's fault. */
  abstract won(value: T, outcome: "success" | "ignored", now: number): void;
  /** It didn't. */
  abstract lost(failure: Failure, now: number): void;
  /** The time of the call as a whole is up. */
  abstract expireTotal(): void;
  /** Sees to it that the total time-out fires while nothing else does. */
  abstract armTotal(now: number): void;
  /** Whether it may wait for a slot, and if so, whether somebody may want to end the waiting before its deadline. */
  abstract readonly queueing: "no" | "yes" | "abortable";

  begin(now: number): void {
    const { limiter } = this.machine;
    if (limiter === undefined) this.enter(now);
    else throttle(this, limiter, now);
  }

  enter(now: number): void {
    const { breaker, bulkhead } = this.machine;
    if (breaker !== undefined) {
      this.permit = breaker.enter(now);
      if (this.permit === 0) {
        this.refuse(breaker.rejection(now), now);
        return;
      }
    }
    if (bulkhead !== undefined) {
      if (!bulkhead.tryEnter()) {
        queue(this, bulkhead, now);
        return;
      }
      this.slot = true;
    }
    this.launch(now);
  }

  launch(now: number): void {
    this.launched = true;
    this.startedAt = now;
    this.arm(now);
    let result: T | PromiseLike<T>;
    try {
      result = this.fn(this);
    } catch (error) {
      this.failed(error);
      return;
    }
    // Handlers go on whatever happened meanwhile, so that a rejection after the end is never unhandled.
    if (isThenable(result)) {
      promised(result).then(
        (value) => this.succeeded(value),
        (error: unknown) => this.failed(error),
      );
    } else this.succeeded(result);
  }

  /** Starts the attempt's time, unless the call as a whole runs out first. */
  arm(now: number): void {
    const { attempts } = this.plan;
    if (attempts === undefined || now + attempts.ms >= this.until) return;
    attempts.add(this, now);
    this.list = attempts;
  }

  succeeded(value: T): void {
    if (this.over) {
      discard(value);
      return;
    }
    const { rules, machine } = this;
    let outcome: "success" | "failure" | "ignored" = "success";
    if (rules.result !== undefined) {
      try {
        outcome = (rules.result as (value: T) => typeof outcome)(value);
      } catch (fault) {
        discard(value);
        this.failed(fault);
        return;
      }
    }
    if (outcome === "failure") {
      this.fail(outcome, undefined, { value });
      return;
    }
    const now = machine.rt.clock.monotonic();
    this.over = true;
    this.release(outcome, now);
    this.won(value, outcome, now);
  }

  failed(error: unknown): void {
    if (this.over) return;
    let outcome: "failure" | "ignored" | "rejected" = "failure";
    let thrown = error;
    try {
      outcome = this.rules.error(error);
    } catch (fault) {
      thrown = fault;
    }
    this.fail(outcome, thrown, undefined);
  }

  fail(outcome: Failure["outcome"], error: unknown, bad: Failure["bad"]): void {
    const now = this.machine.rt.clock.monotonic();
    let hint: number | undefined;
    let refused = false;
    let thrown = error;
    try {
      hint = this.rules.retryAfter(error, bad);
      refused = this.rules.refused(error, bad);
    } catch (fault) {
      // A predicate's fault, or that of a getter on the error.
      thrown = fault;
    }
    this.over = true;
    this.release(outcome, now, hint, thrown, refused);
    this.lost(new Failure(outcome, thrown, hint, refused || outcome === "rejected", bad), now);
  }

  /** One of our own policies let it go no further. */
  refuse(error: unknown, now: number): void {
    if (this.over) return;
    this.over = true;
    this.release("rejected", now);
    this.lost(new Failure("rejected", error, retryAfterOf(error), true), now);
  }

  /** The attempt's time is up; the list has let go of it. */
  expire(): void {
    const { machine, plan, context } = this;
    const { name, rt } = machine;
    const ms = plan.attempts?.ms ?? 0;
    this.list = undefined;
    this.over = true;
    machine.counts.timeouts++;
    const error = timeoutError(`upstream:${name}`, "attempt", ms);
    if (rt.events.wants("timeout")) rt.events.emit("timeout", { name, context, scope: "attempt", ms });
    this.abort(error);
    const now = rt.clock.monotonic();
    this.release("failure", now, undefined, error, true);
    this.lost(new Failure("failure", error, undefined, false), now);
  }

  /** Ends it from outside. What has not reached the callee says nothing about the callee. */
  withdraw(reason: unknown, outcome: "failure" | "cancelled", now: number): void {
    if (this.over) return;
    this.over = true;
    this.abort(reason);
    this.release(this.launched || outcome === "cancelled" ? outcome : "rejected", now, undefined, reason, true);
  }

  /** Gives back what the attempt holds. */
  release(outcome: CallOutcome, now: number, retryAfterMs?: number, error?: unknown, dropped = false): void {
    const { machine, plan, permit } = this;
    const took = now - this.startedAt;
    if (this.list !== undefined && this.list === plan.attempts) {
      this.list.remove(this);
      this.list = undefined;
    }
    if (permit !== 0) {
      this.permit = 0;
      machine.breaker?.settle(permit, outcome, now, took, retryAfterMs, error);
    }
    if (this.slot) {
      this.slot = false;
      machine.bulkhead?.leave(1, outcome, took, dropped);
    }
  }
}
