import { PRIORITIES, type Priority } from "../../core/context.js";
import type { Stretch } from "../../kernel/admission/admission.js";
import type { ShedReason } from "./snapshot.js";

const zeros = () => PRIORITIES.map(() => 0);

/** Counts by class as a record by priority. */
export function byPriority(counts: readonly number[]): Record<Priority, number> {
  return Object.fromEntries(PRIORITIES.map((priority, at) => [priority, counts[at] ?? 0])) as Record<Priority, number>;
}

/** What happened since the last stretch was cut off. */
export class StretchTally {
  since = 0;
  peak = 0;
  admitted = 0;
  turnedAway = 0;
  samples = 0;
  logRatios = 0;
  #arrived = zeros();

  arrive(at: number): void {
    this.#arrived[at] = (this.#arrived[at] as number) + 1;
  }

  /** Ends the stretch, and begins the next. */
  cut(now: number, inFlight: number): Stretch {
    const { peak, admitted, turnedAway, samples, logRatios } = this;
    const stretch = { ms: now - this.since, arrived: this.#arrived, admitted, turnedAway, peak, samples, logRatios };
    this.since = now;
    this.peak = inFlight;
    this.admitted = 0;
    this.turnedAway = 0;
    this.samples = 0;
    this.logRatios = 0;
    this.#arrived = zeros();
    return stretch;
  }
}

/** Who was refused, and for what. */
export class ShedTally {
  #byClass = zeros();
  #reasons: Record<ShedReason, number> = { loop: 0, limit: 0, priority: 0, manual: 0 };
  total = 0;

  count(at: number, reason: ShedReason): void {
    this.#byClass[at] = (this.#byClass[at] as number) + 1;
    this.#reasons[reason]++;
    this.total++;
  }

  read(): { shed: Record<Priority, number>; reasons: Record<ShedReason, number> } {
    return { shed: byPriority(this.#byClass), reasons: { ...this.#reasons } };
  }
}
