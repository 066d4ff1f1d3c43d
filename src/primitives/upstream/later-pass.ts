import type { Failure } from "../retry/failure.js";
import { Pass } from "./pass.js";

/** The call that an attempt after the first is a part of: it hears how that ended. */
export interface Owner<T>
  extends Pick<
    Pass<T>,
    "machine" | "plan" | "fn" | "rules" | "until" | "context" | "priority" | "expireTotal" | "armTotal"
  > {
  readonly queueing: "yes" | "abortable";
  /** Set where later attempts are hedges. */
  readonly hedging: object | undefined;
  laterWon(pass: LaterPass<T>, value: T, outcome: "success" | "ignored", now: number): void;
  laterLost(pass: LaterPass<T>, failure: Failure, now: number): void;
}

/** An attempt after the first: a retry, or a hedge. */
export class LaterPass<T> extends Pass<T> {
  declare readonly call: Owner<T>;

  constructor(call: Owner<T>, attempt: number) {
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
