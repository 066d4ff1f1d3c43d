import type { Alarm } from "../../core/clock.js";
import { KeelsonError } from "../../core/errors.js";
import type { HedgePlan } from "../hedge/plan.js";
import type { CallOutcome } from "../outcome.js";
import type { Failure } from "../retry/failure.js";
import { LaterPass, type Owner } from "./later-pass.js";
import type { Pass } from "./pass.js";

/** The call that is hedged, and its first attempt. */
export type Hedged<T> = Pass<T> &
  Owner<T> & {
    readonly name: string;
    readonly done: boolean;
    later: LaterPass<T> | undefined;
    /** Attempts so far. */
    made: number;
    end(failure: Failure, now: number): void;
    answer(outcome: CallOutcome, error: unknown, now: number): void;
  };

/**
 * The second attempt that is sent while the first one is still out, or when it failed before that: "The Tail at Scale"
 * (Dean and Barroso, 2013). The first acceptable outcome wins; the other attempt is aborted and counts as cancelled.
 */
export class Hedging<T> {
  readonly #call: Hedged<T>;
  readonly #plan: HedgePlan;
  #alarm: Alarm | undefined;
  #begun = false;
  #denied = false;
  readonly #failures: Failure[] = [];

  constructor(call: Hedged<T>, plan: HedgePlan) {
    this.#call = call;
    this.#plan = plan;
  }

  arm(): void {
    const delayMs = this.#plan.delayMs();
    if (delayMs === undefined) return;
    this.#alarm = this.#call.machine.rt.clock.alarm(delayMs, () => void this.#begin(delayMs), "held");
  }

  cancel(): void {
    this.#alarm?.cancel();
  }

  /** An attempt has an answer: the other one is no longer wanted. */
  won(winner: Pass<T>, outcome: "success" | "ignored", now: number): void {
    const { later } = this.#call;
    // Measured from the first attempt even where the second won: the slow ones would be missing otherwise, and the
    // delay would shrink and shrink.
    if (outcome === "success") this.#plan.latency.record(now - this.#call.startedAt);
    if (!this.#begun) return;
    const reason = new KeelsonError("aborted", `upstream "${this.#call.name}": another attempt was faster`);
    if (winner === this.#call) later?.withdraw(reason, "cancelled", now);
    else this.#call.withdraw(reason, "cancelled", now);
    this.#tell(winner === this.#call ? "primary" : "hedge");
  }

  /** An attempt went wrong: the answer is the other one's, or there is none. */
  lost(pass: Pass<T>, failure: Failure, now: number): void {
    const call = this.#call;
    if (call.done) return;
    if (failure.outcome === "ignored") {
      // An answer, if not the one that was hoped for: asking again would get the same.
      this.won(pass, "ignored", now);
      call.end(failure, now);
      return;
    }
    this.#failures.push(failure);
    // The first has failed before its time: there is nothing left to wait for.
    if (!this.#begun && !this.#denied && isTransient(failure)) {
      this.cancel();
      if (this.#begin(0)) return;
    }
    if (!this.#begun || this.#failures.length === 2) this.#end(failure, now);
  }

  #end(last: Failure, now: number): void {
    const call = this.#call;
    if (!this.#begun) {
      call.end(last, now);
      return;
    }
    this.#tell("none");
    if (last.bad !== undefined && call.rules.surface === undefined) {
      call.end(last, now);
      return;
    }
    const { surface } = call.rules as { surface: ((value: unknown) => unknown) | undefined };
    const errors = this.#failures.map(({ bad, error }) => (bad === undefined ? error : surface?.(bad.value)));
    const rejected = this.#failures.every(({ outcome }) => outcome === "rejected");
    call.answer(
      rejected ? "rejected" : "failure",
      new AggregateError(errors, `upstream "${call.name}": the call and its hedge failed`),
      now,
    );
  }

  /** Sends the second attempt, if the budget has it. */
  #begin(delayMs: number): boolean {
    const call = this.#call;
    const { machine, name, context } = call;
    const { events, clock } = machine.rt;
    const now = clock.monotonic();
    if (this.#begun || call.done) return this.#begun;
    if (this.#plan.budget?.take(now) === false) {
      this.#denied = true;
      if (events.wants("hedge.denied")) events.emit("hedge.denied", { name, context });
      return false;
    }
    this.#begun = true;
    machine.counts.hedges++;
    call.made = 2;
    call.armTotal(now);
    if (events.wants("hedge.started")) events.emit("hedge.started", { name, context, delayMs });
    call.later = new LaterPass(call, 2);
    call.later.begin(now);
    return true;
  }

  #tell(winner: "primary" | "hedge" | "none"): void {
    const { machine, name, context } = this.#call;
    if (machine.rt.events.wants("hedge.settled")) machine.rt.events.emit("hedge.settled", { name, context, winner });
  }
}

/** Whether asking again at once could help: not where somebody asked us to stay away. */
function isTransient(failure: Failure): boolean {
  return failure.outcome === "failure" && (failure.retryAfterMs ?? 0) === 0;
}
