import type { Alarm, AlarmKind, Clock } from "../core/clock.js";

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly ring: () => void;
  kind: AlarmKind;
}

/** A {@link Clock} that stands still until it is told to move. */
export class ManualClock implements Clock {
  #monotonic = 0;
  #wall: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** @param wall where the wall clock starts, in Unix milliseconds; default 2026-01-01T00:00:00Z */
  constructor(wall: number = Date.UTC(2026, 0, 1)) {
    this.#wall = wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  wall(): number {
    return this.#wall;
  }

  alarm(ms: number, ring: () => void, kind: AlarmKind): Alarm {
    const pending: Pending = { due: this.#monotonic + Math.max(0, ms), order: this.#order++, ring, kind };
    this.#pending.add(pending);
    return {
      cancel: () => void this.#pending.delete(pending),
      hold: () => {
        pending.kind = "held";
      },
      release: () => {
        pending.kind = "background";
      },
    };
  }

  /** Alarms that have not rung: `held` ones would keep a process alive. */
  pending(kind?: AlarmKind): number {
    return kind === undefined ? this.#pending.size : [...this.#pending].filter((alarm) => alarm.kind === kind).length;
  }

  /** Moves only the wall clock, as a correction of the machine's clock would; `by` may be negative. */
  jumpWall(by: number): void {
    this.#wall += by;
  }

  /**
   * Moves time on by `ms`, ringing what falls due on the way, each at its own moment. Between two rings everything
   * that is ready runs, so that what an awaiting function does next happens at the right time too.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonic + ms;
    await settled();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#moveTo(next.due);
      this.#pending.delete(next);
      next.ring();
      await settled();
    }
    this.#moveTo(until);
    await settled();
  }

  /** The same without letting anything else run in between: for code that is wholly synchronous. */
  tick(ms: number): void {
    const until = this.#monotonic + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#moveTo(next.due);
      this.#pending.delete(next);
      next.ring();
    }
    this.#moveTo(until);
  }

  #moveTo(due: number): void {
    if (due <= this.#monotonic) return;
    this.#wall += due - this.#monotonic;
    this.#monotonic = due;
  }

  #next(until: number): Pending | undefined {
    let next: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.due > until) continue;
      if (next === undefined || pending.due < next.due || (pending.due === next.due && pending.order < next.order)) {
        next = pending;
      }
    }
    return next;
  }
}

/** Lets everything that is ready run: promise callbacks, and what they make ready. Needs no timer. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
