import type { RawCheck } from "../verdict.js";
import { burnOf, recoveriesOf, scenariosOf, stagesOf, trendOf } from "./assemble.js";
import type { DrillData } from "./data.js";
import type { Drilled } from "./drilled.js";
import { believed, fitnessOf, generatorCheck, type Health, unfinished } from "./health.js";
import { judgeShare } from "./judge-rate.js";
import { type Figures, judgeSlo, type Sustained } from "./judge-slo.js";
import type { SloLanes } from "./lanes.js";
import { type DrillPlan, lengthOf } from "./plan.js";
import type { Recorder } from "./recorder.js";
import { judgeRecovery } from "./recovery.js";
import { meanRate } from "./schedule.js";
import type { Tally } from "./tally.js";
import { judgeTrend } from "./trend.js";

/** What {@link assess} answers. */
export interface Findings {
  readonly checks: readonly RawCheck[];
  readonly data: Omit<DrillData, "profile" | "scale" | "seed" | "generator"> & {
    readonly generator: Omit<DrillData["generator"], "threads">;
  };
}

/** Judges a drill, and puts its data together. */
export function assess(drilled: Drilled): Findings {
  const { plan, recorder, usage, result, profile } = drilled;
  const health = healthOf(drilled);
  const fitness = fitnessOf(health);
  const recovery = recoveriesOf(drilled);
  const trend = trendOf(drilled);
  const checks = [
    ...drilled.slos.flatMap((slo) => sloChecks(slo, drilled)),
    ...turnedAwayChecks(drilled),
    ...recovery.map(({ after, beforeP95Ms, p95Ms, n, ratio }) =>
      judgeRecovery(after, { p95Ms: beforeP95Ms }, { p95Ms, n }, ratio),
    ),
    ...(profile.trend && trend !== null
      ? [
          judgeTrend({ name: "p95", metric: "p95GrowthMs", values: trend.p95Ms, slack: 5 }),
          judgeTrend({
            name: "memory",
            metric: "memoryGrowthBytes",
            values: trend.memoryBytes,
            slack: 16 * 2 ** 20,
            unknown: memoryUnknown(drilled),
          }),
        ]
      : []),
  ];
  const requests = drilled.plan.stages.reduce((sum, _, at) => {
    const { due = [], unsent = [] } = result.stages[at] ?? {};
    return sum + total(due) - total(unsent);
  }, 0);
  return {
    checks: [
      generatorCheck(fitness, health),
      ...checks.map((check) => believed(drilled.interrupted ? unfinished(check) : check, fitness)),
      ...unjudged(drilled),
    ],
    data: {
      durationSec: (plan.stages.at(-1)?.to ?? 0) / 1000,
      basis: plan.basis,
      stages: stagesOf(drilled),
      scenarios: scenariosOf(drilled),
      series: recorder.wholeSeries(),
      burn: burnOf(drilled),
      recovery,
      trend,
      generator: {
        saturated: fitness.saturated,
        reasons: [...fitness.reasons],
        due: health.due,
        unsentShare: health.due === 0 ? 0 : health.unsent / health.due,
        targetRps: health.targetRps,
        achievedRps: health.achievedRps,
        loopDelayP99Ms: result.loopDelayP99Ms,
        loopDelayMaxMs: result.loopDelayMaxMs,
        cpuSec: usage.cpuSec,
        cpuUsPerRequest: requests === 0 ? null : (usage.cpuSec * 1e6) / requests,
        rssBytes: usage.rssBytes,
      },
    },
  };
}

