import type { Profile } from "../config/scenario.js";
import type { Stretch } from "./recorder.js";
import { type Bursts, burstsOf } from "./recovery.js";
import { type PlannedStage, plan } from "./schedule.js";

/** A drill, before it runs: which figures are looked at when it has. */
export interface DrillPlan {
  readonly stages: readonly PlannedStage[];
  /** Indexes of the stages that are not warm-ups. */
  readonly recorded: readonly number[];
  /** Indexes of the stages that are judged: the open ones, or where there are none the closed ones. */
  readonly judged: readonly number[];
  readonly basis: "response" | "service";
  readonly bursts: Bursts | null;
  readonly stretches: readonly Stretch[];
  /** Length of a row of the series. */
  readonly everyMs: number;
  /** Length of a row of the trend. */
  readonly trendMs: number;
}

/** The last twelfth of what is judged: what an hour has in five minutes (SRE Workbook, chapter 5). */
export const SHORT = "short";
const SHORT_PART = 1 / 12;
/** What a chart can show. */
const MOST_ROWS = 600;
const TREND_ROWS = 60;

/** @throws {UsageError} when the profile's recovery has nothing to be measured against */
export function drillPlan(name: string, profile: Profile): DrillPlan {
  const stages = plan(profile.stages);
  const indexes = stages.map((_, at) => at);
  const recorded = indexes.filter((at) => stages[at]?.warmUp === false);
  const steady = recorded.filter((at) => stages[at]?.steady === true);
  const open = steady.filter((at) => stages[at]?.load.kind === "open");
  const judged = open.length > 0 ? open : steady;
  const bursts = burstsOf(name, profile, stages);
  const judgedMs = judged.reduce((sum, at) => sum + lengthOf(stages[at]), 0);
  const total = stages.at(-1)?.to ?? 0;
  return {
    stages,
    recorded,
    judged,
    basis: open.length > 0 ? "response" : "service",
    bursts,
    stretches: [
      ...shortOf(judged.at(-1), stages, judgedMs),
      ...(bursts?.recoveries ?? []).map(({ after, ...stretch }) => ({ name: after, ...stretch })),
    ],
    everyMs: Math.max(1_000, Math.ceil(total / MOST_ROWS / 1_000) * 1_000),
    trendMs: Math.max(1_000, Math.round(judgedMs / TREND_ROWS)),
  };
}

function shortOf(last: number | undefined, stages: readonly PlannedStage[], judgedMs: number): Stretch[] {
  const stage = last === undefined ? undefined : stages[last];
  if (last === undefined || stage === undefined) return [];
  return [{ name: SHORT, stage: last, from: Math.max(stage.from, stage.to - judgedMs * SHORT_PART), to: stage.to }];
}

export function lengthOf(stage: PlannedStage | undefined): number {
  return stage === undefined ? 0 : stage.to - stage.from;
}
