import type { Stage } from "../config/scenario.js";
import type { LatencySummary } from "./latencies.js";
import type { Load } from "./load.js";
import type { OutcomeCounts } from "./outcome.js";
import { Recorder, type Sample, type Why } from "./recorder.js";
import { plan } from "./schedule.js";
import type { SeriesData } from "./series.js";

/** Options of {@link measure}. */
export interface MeasureOptions {
  readonly stages: readonly Stage[];
  readonly signal: AbortSignal;
  /** Whether each request is kept, in the order in which they were due. Default false. */
  readonly samples?: boolean;
  /** Length of a row of the series. Default 1 s. */
  readonly everyMs?: number;
}

/** What was measured in one lane, warm-ups left out. */
export interface Measured {
  readonly scenario: string;
  readonly outcomes: OutcomeCounts;
  /** Good and bad ones: what availability and latency are of. */
  readonly valid: number;
  readonly bad: number;
  /** Arrivals that were not sent by their stage's end. */
  readonly unsent: number;
  readonly response: LatencySummary;
  readonly service: LatencySummary;
  readonly reasons: readonly Why[];
  readonly series: SeriesData;
}

/** What {@link measure} answers. */
export interface Measurement {
  readonly lanes: readonly Measured[];
  /** Empty unless they were asked for. */
  readonly samples: readonly Sample[];
  readonly loopDelayP99Ms: number;
}

/**
 * Measures stages of load from this thread: a block of a canary, say. The load stays open, with its connections, and is
 * idle again when the answer is there: all that was sent was answered, ran out of time, or was cut off by the signal.
 *
 * @example
 * const control = new Load({ lanes, seed, env });
 * const { samples } = await measure(control, { stages: [block], signal, samples: true });
 *
 * @throws {UsageError} when a payload generator fails
 */
export async function measure(
  load: Load,
  { stages, signal, samples = false, everyMs = 1_000 }: MeasureOptions,
): Promise<Measurement> {
  const { lanes } = load;
  const planned = plan(stages);
  const recorder = new Recorder({ lanes, plan: planned, samples, everyMs });
  const result = await load.run(stages, { sink: recorder, signal });
  const recorded = planned.flatMap(({ warmUp }, at) => (warmUp ? [] : [at]));
  return {
    lanes: lanes.map((scenario, lane) => {
      const tally = recorder.tally(recorded, [lane]);
      return {
        scenario,
        outcomes: tally.outcomes,
        valid: tally.valid,
        bad: tally.bad,
        unsent: recorded.reduce((sum, stage) => sum + (result.stages[stage]?.unsent[lane] ?? 0), 0),
        response: tally.response.summary(),
        service: tally.service.summary(),
        reasons: recorder.reasons(lane),
        series: recorder.series(lane),
      };
    }),
    samples: recorder.samples(),
    loopDelayP99Ms: result.loopDelayP99Ms,
  };
}
