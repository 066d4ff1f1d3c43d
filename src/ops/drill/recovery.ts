import type { Profile } from "../config/scenario.js";
import { UsageError } from "../failure.js";
import type { RawCheck } from "../verdict.js";
import type { PlannedStage } from "./schedule.js";

/** A calm stage after a burst. */
export interface Recovery {
  readonly after: string;
  readonly stage: number;
  /** From when on it must be calm again, to the stage's end. */
  readonly from: number;
  readonly to: number;
}

/** Where a profile's bursts are. */
export interface Bursts {
  /** The calm stage that all are measured against. */
  readonly before: number;
  readonly recoveries: readonly Recovery[];
}

/**
 * Finds the bursts of a profile: after a first stage with an even rate, all that is above it; and where they are over, the
 * stages that are no higher.
 *
 * @throws {UsageError} when there is nothing to compare, or no time to
 */
export function burstsOf(name: string, { recovery }: Profile, plan: readonly PlannedStage[]): Bursts | null {
  if (recovery === undefined) return null;
  const evenRate = ({ load, warmUp }: PlannedStage) =>
    load.kind === "open" && !warmUp && load.rate[0] === load.rate[1] ? load.rate[0] : undefined;
  const before = plan.findIndex((stage) => evenRate(stage) !== undefined);
  const calm = before < 0 ? 0 : (evenRate(plan[before] as PlannedStage) ?? 0);
  const isCalm = (stage: PlannedStage | undefined) => stage !== undefined && (evenRate(stage) ?? Infinity) <= calm;
  const recoveries = plan.flatMap((stage, at): Recovery[] => {
    if (at <= before || !isCalm(stage) || isCalm(plan[at - 1])) return [];
    return [{ after: plan[at - 1]?.name ?? "", stage: at, from: stage.from + recovery.within, to: stage.to }];
  });
  const short = recoveries.find(({ from, to }) => from >= to);
  if (before < 0 || recoveries.length === 0)
    throw new UsageError(
      `profile ${name}: recovery needs a stage at an even rate, a burst above it, and a calm one after`,
    );
  if (short !== undefined)
    throw new UsageError(
      `profile ${name}: the stage after ${short.after} is over before recovery.within (${recovery.within} ms)`,
    );
  return { before, recoveries };
}

/** Percentiles of fewer are chance. */
const ENOUGH = 50;
/** 2 ms instead of 1 hurt nobody. */
const SLACK_MS = 5;

/** Whether it is calm again after a burst. */
export function judgeRecovery(
  after: string,
  before: { readonly p95Ms: number | null },
  now: { readonly p95Ms: number | null; readonly n: number },
  ratio: number,
): RawCheck {
  const check = {
    id: `drill:recovery:${after.replaceAll(/[^\w.-]+/g, "-")}`,
    title: `p95 is back to what it was, after ${after}`,
    metric: "p95Ms",
    observed: now.p95Ms,
    n: now.n,
  };
  if (before.p95Ms === null || now.p95Ms === null || now.n < ENOUGH)
    return { ...check, verdict: "inconclusive", reason: `only ${now.n} requests; it takes ${ENOUGH} to tell` };
  const threshold = Math.round(Math.max(before.p95Ms * ratio, before.p95Ms + SLACK_MS) * 1000) / 1000;
  return now.p95Ms <= threshold
    ? { ...check, threshold, verdict: "pass" }
    : {
        ...check,
        threshold,
        verdict: "fail",
        reason: `p95 was ${before.p95Ms} ms before, and is ${now.p95Ms} ms after`,
      };
}
