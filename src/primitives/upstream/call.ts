import type { Alarm } from "../../core/clock.js";
import type { Context } from "../../core/context.js";
import type { CallOutcome } from "../outcome.js";
import { Failure } from "../retry/failure.js";
import { type Retriable, retryPastFirst } from "../retry/past-first.js";
import type { RetryPlan } from "../retry/plan.js";
import { timeoutError } from "../timeout/timeout-error.js";
import { Hedging } from "./hedging.js";
import { LaterPass } from "./later-pass.js";
import { type Machine, settled, type UpstreamPlan } from "./machine.js";
import type { UpstreamCall } from "./options.js";
import { type Callee, Pass } from "./pass.js";
import type { Rules } from "./rules.js";

/**
 * One call of an upstream, and its own first attempt: total time-out, caller's abort, and what follows when the first
 * attempt fails. As long as it doesn't, the only things made are this object, its promise and the two functions that
 * hear how the callee ended.
 */
export class Call<T> extends Pass<T> implements Retriable<T> {
  declare readonly begun: number;
  declare idempotent: boolean;
  /** Whether the caller has its answer. */
  declare done: boolean;
  declare callers: AbortSignal[] | undefined;
  /** The total time-out, once it needs a timer of its own. */
  declare total: Alarm | undefined;
  /** The attempt after the first that is under way, or was last. */
  declare later: LaterPass<T> | undefined;
  declare made: number;
  declare hedging: Hedging<T> | undefined;
  /** The wait between two attempts. */
  declare sleep: Alarm | undefined;
  /** Ends what the retry loop waits for. */
  declare interrupt: ((reason: unknown) => void) | undefined;

  constructor(machine: Machine, plan: UpstreamPlan, fn: Callee<T>, rules: Rules, now: number) {
    super(machine, plan, fn, rules, 1, plan.totals === undefined ? Infinity : now + plan.totals.ms);
    this.begun = now;
    this.idempotent = true;
    this.done = false;
    this.callers = undefined;
    this.total = undefined;
    this.later = undefined;
    this.made = 1;
    this.hedging = undefined;
    this.sleep = undefined;
    this.interrupt = undefined;
  }

  get name(): string {
    return this.machine.name;
  }

  get queueing(): "yes" | "abortable" {
    return this.callers === undefined ? "yes" : "abortable";
  }

  get retryPlan(): RetryPlan {
    return this.plan.retry as RetryPlan;
  }

  /** Takes in what the caller said; false when the call is over before it began. */
  accept(options: UpstreamCall | undefined, context: Context | undefined): boolean {
    this.context = context;
    this.priority = options?.priority ?? context?.priority;
    this.idempotent = options?.idempotent ?? true;
    const signal = options?.signal;
    const implied = context?.signal;
    if (signal !== undefined && !this.follow(signal)) return false;
    if (implied !== undefined && implied !== signal && !this.follow(implied)) return false;
    const deadline = options?.deadline ?? context?.deadline ?? Infinity;
    if (deadline < this.until) {
      this.until = this.deadline = deadline;
      if (deadline <= this.begun) {
        this.expireTotal();
        return false;
      }
      this.startTotal(this.begun);
    }
    return true;
  }

  /** Listens to a caller's signal; false when it has aborted already. */
  follow(signal: AbortSignal): boolean {
    if (signal.aborted) {
      this.abandon(signal.reason);
      return false;
    }
    signal.addEventListener("abort", this);
    if (this.callers === undefined) this.callers = [signal];
    else this.callers.push(signal);
    return true;
  }

  override arm(now: number): void {
    super.arm(now);
    // Nothing was waited for: the shared list of total time-outs serves, and the first attempt needs no other.
    if (this.list === undefined && this.total === undefined && this.until !== Infinity) {
      this.plan.totals?.add(this, now);
      this.list = this.plan.totals;
    }
    if (this.plan.hedge !== undefined && this.idempotent) {
      this.hedging = new Hedging(this, this.plan.hedge);
      this.hedging.arm();
    }
  }

  armTotal(now: number): void {
    const { list, plan } = this;
    if (this.total !== undefined || this.until === Infinity || (list !== undefined && list === plan.totals)) return;
    this.startTotal(now);
  }

  startTotal(now: number): void {
    this.total = this.machine.rt.clock.alarm(Math.max(0, this.until - now), () => this.expireTotal(), "held");
  }

  override expire(): void {
    if (this.list !== this.plan.totals) {
      super.expire();
      return;
    }
    this.list = undefined;
    this.expireTotal();
  }

