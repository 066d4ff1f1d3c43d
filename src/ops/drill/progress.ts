import type { Batch, Sink } from "./batch.js";
import { OUTCOME } from "./outcome.js";
import type { PlannedStage } from "./schedule.js";
import { Interval } from "./series.js";

/** How a drill is going, as of the last second; warm-ups count. */
export interface DrillProgress {
  readonly stage: string;
  readonly elapsedMs: number;
  readonly totalMs: number;
  /** Requests that ended, a second. */
  readonly rate: number;
  readonly inFlight: number;
  /** Response times; `null` where nothing valid ended. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly success: number;
  readonly expected4xx: number;
  readonly bad: number;
}

/** Sums up what happened since it was last asked. */
export class Live implements Sink {
  readonly #plan: readonly PlannedStage[];
  #interval = new Interval();
  #inFlight: readonly number[] = [];
  #since = 0;

  constructor(plan: readonly PlannedStage[]) {
    this.#plan = plan;
  }

  take(batch: Batch, thread = 0): void {
    for (let at = 0; at < batch.length; at++)
      this.#interval.add(batch.outcome[at] as number, (batch.done[at] as number) - (batch.due[at] as number));
    this.#inFlight = Object.assign([...this.#inFlight], { [thread]: batch.inFlight });
  }

  /** @param now milliseconds since the start */
  next(now: number): DrillProgress {
    const { counts } = this.#interval;
    const percentiles = this.#interval.percentiles();
    const sec = Math.max(0.001, (now - this.#since) / 1000);
    const ended = counts.reduce((sum, count) => sum + count, 0);
    const success = counts[OUTCOME.success] as number;
    const expected4xx = counts[OUTCOME.expected4xx] as number;
    this.#interval = new Interval();
    this.#since = now;
    return {
      stage: this.#plan.find(({ to }) => now < to)?.name ?? "last answers",
      elapsedMs: now,
      totalMs: this.#plan.at(-1)?.to ?? 0,
      rate: ended / sec,
      inFlight: this.#inFlight.reduce((sum, count) => sum + (count ?? 0), 0),
      ...percentiles,
      success,
      expected4xx,
      bad: ended - success - expected4xx - (counts[OUTCOME.aborted] as number),
    };
  }
}

/** One line of it for a terminal that is so wide: what matters least is left out where it is narrow. */
export function progressLine(progress: DrillProgress, columns: number): string {
  const { stage, elapsedMs, totalMs, rate, inFlight, p50Ms, p95Ms, p99Ms, success, expected4xx, bad } = progress;
  const parts = [
    `${clock(elapsedMs)}/${clock(totalMs)} ${stage}`,
    `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`,
    `p95 ${ms(p95Ms)}`,
    bad === 0 ? "all well" : `${bad} bad`,
    `${inFlight} under way`,
    `p50 ${ms(p50Ms)}`,
    `p99 ${ms(p99Ms)}`,
    `${success} good`,
    ...(expected4xx > 0 ? [`${expected4xx} turned away`] : []),
  ];
  const fits = parts.map((_, at) => parts.slice(0, at + 1).join("  ")).filter((line) => line.length <= columns);
  return fits.at(-1) ?? (parts[0] as string).slice(0, Math.max(0, columns));
}

function clock(of: number): string {
  const sec = Math.round(of / 1000);
  return `${Math.floor(sec / 60)}:${String(sec % 60).padStart(2, "0")}`;
}

function ms(value: number | null): string {
  if (value === null) return "–";
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}
