import type { Deadlines, Expirable } from "../../../core/deadlines.js";
import { KeelsonError } from "../../../core/errors.js";
import type { MaybePromise } from "../../../core/store.js";
import { answerOf } from "../answer.js";
import type { ActiveCall } from "../call.js";
import type { Outgoing } from "../incoming.js";
import type { Serve } from "../stage.js";
import { isThenable } from "./auth.js";

/** Calls the handler, and makes an answer of what it returns. */
export function handlerStage(handler: (call: never) => unknown): Serve {
  const run = handler as (call: ActiveCall) => unknown;
  return (call) => {
    const { inContext } = call.plan.rt;
    const result = inContext === undefined ? run(call) : inContext(call.context, () => run(call));
    return isThenable(result) ? Promise.resolve(result).then(answerOf) : answerOf(result);
  };
}

/**
 * Gives a stage so much time; then the call is refused and its signal aborts. What goes on within it regardless is
 * left to end by itself, so that it can still finish what it has begun.
 */
export function timedStage(stage: Serve, deadlines: Deadlines): Serve {
  return (call) => {
    const { clock } = call.plan.rt;
    call.deadline = clock.monotonic() + deadlines.ms;
    call.changed();
    const pending = stage(call);
    return pending instanceof Promise
      ? new Promise((resolve, reject) => new TimedCall(call, pending, deadlines, clock.monotonic(), resolve, reject))
      : pending;
  };
}

class TimedCall implements Expirable {
  deadline = 0;
  previous: Expirable | undefined = undefined;
  next: Expirable | undefined = undefined;
  private over = false;

  constructor(
    private readonly call: ActiveCall,
    pending: Promise<Outgoing>,
    deadlines: Deadlines,
    now: number,
    resolve: (answer: MaybePromise<Outgoing>) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    deadlines.add(this, now);
    const settle = () => {
      if (this.over) return;
      this.over = true;
      deadlines.remove(this);
    };
    pending.then(
      (answer) => {
        // Too late: nobody will read it.
        if (this.over && answer.body instanceof ReadableStream) answer.body.cancel().catch(() => undefined);
        settle();
        resolve(answer);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  }

  expire(): void {
    this.over = true;
    const error = new KeelsonError("unavailable", "The handler took too long", {
      detail: "The request took too long",
      source: `endpoint:${this.call.plan.name}`,
    });
    // Refused first: a handler that rethrows the signal's reason must not decide the answer.
    this.reject(error);
    this.call.timeOut(error);
  }
}
