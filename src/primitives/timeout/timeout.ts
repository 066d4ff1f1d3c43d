import type { Alarm } from "../../core/clock.js";
import { onlyKnown } from "../../core/config.js";
import type { Context } from "../../core/context.js";
import { Deadlines, type Expirable } from "../../core/deadlines.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { Derived, type Runtime, runtime, type Tunable } from "../../core/runtime.js";
import { discard } from "../retry/discard.js";
import { isThenable, PendingCall, promised } from "./pending-call.js";
import { timeoutError } from "./timeout-error.js";

/** See {@link Timeout}. */
export interface TimeoutOptions<K = Record<string, never>> {
  /** How long a call may take. */
  readonly after: Tunable<K, Duration>;
}

/** What a function under a {@link Timeout} gets. */
export interface TimedAttempt {
  /** Aborts with the time-out, or with the caller's reason when the caller aborts. Made when first read. */
  readonly signal: AbortSignal;
  /** When time runs out, in milliseconds of the clock's `monotonic()`. */
  readonly deadline: number;
}

/** What a caller may say about one call. */
export interface TimeoutCall {
  /** The caller's own: when it aborts, the call rejects with its reason, which is not a time-out. */
  readonly signal?: AbortSignal;
  /** Goes into events; its signal counts like `signal`, and its deadline ends the call where that is sooner. */
  readonly context?: Context;
}

/** The state of a {@link Timeout}, as plain data. */
export interface TimeoutSnapshot {
  readonly afterMs: number;
  readonly calls: number;
  readonly timeouts: number;
}

/**
 * Bounds how long a call may take. When time runs out the caller gets a KeelsonError `upstream_timeout` at once and
 * the callee's signal aborts with that error; a callee that pays no heed goes on, and its late result is disposed of.
 * Nothing is aborted on return, for that would cut off a body that is still being read.
 *
 * @example
 * const search = new Timeout("search", { after: "2s" });
 * const hits = await search.run(({ signal }) => index.query(q, { signal }));
 */
export class Timeout {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #deadlines: Derived<Deadlines>;
  readonly #counts = { calls: 0, timeouts: 0 };

  /** @throws {ConfigError} when an option is wrong */
  constructor(name: string, options: TimeoutOptions<never>, rt: Runtime = runtime()) {
    const where = `timeout(${JSON.stringify(name)})`;
    onlyKnown(options, where, ["after"]);
    this.name = name;
    this.#rt = rt;
    this.#deadlines = new Derived(
      rt.knobs,
      (read) => new Deadlines(rt.clock, milliseconds(read(options.after), `${where}.after`, 1)),
    );
  }

  /**
   * Runs a function within the time.
   *
   * @throws {KeelsonError} `upstream_timeout`; otherwise what the function throws, or the caller's reason to abort
   */
  run<T>(fn: (attempt: TimedAttempt) => T | PromiseLike<T>, call?: TimeoutCall): Promise<T> {
    const list = this.#deadlines.value;
    const context = call?.context ?? this.#rt.currentContext?.();
    const timed = new TimedCall<T>(this.name, list, this.#rt, this.#counts, context);
    this.#counts.calls++;
    const implied = context?.signal;
    if ((call !== undefined || implied !== undefined) && !timed.follow(call?.signal, implied)) return timed.promise;
    timed.begin(fn);
    return timed.promise;
  }

  /** Counts and configuration in effect. */
  snapshot(): TimeoutSnapshot {
    return { afterMs: this.#deadlines.value.ms, ...this.#counts };
  }
}

class TimedCall<T> extends PendingCall<T> implements Expirable, TimedAttempt {
  declare deadline: number;
  declare previous: Expirable | undefined;
  declare next: Expirable | undefined;
  declare over: boolean;
  declare callers: readonly AbortSignal[] | undefined;
  /** Where the context's deadline comes before the time-out, which the list then doesn't hold. */
  declare sooner: Alarm | undefined;

  constructor(
    readonly name: string,
    readonly list: Deadlines,
    readonly rt: Runtime,
    readonly counts: { timeouts: number },
    readonly context: Context | undefined,
  ) {
    super();
    this.deadline = 0;
    this.previous = undefined;
    this.next = undefined;
    this.over = false;
    this.callers = undefined;
    this.sooner = undefined;
  }

  /** Listens to the caller; false when it had aborted already. */
  follow(...signals: (AbortSignal | undefined)[]): boolean {
    const callers = signals.filter((signal) => signal !== undefined);
    const aborted = callers.find((signal) => signal.aborted);
    if (aborted !== undefined) {
      this.over = true;
      this.reject(aborted.reason);
      return false;
    }
    for (const signal of callers) signal.addEventListener("abort", this);
    this.callers = callers;
    return true;
  }

  begin(fn: (attempt: TimedAttempt) => T | PromiseLike<T>): void {
    const now = this.rt.clock.monotonic();
    const until = this.context?.deadline;
    if (until !== undefined && until < now + this.list.ms) {
      this.deadline = until;
      if (until <= now) {
        this.timeOut(0);
        return;
      }
      this.sooner = this.rt.clock.alarm(until - now, () => this.timeOut(until - now), "held");
    } else this.list.add(this, now);
    let result: T | PromiseLike<T>;
    try {
      result = fn(this);
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

  succeeded(value: T): void {
    if (this.over) {
      discard(value);
      return;
    }
    this.end();
    this.resolve(value);
  }

  failed(error: unknown): void {
    if (this.over) return;
    this.end();
    this.reject(error);
  }

  /** Time is up; the list has let go of the entry. */
  expire(): void {
    this.timeOut(this.list.ms);
  }

  timeOut(ms: number): void {
    const { name, context } = this;
    this.over = true;
    this.unfollow();
    this.counts.timeouts++;
    const error = timeoutError(`timeout:${name}`, "total", ms);
    const { events } = this.rt;
    if (events.wants("timeout")) events.emit("timeout", { name, context, scope: "total", ms });
    this.reject(error);
    this.abort(error);
  }

  /** The caller aborted. */
  handleEvent(event: Event): void {
    if (this.over) return;
    this.end();
    const { reason } = event.target as AbortSignal;
    this.reject(reason);
    this.abort(reason);
  }

  end(): void {
    this.over = true;
    if (this.sooner === undefined) this.list.remove(this);
    else this.sooner.cancel();
    this.unfollow();
  }

  unfollow(): void {
    if (this.callers !== undefined) for (const signal of this.callers) signal.removeEventListener("abort", this);
  }
}
