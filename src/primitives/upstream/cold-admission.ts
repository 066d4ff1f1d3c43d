import type { Context, Priority } from "../../core/context.js";
import { KeelsonError } from "../../core/errors.js";
import type { Bulkhead } from "../bulkhead/bulkhead.js";
import type { Machine } from "./machine.js";
import type { UpstreamLimiter } from "./options.js";

/** An attempt on its way in. */
export interface Admitted {
  readonly machine: Machine;
  readonly context: Context | undefined;
  readonly priority: Priority | undefined;
  readonly until: number;
  readonly queueing: "no" | "yes" | "abortable";
  readonly signal: AbortSignal;
  readonly over: boolean;
  slot: boolean;
  enter(now: number): void;
  launch(now: number): void;
  refuse(error: unknown, now: number): void;
  armTotal(now: number): void;
  expireTotal(): void;
}

/** Asks the limiter, which may have to ask a store, and lets the attempt on its way. */
export function throttle(pass: Admitted, limiter: UpstreamLimiter, now: number): void {
  const { machine, context } = pass;
  const { clock } = machine.rt;
  try {
    const decision = limiter.take(machine.name, 1, context);
    if (!(decision instanceof Promise)) {
      throttled(pass, decision, now);
      return;
    }
    pass.armTotal(now);
    decision
      .then((later) => throttled(pass, later, clock.monotonic()))
      .catch((error: unknown) => pass.refuse(error, clock.monotonic()));
  } catch (error) {
    pass.refuse(error, now);
  }
}

function throttled(pass: Admitted, decision: Awaited<ReturnType<UpstreamLimiter["take"]>>, now: number): void {
  if (pass.over) return;
  if (decision.allowed) {
    pass.enter(now);
    return;
  }
  const source = `upstream:${pass.machine.name}`;
  pass.refuse(
    decision.source === "closed"
      ? new KeelsonError("unavailable", `${source}: its limiter's store is out`, { source })
      : new KeelsonError("rate_limit", `${source}: rate limit`, { retryAfterMs: decision.retryAfterMs, source }),
    now,
  );
}

/** Waits for a slot of the bulkhead, and calls the callee when it has one. */
export function queue(pass: Admitted, bulkhead: Bulkhead, now: number): void {
  const { until, priority, queueing } = pass;
  const { clock } = pass.machine.rt;
  if (queueing === "no") {
    pass.refuse(bulkhead.rejection(), now);
    return;
  }
  bulkhead
    .wait({
      ...(until !== Infinity && { deadline: until }),
      ...(priority !== undefined && { priority }),
      ...(queueing === "abortable" && { signal: pass.signal }),
    })
    .then(
      () => {
        const granted = clock.monotonic();
        if (pass.over || granted >= until) {
          // The grant came with the end of the call, which has no more use for it.
          bulkhead.leave();
          if (!pass.over) pass.expireTotal();
          return;
        }
        pass.slot = true;
        pass.armTotal(granted);
        pass.launch(granted);
      },
      (error: unknown) => {
        if (pass.over) return;
        const refused = clock.monotonic();
        // The bulkhead kept the total deadline for us while we waited.
        if (refused >= until) pass.expireTotal();
        else pass.refuse(error, refused);
      },
    );
}
