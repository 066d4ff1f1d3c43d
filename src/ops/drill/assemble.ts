import { burnRate } from "../../observe/budget.js";
import type { DrillData } from "./data.js";
import type { Drilled } from "./drilled.js";
import { lengthOf, SHORT } from "./plan.js";
import { growthOf } from "./trend.js";

/** Each stage, all lanes together. */
export function stagesOf({ plan, lanes, recorder, result }: Drilled): DrillData["stages"] {
  const all = lanes.map((_, at) => at);
  return plan.stages.map((stage, at) => {
    const { load } = stage;
    const tally = recorder.tally([at], all);
    const { due = [], unsent = [] } = result.stages[at] ?? {};
    return {
      name: stage.name,
      kind: load.kind,
      fromSec: stage.from / 1000,
      toSec: stage.to / 1000,
      rate: load.kind === "open" ? [load.rate[0], load.rate[1]] : null,
      concurrency: load.kind === "closed" ? load.concurrency : null,
      recorded: !stage.warmUp,
      judged: plan.judged.includes(at),
      basis: load.kind === "open" ? "response" : "service",
      due: due.reduce((sum, count) => sum + count, 0),
      unsent: unsent.reduce((sum, count) => sum + count, 0),
      outcomes: tally.outcomes,
      goodPerSec: (tally.outcomes.success / lengthOf(stage)) * 1000,
      p50Ms: tally.response.percentileMs(50),
      p95Ms: tally.response.percentileMs(95),
      p99Ms: tally.response.percentileMs(99),
    };
  });
}

/** Each lane, in the judged stages together. */
export function scenariosOf({ plan, lanes, recorder, result }: Drilled): DrillData["scenarios"] {
  return lanes.map(({ name, scenarioName, scenario, targetName, share }, at) => {
    const tally = recorder.tally(plan.judged, [at]);
    return {
      name,
      scenario: scenarioName,
      target: targetName,
      title: scenario.title ?? null,
      critical: scenario.critical,
      share,
      outcomes: tally.outcomes,
      valid: tally.valid,
      bad: tally.bad,
      unsent: plan.judged.reduce((sum, stage) => sum + (result.stages[stage]?.unsent[at] ?? 0), 0),
      basis: plan.basis,
      latency: tally.response.summary(),
      service: tally.service.summary(),
      reasons: recorder.reasons(at),
      series: recorder.series(at),
    };
  });
}

/** How fast each SLO's budget burned: over the judged stages, and in the end. */
export function burnOf({ plan, slos, recorder }: Drilled): DrillData["burn"] {
  const short = plan.stretches.find(({ name }) => name === SHORT);
  const sec = plan.judged.reduce((sum, at) => sum + lengthOf(plan.stages[at]), 0) / 1000;
  const window = (counted: { readonly valid: number; readonly bad: number }, ofSec: number, objective: number) => ({
    sec: ofSec,
    valid: counted.valid,
    bad: counted.bad,
    rate: burnRate(counted, objective),
  });
  return slos.map(({ slo: { id, objective }, lanes }) => ({
    slo: id,
    objective,
    long: window(recorder.tally(plan.judged, lanes), sec, objective),
    short: window(recorder.stretch(SHORT, lanes), short === undefined ? 0 : (short.to - short.from) / 1000, objective),
  }));
}

/** What p95 was before the bursts, and when they should have been over. */
export function recoveriesOf({ profile, plan, lanes, recorder }: Drilled): DrillData["recovery"] {
  const { bursts } = plan;
  const { recovery } = profile;
  if (bursts === null || recovery === undefined) return [];
  const all = lanes.map((_, at) => at);
  const beforeP95Ms = recorder.tally([bursts.before], all).response.percentileMs(95);
  return bursts.recoveries.map(({ after }) => {
    const { response } = recorder.stretch(after, all);
    return {
      after,
      beforeP95Ms,
      p95Ms: response.percentileMs(95),
      n: response.n,
      withinSec: recovery.within / 1000,
      ratio: recovery.ratio,
    };
  });
}

/** How p95 and the service's memory went in the judged stages. */
export function trendOf({ profile, plan, recorder, usage }: Drilled): DrillData["trend"] {
  if (!profile.trend) return null;
  const from = plan.stages[plan.judged[0] ?? 0]?.from ?? 0;
  const to = plan.stages[plan.judged.at(-1) ?? 0]?.to ?? 0;
  // Whole rows alone: what begins before is a warm-up's, and what ends after is the last answers'.
  const rows = <T>(values: readonly T[]) => values.slice(Math.ceil(from / plan.trendMs), Math.floor(to / plan.trendMs));
  const p95Ms = [...rows(recorder.trend().p95Ms)];
  const memoryBytes = [...rows(usage.memory)];
  return {
    everySec: plan.trendMs / 1000,
    p95Ms,
    memoryBytes,
    p95GrowthMs: growthOf(p95Ms),
    memoryGrowthBytes: growthOf(memoryBytes),
  };
}
