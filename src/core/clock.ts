/**
 * Where time comes from. Everything that waits or measures takes a `Clock`, so that tests and simulations can
 * run a whole fleet in virtual time.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes backwards. For durations. */
  monotonic(): number;
  /** Unix time in milliseconds; may jump. Only for what outlives the process or comes from outside of it. */
  wall(): number;
  /**
   * Rings once, `ms` from now. A held alarm keeps the process alive until it rings or is cancelled (something
   * awaits it); a background alarm never does.
   */
  alarm(ms: number, ring: () => void, kind: AlarmKind): Alarm;
}

/** Whether a pending alarm keeps the process alive. */
export type AlarmKind = "held" | "background";

/** A pending ring of a {@link Clock}. */
export interface Alarm {
  /** Stops the alarm; harmless when it already rang. */
  cancel(): void;
  /** From now on keeps the process alive. */
  hold(): void;
  /** From now on doesn't keep the process alive. */
  release(): void;
}

/** Node's timers, or a browser's: there a timer is a number and nothing holds a process. */
interface NativeTimer {
  ref?(): unknown;
  unref?(): unknown;
}

/** setTimeout fires at once for delays past this (2^31 − 1 ms, 24.8 days). */
const LONGEST_TIMER_MS = 2_147_483_647;

class NativeAlarm implements Alarm {
  #timer: NativeTimer | number;
  #held: boolean;

  constructor(ms: number, ring: () => void, kind: AlarmKind) {
    this.#held = kind === "held";
    this.#timer = this.#start(ms, ring);
  }

  #start(ms: number, ring: () => void): NativeTimer | number {
    const next =
      ms > LONGEST_TIMER_MS
        ? () => {
            this.#timer = this.#start(ms - LONGEST_TIMER_MS, ring);
          }
        : ring;
    const timer = setTimeout(next, Math.min(ms, LONGEST_TIMER_MS)) as unknown as NativeTimer | number;
    if (!this.#held && typeof timer === "object") timer.unref?.();
    return timer;
  }

  cancel(): void {
    clearTimeout(this.#timer as number);
  }

  hold(): void {
    this.#held = true;
    if (typeof this.#timer === "object") this.#timer.ref?.();
  }

  release(): void {
    this.#held = false;
    if (typeof this.#timer === "object") this.#timer.unref?.();
  }
}

/** The machine's clocks and timers. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  alarm: (ms, ring, kind) => new NativeAlarm(ms, ring, kind),
};

/** A clock whose alarms never ring, for places where time stands still: a Convex query or mutation. */
export function stoppedClock(clock: Clock): Clock {
  const never: Alarm = { cancel: () => undefined, hold: () => undefined, release: () => undefined };
  return { monotonic: () => clock.wall(), wall: () => clock.wall(), alarm: () => never };
}
