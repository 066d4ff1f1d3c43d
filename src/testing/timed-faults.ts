import type { Alarm, Clock } from "../core/clock.js";

/** A fault that is there. */
export interface TimedFault<F> {
  readonly id: number;
  readonly fault: F;
  /** Whether it is still there. */
  readonly active: boolean;
  /** Ends it. Harmless when it is gone already. */
  remove(): void;
}

interface Entry<F> {
  readonly id: number;
  readonly fault: F;
  /** Monotonic milliseconds. */
  readonly until: number;
  readonly ended: () => void;
  readonly alarm: Alarm | undefined;
}

/** Faults in the order in which they were injected, each of which goes by itself when its time is up. */
export class TimedFaults<F> {
  readonly #clock: Clock;
  readonly #entries = new Map<number, Entry<F>>();
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param ttlMs `undefined`: it stays until it is removed
   * @param ended called once, when it has gone, however that came about
   */
  add(fault: F, ttlMs: number | undefined, ended: () => void = () => undefined): TimedFault<F> {
    const id = ++this.#ids;
    const remove = () => void this.remove(id);
    const until = ttlMs === undefined ? Infinity : this.#clock.monotonic() + ttlMs;
    const alarm = ttlMs === undefined ? undefined : this.#clock.alarm(ttlMs, remove, "background");
    this.#entries.set(id, { id, fault, until, ended, alarm });
    const isActive = () => this.#entries.has(id);
    return {
      id,
      fault,
      get active() {
        return isActive();
      },
      remove,
    };
  }

  /** Removes one; whether it was there. */
  remove(id: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#entries.delete(id);
    entry.alarm?.cancel();
    entry.ended();
    return true;
  }

  clear(): void {
    for (const id of [...this.#entries.keys()]) this.remove(id);
  }

  all(): readonly F[] {
    return [...this.#entries.values()].map(({ fault }) => fault);
  }

  /** As admin ports tell of them. */
  told(): readonly { readonly id: number; readonly fault: F; readonly leftMs: number | null }[] {
    return [...this.#entries.values()].map(({ id, fault, until }) => ({
      id,
      fault,
      leftMs: until === Infinity ? null : Math.max(0, Math.ceil(until - this.#clock.monotonic())),
    }));
  }
}
