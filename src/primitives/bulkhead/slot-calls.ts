import type { Clock } from "../../core/clock.js";
import { isKeelsonError } from "../../core/errors.js";
import type { CallOutcome } from "../outcome.js";
import type { AimdConfig } from "./aimd.js";
import type { SlotRequest } from "./slot-request.js";

/** A function that is called in a slot. */
export type SlotFunction<T> = (signal?: AbortSignal) => T | PromiseLike<T>;

/** Who gives slots: see `Bulkhead` for each of these. */
export interface Slots {
  tryEnter(weight?: number): boolean;
  wait(request?: SlotRequest): Promise<void>;
  leave(weight?: number, outcome?: CallOutcome, durationMs?: number, dropped?: boolean): void;
}

/** Calls functions in a bulkhead's slots and classifies how they ended: what an upstream does for itself. */
export class SlotCalls {
  readonly #bulkhead: Slots;
  readonly #clock: Clock;
  readonly #adaptive: boolean;
  /** Whether calls have to be timed. */
  readonly #measured: boolean;

  constructor(bulkhead: Slots, clock: Clock, adaptive: AimdConfig | undefined) {
    this.#bulkhead = bulkhead;
    this.#clock = clock;
    this.#adaptive = adaptive !== undefined;
    this.#measured = adaptive !== undefined && adaptive.dropOverMs !== Infinity;
  }

  /** See `Bulkhead.run`. */
  run<T>(fn: SlotFunction<T>, request: SlotRequest | undefined): Promise<T> {
    const signal = request?.signal;
    if ((request?.weight ?? 1) !== 1 || this.#measured || (this.#adaptive && signal !== undefined))
      return this.#runFully(fn, request ?? {});
    if (signal?.aborted === true || !this.#bulkhead.tryEnter()) return this.#queue(fn, request);
    let result: T | PromiseLike<T>;
    try {
      result = fn(signal);
    } catch (error) {
      return Promise.reject(error).catch(this.#threw);
    }
    const promise = result instanceof Promise ? (result as Promise<T>) : Promise.resolve(result);
    return promise.then(this.#returned, this.#threw);
  }

  /** Two links of a promise and no closure: measured, that beats an async function, and a burst is made of these. */
  #queue<T>(fn: SlotFunction<T>, request: SlotRequest | undefined): Promise<T> {
    const signal = request?.signal;
    const start =
      signal === undefined
        ? (fn as () => T | PromiseLike<T>)
        : () => {
            // Aborted between the grant and now: the slot is given back unused.
            if (signal.aborted) throw signal.reason;
            return fn(signal);
          };
    return this.#bulkhead.wait(request).then(start, refuse).then(this.#returned, this.#threw);
  }

  readonly #returned = <T>(value: T): T => {
    this.#bulkhead.leave(1, "success");
    return value;
  };

  readonly #threw = (error: unknown): never => {
    if (error instanceof Refused) throw error.reason;
    this.#bulkhead.leave(1, "failure", 0, this.#adaptive && isDrop(error));
    throw error;
  };

  /** The same for calls that need more told: their weight, how long they took, whether their caller went away. */
  async #runFully<T>(fn: SlotFunction<T>, request: SlotRequest): Promise<T> {
    const { weight = 1, signal } = request;
    await this.#bulkhead.wait(request);
    const startedAt = this.#measured ? this.#clock.monotonic() : 0;
    let outcome: CallOutcome = "cancelled";
    let dropped = false;
    try {
      if (signal?.aborted === true) throw signal.reason;
      const value = await fn(signal);
      outcome = "success";
      return value;
    } catch (error) {
      if (signal?.aborted !== true) {
        outcome = "failure";
        dropped = isDrop(error);
      }
      throw error;
    } finally {
      this.#bulkhead.leave(weight, outcome, this.#measured ? this.#clock.monotonic() - startedAt : 0, dropped);
    }
  }
}

/** Marks that a call got no slot, so that none is given back for it. */
class Refused {
  constructor(readonly reason: unknown) {}
}

function refuse(reason: unknown): never {
  throw new Refused(reason);
}

/** Whether an error says that the callee had too much to do: it didn't answer in time, or answered 429. */
function isDrop(error: unknown): boolean {
  try {
    const { name, status, response } = (error ?? {}) as {
      name?: unknown;
      status?: unknown;
      response?: { status?: unknown };
    };
    if (response?.status === 429) return true;
    // The status of our own errors is what our caller is told: a 429 is a limiter's, and not the callee's.
    return isKeelsonError(error) ? error.code === "upstream_timeout" : name === "TimeoutError" || status === 429;
  } catch {
    // Its getters throw: it tells nothing, and its slot comes back all the same.
    return false;
  }
}
