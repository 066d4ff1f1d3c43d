import type { Alarm, Clock } from "../../core/clock.js";
import type { JobEnd } from "../../core/jobs.js";

/** How a job ended, as far as is known. */
export interface Ended {
  readonly state: JobEnd;
  /** `undefined`: to be read. */
  readonly result?: string | null;
  readonly error?: string | null;
}

/** One who waits for a job. Its fields are no part of the public interface. */
export class Waiter {
  readonly promise: Promise<unknown>;
  /** The job; another's where that stands in for it. */
  id = "";
  /** Whether it is known that the job was enqueued for this one. */
  own = false;
  over = false;
  /** The next wait between two looks; 0: it doesn't look yet. */
  pollMs = 0;
  #resolve: (value: unknown) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;
  #alarm: Alarm | undefined;
  readonly #signals: readonly AbortSignal[];
  readonly #aborted = (event: Event) => this.giveUp((event.target as AbortSignal).reason);

  constructor(
    readonly tool: string,
    /** When it stops waiting, monotonic. */
    readonly until: number,
    signals: readonly AbortSignal[],
    readonly clock: Clock,
    /** Time has passed: until it looks again, or wholly. */
    readonly onTime: (waiter: Waiter) => void,
    /** It ended without the job having ended. */
    readonly onGivenUp: (waiter: Waiter) => void,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener("abort", this.#aborted);
    this.arm(0);
  }

  /** Rings after so long, or when time is up; 0: only then. */
  arm(pollMs: number): void {
    this.#alarm?.cancel();
    const left = Math.max(0, this.until - this.clock.monotonic());
    const ms = pollMs === 0 ? left : Math.min(left, pollMs);
    this.#alarm = this.clock.alarm(ms, () => this.onTime(this), "held");
  }

  succeed(value: unknown): void {
    if (this.#end()) this.#resolve(value);
  }

  fail(reason: unknown): void {
    if (this.#end()) this.#reject(reason);
  }

  giveUp(reason: unknown): void {
    if (!this.#end()) return;
    this.#reject(reason);
    this.onGivenUp(this);
  }

  #end(): boolean {
    if (this.over) return false;
    this.over = true;
    this.#alarm?.cancel();
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#aborted);
    return true;
  }
}
