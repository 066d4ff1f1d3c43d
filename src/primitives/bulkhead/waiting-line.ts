import type { Alarm } from "../../core/clock.js";
import { oneOf } from "../../core/config.js";
import { PRIORITIES, type Priority } from "../../core/context.js";
import type { Deadlines, Expirable } from "../../core/deadlines.js";

/**
 * Grants that may pass a waiter by before it counts as one class higher. Counted in grants and not in time, so that
 * the promise holds whatever the pace: a `low` one waits for those ahead of it and 96 grants at most.
 */
const GRANTS_PER_CLASS = 32;

/** Why a waiter leaves without a slot. */
export type GiveUp = "timeout" | "aborted";

/** A call that waits for a slot: a link of its line, of the list of deadlines, and the listener of its own signal. */
export class Waiter implements Expirable {
  deadline = 0;
  previous: Expirable | undefined = undefined;
  next: Expirable | undefined = undefined;
  /** Neighbours in line. */
  ahead: Waiter | undefined = undefined;
  behind: Waiter | undefined = undefined;
  readonly class: number;
  /** The lower the sooner, across classes; negative once it is no longer in line. */
  rank = 0;
  /** What ends the waiting in time. */
  timer: Deadlines | Alarm | undefined = undefined;

  /** @throws {ConfigError} when the priority is none */
  constructor(
    readonly weight: number,
    priority: Priority,
    readonly signal: AbortSignal | undefined,
    readonly grant: () => void,
    readonly reject: (reason: unknown) => void,
    readonly giveUp: (waiter: Waiter, reason: GiveUp) => void,
  ) {
    this.class = PRIORITIES.indexOf(priority);
    if (this.class < 0) oneOf(priority, "priority", PRIORITIES);
  }

  /** Called by {@link Deadlines}, which has let go of it. */
  expire(): void {
    this.timer = undefined;
    this.giveUp(this, "timeout");
  }

  /** Called by the signal. */
  handleEvent(): void {
    this.giveUp(this, "aborted");
  }

  /** Lets go of the timer and of the signal. */
  detach(): void {
    const { timer } = this;
    if (timer !== undefined) {
      if ("remove" in timer) timer.remove(this);
      else timer.cancel();
    }
    this.signal?.removeEventListener("abort", this);
  }
}

/** Those who wait: a line for each class, joined and left anywhere in constant time. */
export class WaitingLine {
  size = 0;
  readonly #heads: (Waiter | undefined)[] = [undefined, undefined, undefined, undefined];
  readonly #tails: (Waiter | undefined)[] = [undefined, undefined, undefined, undefined];
  #grants = 0;

  join(waiter: Waiter): void {
    const tail = this.#tails[waiter.class];
    if (tail === undefined) this.#heads[waiter.class] = waiter;
    else tail.behind = waiter;
    waiter.ahead = tail;
    this.#tails[waiter.class] = waiter;
    waiter.rank = this.#grants + waiter.class * GRANTS_PER_CLASS;
    this.size++;
  }

  leave(waiter: Waiter): void {
    const { ahead, behind } = waiter;
    if (ahead === undefined) this.#heads[waiter.class] = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#tails[waiter.class] = ahead;
    else behind.ahead = ahead;
    waiter.ahead = undefined;
    waiter.behind = undefined;
    waiter.rank = -1;
    this.size--;
  }

  /** Takes out the waiter that {@link peek} named, as granted. */
  granted(waiter: Waiter): void {
    this.#grants++;
    this.leave(waiter);
  }

  /**
   * Who is next: of the class whose oldest waiter ranks first, the oldest, or the newest. (The class goes by its
   * oldest in either case, so that none starves.)
   */
  peek(newest: boolean): Waiter | undefined {
    let first: Waiter | undefined;
    for (let i = 0; i < this.#heads.length; i++) {
      const head = this.#heads[i];
      // Of equals the lower class: it came earlier.
      if (head !== undefined && (first === undefined || head.rank <= first.rank)) first = head;
    }
    return newest && first !== undefined ? this.#tails[first.class] : first;
  }
}
