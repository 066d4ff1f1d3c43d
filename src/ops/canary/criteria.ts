import type { CanaryPolicy } from "./policy.js";

/** Why a candidate is rolled back. */
export type CriterionId = "critical-probe" | "confirmed-regression" | "slo-breach" | "early-abort";

/** One reason to roll back, and whether it was given. */
export interface RollbackCriterion {
  readonly id: CriterionId;
  /** What would meet it, in words. */
  readonly criterion: string;
  readonly met: boolean;
  /** Ids of the checks that met it. */
  readonly by: readonly string[];
}

/** All reasons that there are, with the checks that gave them. */
export function rollbackCriteria(
  by: Readonly<Record<CriterionId, readonly string[]>>,
  { p95, rates, earlyAbort, slo }: CanaryPolicy,
): RollbackCriterion[] {
  const criteria: Readonly<Record<CriterionId, string>> = {
    "critical-probe": "a critical probe fails on the candidate and passes on control",
    "confirmed-regression":
      `in a critical scenario p95 is more than ${p95.ratio} times and at least ${p95.minDeltaMs} ms slower, with ` +
      `${100 - p95.outside * 100} % certainty more than ${p95.lowerBound} times; or a kind of bad call is more ` +
      `frequent by ${rates.minDelta * 100} percentage points or more, p < ${rates.alpha}`,
    "slo-breach": `the candidate is over an absolute limit, p < ${slo.alpha}, and control isn't`,
    "early-abort":
      `at least ${earlyAbort.bad} bad calls, and more than ${earlyAbort.share * 100} %, among the candidate's first ` +
      `${earlyAbort.within}, and control isn't as bad`,
  };
  return (Object.keys(criteria) as CriterionId[]).map((id) => ({
    id,
    criterion: criteria[id],
    met: by[id].length > 0,
    by: by[id],
  }));
}
