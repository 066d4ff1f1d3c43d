import type { Failure } from "../retry/failure.js";
import type { Call } from "./call.js";
import { Pass } from "./pass.js";

/** An attempt after the first: a retry, or a hedge. */
export class LaterPass<T> extends Pass<T> {
  declare readonly call: Call<T>;

  constructor(call: Call<T>, attempt: number) {
    super(call.machine, call.plan, call.fn, call.rules, attempt, call.until);
    this.call = call;
    this.context = call.context;
    this.priority = call.priority;
  }

  /** A hedge never queues: it would make a crowd worse, and the first attempt is on its way already. */
  get queueing(): "no" | "yes" | "abortable" {
    return this.call.hedging === undefined ? this.call.queueing : "no";
  }

  won(value: T, outcome: "success" | "ignored", now: number): void {
    this.call.laterWon(this, value, outcome, now);
  }

  lost(failure: Failure, now: number): void {
    this.call.laterLost(this, failure, now);
  }

  expireTotal(): void {
    this.call.expireTotal();
  }

  armTotal(now: number): void {
    this.call.armTotal(now);
  }
}
