import type { Alarm, Clock } from "../../core/clock.js";

/** Why somebody stopped waiting. */
export type Left = "timeout" | "aborted" | "closed";

/** One who waits for a slot. */
export class Waiting {
  #alarm: Alarm | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #leave: (waiting: Waiting, why: Left) => void;
  readonly #aborted = () => this.#leave(this, "aborted");

  constructor(
    readonly go: () => void,
    readonly reject: (why: Left) => void,
    clock: Clock,
    ms: number,
    signal: AbortSignal | undefined,
    leave: (waiting: Waiting, why: Left) => void,
  ) {
    this.#signal = signal;
    this.#leave = leave;
    signal?.addEventListener("abort", this.#aborted);
    if (ms !== Infinity) this.#alarm = clock.alarm(ms, () => leave(this, "timeout"), "held");
  }

  detach(): void {
    this.#alarm?.cancel();
    this.#signal?.removeEventListener("abort", this.#aborted);
  }
}

/** How often the first in line asks, though it would be told; and where nobody tells, from when on and up to what. */
const TOLD_MS = 1_000;
const SHORTEST_MS = 25;
const LONGEST_MS = 500;

/** Those of this process who wait for slots of one key: the first of them asks for all. */
export class Line {
  readonly waiting: Waiting[] = [];
  #attempt = 0;
  #alarm: Alarm | undefined;
  /** Whether one who waited asks now. */
  trying = false;
  /** Calls that wait or run. */
  users = 0;

  /** Asks again after some time, sooner the fewer times it has asked in vain; partly by chance. */
  later(clock: Clock, random: () => number, told: boolean, retryAfterMs: number, ask: () => void): void {
    const most = told ? TOLD_MS : Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(this.#attempt++, 10));
    const ms = Math.min(Math.max(1, retryAfterMs), most * (0.5 + random() / 2));
    this.#alarm?.cancel();
    this.#alarm = clock.alarm(ms, ask, "background");
  }

  /** Somebody got a slot: the next is asked for anew. */
  progressed(): void {
    this.#attempt = 0;
    this.#alarm?.cancel();
  }
}
