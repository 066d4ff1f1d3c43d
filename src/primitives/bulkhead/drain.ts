import type { Clock } from "../../core/clock.js";

/** Those who wait until a bulkhead that is closed has become empty. */
export class Drain {
  #waiting: (() => void)[] = [];

  /**
   * Waits until {@link emptied} is called, or for `ms` at most.
   *
   * @param cutOff called when the time is over; says whether it has become empty by that
   * @returns whether it became empty
   */
  wait(clock: Clock, ms: number | undefined, cutOff: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const alarm = ms === undefined ? undefined : clock.alarm(ms, () => resolve(cutOff()), "held");
      this.#waiting.push(() => {
        alarm?.cancel();
        resolve(true);
      });
    });
  }

  /** Tells all who wait. */
  emptied(): void {
    const told = this.#waiting;
    this.#waiting = [];
    for (const tell of told) tell();
  }
}