/** What is said of a service whose memory is not known at all. */
function memoryUnknown({ usage: { memoryFailure }, unasked }: Drilled): Pick<RawCheck, "verdict" | "reason"> {
  if (memoryFailure !== null)
    return { verdict: "inconclusive", reason: `the service's memory can't be had: ${memoryFailure}` };
  const reason =
    unasked?.reason ??
    "the service's snapshot says nothing of its process: on Node createKit({ process: processUsage() }) does";
  return { verdict: "skipped", reason };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Of the recorded open stages, as far as they were run. */
function healthOf({ plan, result }: Drilled): Health {
  const open = plan.recorded.filter((at) => plan.stages[at]?.load.kind === "open" && result.stages[at] !== undefined);
  const sum = (read: (at: number) => number) => open.reduce((all, at) => all + read(at), 0);
  const due = sum((at) => total(result.stages[at]?.due ?? []));
  const unsent = sum((at) => total(result.stages[at]?.unsent ?? []));
  const sec = sum((at) => lengthOf(plan.stages[at])) / 1000;
  return {
    due,
    unsent,
    heldBack: sum((at) => result.stages[at]?.heldBack ?? 0),
    targetRps: sec === 0 ? 0 : due / sec,
    achievedRps: sec === 0 ? 0 : (due - unsent) / sec,
    loopDelayP99Ms: result.loopDelayP99Ms,
  };
}

function sloChecks({ slo, lanes }: SloLanes, { plan, recorder, lanes: all }: Drilled): RawCheck[] {
  const share = lanes.reduce((sum, at) => sum + (all[at]?.share ?? 0), 0);
  const planned = plan.judged.reduce((sum, at) => {
    const load = plan.stages[at]?.load;
    return sum + (load?.kind === "open" ? (load.end - load.first) * share : Infinity);
  }, 0);
  const figures = figuresOf(recorder.tally(plan.judged, lanes));
  return judgeSlo(slo, { figures, basis: plan.basis, planned, sustained: sustainedBy(plan, recorder, lanes, share) });
}

/** The judged stage with the highest even rate. */
function sustainedBy(
  plan: DrillPlan,
  recorder: Recorder,
  lanes: readonly number[],
  share: number,
): Sustained | undefined {
  const even = plan.judged.flatMap((at) => {
    const stage = plan.stages[at];
    if (stage?.load.kind !== "open" || stage.load.rate[0] !== stage.load.rate[1]) return [];
    return [{ at, stage, askedRps: meanRate(stage.load) * share }];
  });
  const [highest] = even.sort((a, b) => b.askedRps - a.askedRps);
  if (highest === undefined) return undefined;
  const { at, stage, askedRps } = highest;
  return {
    stage: stage.name,
    sec: lengthOf(stage) / 1000,
    askedRps,
    figures: figuresOf(recorder.tally([at], lanes)),
  };
}

function figuresOf(tally: Tally): Figures {
  return {
    outcomes: tally.outcomes,
    valid: tally.valid,
    bad: tally.bad,
    p95Ms: tally.response.percentileMs(95),
    p99Ms: tally.response.percentileMs(99),
  };
}

/** Shedding would better every other figure: it has a limit of its own. */
function turnedAwayChecks({ lanes, plan, recorder }: Drilled): RawCheck[] {
  return lanes.flatMap(({ name, scenario: { allow4xx, maxExpected4xx } }, at): RawCheck[] => {
    if (allow4xx.length === 0) return [];
    const { valid, outcomes } = recorder.tally(plan.judged, [at]);
    const hits = outcomes.expected4xx;
    const n = valid + hits;
    return [
      {
        id: `drill:${name}:expected4xx`,
        title: `${name}: few requests are turned away`,
        ...judgeShare({ hits, n }, maxExpected4xx),
        metric: "rate:expected4xx",
        observed: n === 0 ? null : hits / n,
        threshold: maxExpected4xx,
        n,
      },
    ];
  });
}

/** A drill that nothing is promised of proves nothing. */
function unjudged({ slos }: Drilled): RawCheck[] {
  if (slos.length > 0) return [];
  const reason = "no SLO of the baseline names one of these scenarios";
  return [{ id: "drill:slos", title: "there are SLOs to judge by", verdict: "inconclusive", reason }];
}
