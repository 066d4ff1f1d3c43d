import type { Batch, Sink } from "./batch.js";
import { OUTCOMES, type Outcome } from "./outcome.js";
import type { PlannedStage } from "./schedule.js";
import { Series, type SeriesData } from "./series.js";
import { merged, Tally } from "./tally.js";

/** One request, for those who look at each. */
export interface Sample {
  readonly scenario: string;
  /** Milliseconds since it was due; in a closed stage since it was sent. */
  readonly responseMs: number;
  readonly serviceMs: number;
  readonly outcome: Outcome;
  /** When it was due, in milliseconds since the start. */
  readonly dueMs: number;
}

/** Why so many requests ended as they did. */
export interface Why {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly count: number;
}

/** A stretch of arrivals that is looked at by itself, within one stage. */
export interface Stretch {
  readonly name: string;
  readonly stage: number;
  /** Milliseconds since the start, of when requests were due. */
  readonly from: number;
  readonly to: number;
}

/** Options of {@link Recorder}. */
export interface RecorderOptions {
  /** Names of lanes. */
  readonly lanes: readonly string[];
  readonly plan: readonly PlannedStage[];
  readonly stretches?: readonly Stretch[];
  /** Length of a row of the series. Default 1 s. */
  readonly everyMs?: number;
  /** Length of a row of the trend. Default: that of the series. */
  readonly trendMs?: number;
  /** Whether each request is kept. Default false: there may be millions. */
  readonly samples?: boolean;
}

/** Adds up what was measured: by stage and lane, by stretch, and over time. Warm-ups leave no trace. */
export class Recorder implements Sink {
  readonly #lanes: readonly string[];
  readonly #plan: readonly PlannedStage[];
  readonly #stretches: readonly Stretch[];
  readonly #byStage: readonly (readonly Tally[])[];
  readonly #byStretch: readonly (readonly Tally[])[];
  readonly #series: readonly Series[];
  readonly #whole: Series;
  readonly #trend: Series;
  readonly #reasons: Map<string, Why>[];
  readonly #samples: Sample[] | undefined;

  constructor({ lanes, plan, stretches = [], everyMs = 1_000, trendMs = everyMs, samples = false }: RecorderOptions) {
    this.#lanes = lanes;
    this.#plan = plan;
    this.#stretches = stretches;
    this.#byStage = plan.map(() => lanes.map(() => new Tally()));
    this.#byStretch = stretches.map(() => lanes.map(() => new Tally()));
    this.#series = lanes.map(() => new Series(everyMs));
    this.#whole = new Series(everyMs);
    this.#trend = new Series(trendMs);
    this.#reasons = lanes.map(() => new Map());
    this.#samples = samples ? [] : undefined;
  }

  take({ length, stage, lane, outcome, due, sent, done, reasons }: Batch): void {
    for (let at = 0; at < length; at++) {
      const stageAt = stage[at] as number;
      if (this.#plan[stageAt]?.warmUp !== false) continue;
      this.#one(
        stageAt,
        lane[at] as number,
        outcome[at] as number,
        due[at] as number,
        sent[at] as number,
        done[at] as number,
      );
    }
    for (const { lane: laneAt, outcome: code, reason, count } of reasons) {
      const known = this.#reasons[laneAt]?.get(`${code}:${reason}`);
      const name = OUTCOMES[code] as Outcome;
      this.#reasons[laneAt]?.set(`${code}:${reason}`, { outcome: name, reason, count: count + (known?.count ?? 0) });
    }
  }

  #one(stage: number, lane: number, outcome: number, due: number, sent: number, done: number): void {
    this.#byStage[stage]?.[lane]?.add(outcome, due, sent, done);
    for (const [at, stretch] of this.#stretches.entries())
      if (stretch.stage === stage && due >= stretch.from && due < stretch.to)
        this.#byStretch[at]?.[lane]?.add(outcome, due, sent, done);
    this.#series[lane]?.add(outcome, done - due, done);
    this.#whole.add(outcome, done - due, done);
    this.#trend.add(outcome, done - due, done);
    this.#samples?.push({
      scenario: this.#lanes[lane] as string,
      responseMs: done - due,
      serviceMs: done - sent,
      outcome: OUTCOMES[outcome] as Outcome,
      dueMs: due,
    });
  }

  /** What ended in some stages in some lanes, as one. */
  tally(stages: readonly number[], lanes: readonly number[]): Tally {
    return merged(stages.flatMap((stage) => lanes.map((lane) => this.#byStage[stage]?.[lane] as Tally)));
  }

  /** What was due in a stretch in some lanes, as one. */
  stretch(name: string, lanes: readonly number[]): Tally {
    const found = this.#stretches.findIndex((stretch) => stretch.name === name);
    return merged(lanes.map((lane) => this.#byStretch[found]?.[lane] ?? new Tally()));
  }

  series(lane: number): SeriesData {
    return (this.#series[lane] as Series).data();
  }

  /** Of all lanes together. */
  wholeSeries(): SeriesData {
    return this.#whole.data();
  }

  /** Of all lanes together, in rows of the trend. */
  trend(): SeriesData {
    return this.#trend.data();
  }

  /** Why requests of a lane ended other than well, warm-ups included; the most frequent first. */
  reasons(lane: number): Why[] {
    return [...(this.#reasons[lane]?.values() ?? [])].sort((a, b) => b.count - a.count);
  }

  /** Each request, in the order in which they were due; empty unless they are kept. */
  samples(): Sample[] {
    return [...(this.#samples ?? [])].sort((a, b) => a.dueMs - b.dueMs);
  }
}