  won(value: T, outcome: "success" | "ignored", now: number): void {
    if (this.hedging !== undefined) this.hedging.won(this, outcome, now);
    this.finish(outcome, now);
    this.resolve(value);
  }

  lost(failure: Failure, now: number): void {
    const { hedging, plan } = this;
    if (hedging !== undefined) hedging.lost(this, failure, now);
    else if (plan.retry === undefined || plan.retry.attempts === 1) this.end(failure, now);
    else {
      this.armTotal(now);
      retryPastFirst(failure, this, this.machine.rt).catch((thrown: unknown) => {
        if (this.done) return;
        const ended = this.machine.rt.clock.monotonic();
        if (thrown instanceof Failure) this.end(thrown, ended);
        else this.answer("failure", thrown, ended);
      });
    }
  }

  /** Retriable: makes a further attempt. */
  again(attempt: number): Promise<T> {
    const { machine } = this;
    // The caller left in the instant between the wait and this.
    if (this.done) return Promise.reject(this.reason);
    const pass = new LaterPass(this, attempt);
    this.later = pass;
    this.made = attempt;
    machine.counts.retries++;
    this.interrupt = pass.reject;
    pass.begin(machine.rt.clock.monotonic());
    return pass.promise;
  }

  /** Retriable: waits before it. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.interrupt = reject;
      this.sleep = this.machine.rt.clock.alarm(ms, resolve, "held");
    });
  }

  laterWon(pass: LaterPass<T>, value: T, outcome: "success" | "ignored", now: number): void {
    if (this.done) return;
    if (this.hedging !== undefined) this.hedging.won(pass, outcome, now);
    pass.resolve(value);
    this.finish(outcome, now);
    this.resolve(value);
  }

  laterLost(pass: LaterPass<T>, failure: Failure, now: number): void {
    if (this.hedging !== undefined) this.hedging.lost(pass, failure, now);
    else pass.reject(failure);
  }

  /** The last attempt went wrong. */
  end(failure: Failure, now: number): void {
    const { bad, outcome } = failure;
    if (bad === undefined) {
      this.answer(outcome, failure.error, now);
      return;
    }
    const { surface } = this.rules as { surface: ((value: unknown) => unknown) | undefined };
    if (surface !== undefined) {
      this.answer(outcome, surface(bad.value), now);
      return;
    }
    this.finish(outcome, now);
    this.resolve(bad.value as T);
  }

  /** Ends with an error, or with what the fallback has in its place. */
  answer(outcome: CallOutcome, error: unknown, now: number): void {
    const { machine, context, name } = this;
    const { fallback, rt, counts } = machine;
    const signal = this.callers?.[0];
    this.finish(outcome, now);
    if (fallback === undefined || !fallback.covers(outcome, error)) {
      this.reject(error);
      return;
    }
    counts.fallbacks++;
    if (rt.events.wants("fallback.used")) rt.events.emit("fallback.used", { name, context, error });
    this.resolve(fallback.answer(error, { name, outcome, context, signal }) as Promise<T>);
  }

  expireTotal(): void {
    if (this.done) return;
    const { machine, context, name } = this;
    const ms = this.until - this.begun;
    const error = timeoutError(`upstream:${name}`, "total", ms);
    machine.counts.timeouts++;
    if (machine.rt.events.wants("timeout")) machine.rt.events.emit("timeout", { name, context, scope: "total", ms });
    const now = machine.rt.clock.monotonic();
    this.withdrawAll(error, "failure", now);
    this.answer("failure", error, now);
  }

  /** The caller aborted: a listener of its signal. */
  handleEvent(event: Event): void {
    if (!this.done) this.abandon((event.target as AbortSignal).reason);
  }

  abandon(reason: unknown): void {
    const now = this.machine.rt.clock.monotonic();
    this.withdrawAll(reason, "cancelled", now);
    this.finish("cancelled", now);
    this.reject(reason);
  }

  withdrawAll(reason: unknown, outcome: "failure" | "cancelled", now: number): void {
    this.done = true;
    this.withdraw(reason, outcome, now);
    this.later?.withdraw(reason, outcome, now);
  }

  /** Lets go of every timer and listener, and counts the call. */
  finish(outcome: CallOutcome, now: number): void {
    const { machine, callers, plan } = this;
    this.done = true;
    if (this.list !== undefined && this.list === plan.totals) this.list.remove(this);
    this.list = undefined;
    this.total?.cancel();
    this.sleep?.cancel();
    this.hedging?.cancel();
    this.interrupt?.(undefined);
    if (callers !== undefined) for (const signal of callers) signal.removeEventListener("abort", this);
    settled(machine, outcome, now - this.begun, this.made, this.context);
  }
}
