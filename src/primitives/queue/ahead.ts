import type { Alarm, Clock } from "../../core/clock.js";
import type { JobRun } from "./job-run.js";

/** A job that was claimed and hasn't begun, and how long it had waited by then. */
interface Held {
  readonly run: JobRun;
  readonly waitedMs: number;
  readonly sinceMs: number;
}

/** What hasn't begun after so long goes back: a run before it took longer than those before. */
const HOLD_MS = 50;
/** Jobs held at most, or as many as may run at a time where that is more. */
const MOST = 16;
/** What the latest adds to a mean. */
const WEIGHT = 1 / 16;
/** Shorter runs count as this: it is all that a clock can tell. */
const SHORTEST_MS = 0.01;

/**
 * Jobs claimed ahead: where runs take less time than asking for more, a worker would mostly wait for the store. So it
 * has as many ready as it runs in the time that one answer takes, and none where runs take longer than that. What it
 * holds and can't begin soon it gives back, for others may have room.
 */
export class ClaimedAhead {
  readonly #clock: Clock;
  readonly #giveBack: (run: JobRun) => void;
  #held: Held[] = [];
  /** Means; 0 where nothing is known yet. */
  #runMs = 0;
  #askMs = 0;
  /** Had to give back what it held, and no run has ended since. */
  #stuck = false;
  #alarm: Alarm | undefined;

  constructor(clock: Clock, giveBack: (run: JobRun) => void) {
    this.#clock = clock;
    this.#giveBack = giveBack;
  }

  get size(): number {
    return this.#held.length;
  }

  /** Notes how long a run took. */
  ran(ms: number): void {
    const took = Math.max(ms, SHORTEST_MS);
    this.#stuck = false;
    this.#runMs += (took - this.#runMs) * (this.#runMs === 0 ? 1 : WEIGHT);
  }

  /** Notes how long the store took to answer. */
  asked(ms: number): void {
    this.#askMs += (ms - this.#askMs) * (this.#askMs === 0 ? 1 : WEIGHT);
  }

  /** How many are to be held beside those that run. */
  wanted(concurrency: number): number {
    if (this.#runMs === 0 || this.#stuck) return 0;
    return Math.min(Math.floor((concurrency * this.#askMs) / this.#runMs), Math.max(concurrency, MOST));
  }

  /** @param waitedMs how long it has been due already */
  add(run: JobRun, waitedMs: number, now: number): void {
    this.#held.push({ run, waitedMs, sinceMs: now });
  }

  /** The next to begin, and how long it has been due. */
  next(now: number): { readonly run: JobRun; readonly waitedMs: number } | undefined {
    const first = this.#held.shift();
    return first === undefined ? undefined : { run: first.run, waitedMs: first.waitedMs + now - first.sinceMs };
  }

  /** Those that are left have to wait for a run to end: but not for long. */
  watch(): void {
    const [first] = this.#held;
    if (this.#alarm !== undefined || first === undefined) return;
    const left = Math.max(0, first.sinceMs + HOLD_MS - this.#clock.monotonic());
    const ring = () => {
      this.#alarm = undefined;
      const late = this.#clock.monotonic() - HOLD_MS;
      // The first has waited too long: those behind it would wait longer still.
      if (this.#held[0] === undefined || this.#held[0].sinceMs > late) {
        this.watch();
        return;
      }
      this.#runMs = Math.max(this.#runMs, HOLD_MS);
      this.#stuck = true;
      this.clear();
    };
    this.#alarm = this.#clock.alarm(left, ring, "background");
  }

  /** Gives all back. */
  clear(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    while (this.#held.length > 0) this.#back();
  }

  #back(): void {
    // Last come, first gone: each is put before those that wait.
    const last = this.#held.pop();
    if (last !== undefined) this.#giveBack(last.run);
  }
}
