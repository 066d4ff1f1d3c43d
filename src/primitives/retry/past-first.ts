import pRetry from "p-retry";
import type { Context } from "../../core/context.js";
import type { Runtime } from "../../core/runtime.js";
import { Failure } from "./failure.js";
import type { RetryPlan, RetryStop } from "./plan.js";

/** A call that has failed once and may be made again. */
export interface Retriable<T> {
  readonly name: string;
  readonly context: Context | undefined;
  readonly retryPlan: RetryPlan;
  /** When the call as a whole runs out of time, in monotonic milliseconds; `Infinity`: never. */
  readonly until: number;
  readonly idempotent: boolean;
  /** Whether its caller has gone or its time is up. */
  readonly done: boolean;
  /** Makes the attempt of this number. Rejects with a {@link Failure} when that goes wrong. */
  again(attempt: number): Promise<T>;
  /** Waits. Rejects when the call is given up meanwhile. */
  pause(ms: number): Promise<void>;
}

const notes = new WeakMap<object, RetryNote>();

/** Why an error was the last one. */
export interface RetryNote {
  /** Attempts made, the first included. */
  readonly attempts: number;
  readonly reason: RetryStop;
}

/** What is known of an error that a retry gave up with: how many attempts there were, and why there is no further one. */
export function retryNote(error: unknown): RetryNote | undefined {
  return typeof error === "object" && error !== null ? notes.get(error) : undefined;
}

const yes = (): boolean => true;

/**
 * Goes on where the first attempt failed, by p-retry. Every one of p-retry's options is given, and its own clock and
 * randomness have no say: it waits 0 ms, and `onFailedAttempt` waits on the call's clock instead.
 *
 * Rejects with the last attempt's {@link Failure}, or with what the `retryable` predicate threw.
 */
export function retryPastFirst<T>(first: Failure, call: Retriable<T>, rt: Runtime): Promise<T> {
  let delay = 0;
  return pRetry<T>((attempt) => (attempt === 1 ? Promise.reject(first) : call.again(attempt)), {
    retries: call.retryPlan.attempts - 1,
    factor: 1,
    minTimeout: 0,
    maxTimeout: 0,
    maxRetryTime: Number.POSITIVE_INFINITY,
    randomize: false,
    unref: false,
    shouldRetry: yes,
    shouldConsumeRetry: yes,
    onFailedAttempt: async ({ error, attemptNumber }) => {
      if (!(error instanceof Failure)) throw error;
      delay = next(error, attemptNumber, delay, call, rt);
      error.discard();
      try {
        await call.pause(delay);
      } catch (stopped) {
        stop(call, rt, "aborted", attemptNumber, error);
        throw stopped;
      }
    },
  });
}

/** The wait before the next attempt. @throws the failure when there is none */
function next<T>(failure: Failure, attempt: number, previousDelay: number, call: Retriable<T>, rt: Runtime): number {
  if (call.done) throw failure;
  const { events, clock, random } = rt;
  const { until, idempotent, retryPlan, name, context } = call;
  const decision = retryPlan.next(failure, {
    attempt,
    now: clock.monotonic(),
    until,
    previousDelay,
    idempotent,
    random,
  });
  if (typeof decision === "string") {
    stop(call, rt, decision, attempt, failure);
    throw failure;
  }
  if (events.wants("retry.scheduled"))
    events.emit("retry.scheduled", { name, context, attempt: attempt + 1, delayMs: decision, error: failure.error });
  return decision;
}

function stop<T>(call: Retriable<T>, { events }: Runtime, reason: RetryStop, attempt: number, failure: Failure): void {
  const { error } = failure;
  if (typeof error === "object" && error !== null) notes.set(error, { attempts: attempt, reason });
  if (events.wants("retry.stopped"))
    events.emit("retry.stopped", { name: call.name, context: call.context, attempt, reason, error });
}
