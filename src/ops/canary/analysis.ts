import { type Arm, checkArm, type ScenarioMeasured, type SloLimits } from "./arms.js";
import type { CanaryCheck, Pair } from "./check.js";
import { type RollbackCriterion, rollbackCriteria } from "./criteria.js";
import { type AbortReport, abortCheck } from "./early-abort.js";
import { compareLatency, type LatencyCompared } from "./latency.js";
import { checkLimits } from "./limits.js";
import type { CanaryPolicy } from "./policy.js";
import { compareProbes } from "./probes.js";
import { compareRates, type RateCompared } from "./rates.js";

/** What {@link compareArms} may be told beside the arms. */
export interface CompareOptions {
  readonly policy: CanaryPolicy;
  /** Absolute limits, by the name of the scenario. */
  readonly limits?: Readonly<Record<string, SloLimits>>;
  /** Of the resampling: the same one gives the same answer. Default 1. */
  readonly seed?: number;
  /** What was seen while the canary ran; left out where nobody watched. */
  readonly earlyAbort?: AbortReport;
}

/** A scenario in both arms, in figures. */
export interface ScenarioCompared {
  readonly scenario: string;
  readonly critical: boolean;
  /** Valid calls. */
  readonly n: { readonly control: number; readonly candidate: number };
  /** `null` with too few calls to say anything. */
  readonly latency: LatencyCompared | null;
  /** Empty with too few calls to say anything. */
  readonly rates: readonly RateCompared[];
}

/** What a canary came to. */
export interface CanaryAnalysis {
  readonly verdict: "promote" | "hold" | "rollback";
  /** Why, a sentence each: what met a criterion, or what stands in the way of promotion. Empty when promoted. */
  readonly reasons: readonly string[];
  readonly checks: readonly CanaryCheck[];
  readonly criteria: readonly RollbackCriterion[];
  readonly scenarios: readonly ScenarioCompared[];
}

/**
 * Decides on a canary: `rollback` when a criterion is met, `promote` when every check passes or only warns, `hold`
 * otherwise: too few calls, a regression in a scenario that isn't critical, or both arms bad. `docs/canary.md` says what
 * is tested how, and why. Pure: the same arms, policy and seed give the same answer.
 *
 * @throws {ConfigError} when what was measured can't be: counts that don't add up, a scenario twice
 */
export function compareArms(
  control: Arm,
  candidate: Arm,
  { policy, limits = {}, seed = 1, earlyAbort }: CompareOptions,
): CanaryAnalysis {
  checkArm(control, "control");
  checkArm(candidate, "candidate");
  const pairs = pairsOf(control, candidate, policy);
  const latency = pairs.map((pair) => compareLatency(pair, policy, seed));
  const rates = compareRates(pairs, policy);
  const bounds = pairs.flatMap((pair) => checkLimits(pair, limits[pair.scenario] ?? {}, policy));
  const probes = compareProbes(control.probes, candidate.probes);
  const abort = earlyAbort === undefined ? [] : [abortCheck(earlyAbort, policy.earlyAbort)];
  const regressions = [...latency.map(({ check }) => check), ...rates.checks];
  const checks = [
    ...pairs.map((pair) => samplesCheck(pair, policy)),
    ...regressions,
    ...bounds.map(({ check }) => check),
    ...probes.map(({ check }) => check),
    ...abort,
  ];
  const critical = new Set(pairs.filter((pair) => pair.critical).map(({ scenario }) => scenario));
  const criteria = rollbackCriteria(
    {
      "critical-probe": probes.filter(({ broken }) => broken).map(({ check }) => check.id),
      "confirmed-regression": regressions
        .filter(({ verdict, scenario }) => verdict === "fail" && scenario !== null && critical.has(scenario))
        .map(({ id }) => id),
      "slo-breach": bounds.filter(({ breached }) => breached).map(({ check }) => check.id),
      "early-abort": earlyAbort?.decision === "rollback" ? abort.map(({ id }) => id) : [],
    },
    policy,
  );
  return {
    ...verdictOf(checks, criteria, pairs.length),
    checks,
    criteria,
    scenarios: pairs.map(({ scenario, critical: matters, control: before, candidate: after }, at) => ({
      scenario,
      critical: matters,
      n: { control: before.counts.valid, candidate: after.counts.valid },
      latency: latency[at]?.compared ?? null,
      rates: rates.compared.filter((rate) => rate.scenario === scenario),
    })),
  };
}

function verdictOf(
  checks: readonly CanaryCheck[],
  criteria: readonly RollbackCriterion[],
  scenarios: number,
): Pick<CanaryAnalysis, "verdict" | "reasons"> {
  const said = (stands: (check: CanaryCheck) => boolean) =>
    checks.filter(stands).map(({ title, reason }) => `${title}: ${reason}`);
  const met = new Set(criteria.flatMap(({ by }) => by));
  if (met.size > 0) return { verdict: "rollback", reasons: said(({ id }) => met.has(id)) };
  if (scenarios === 0) return { verdict: "hold", reasons: ["no scenario was compared"] };
  const reasons = said(({ verdict }) => verdict === "fail" || verdict === "inconclusive");
  return { verdict: reasons.length === 0 ? "promote" : "hold", reasons };
}

/** Whether there are enough calls to promote, and of more than one block. */
function samplesCheck({ scenario, control, candidate }: Pair, { samples }: CanaryPolicy): CanaryCheck {
  const n = Math.min(control.counts.valid, candidate.counts.valid);
  const latencies = Math.min(control.samples.length, candidate.samples.length);
  const blocks = Math.min(blocksOf(control), blocksOf(candidate));
  const enough = Math.min(n, latencies) >= samples.promoteFrom;
  const spread = blocks >= samples.minBlocks;
  return {
    id: `canary:${scenario}:samples`,
    title: `calls of ${scenario}`,
    verdict: enough && spread ? "pass" : "inconclusive",
    scenario,
    metric: "calls",
    observed: n,
    threshold: samples.promoteFrom,
    n,
    reason: spread
      ? `${n} in the arm that has fewer; ${samples.promoteFrom} are needed to promote`
      : `of ${blocks} block${blocks === 1 ? "" : "s"}; it takes ${samples.minBlocks}, in turn with the other arm`,
  };
}

function blocksOf({ samples }: ScenarioMeasured): number {
  return new Set(samples.map(({ block }) => block)).size;
}

function pairsOf(control: Arm, candidate: Arm, { scenarios }: CanaryPolicy): Pair[] {
  const names = [...new Set([...control.scenarios, ...candidate.scenarios].map(({ scenario }) => scenario))];
  return names.map((scenario) => {
    const [before, after] = [of(control, scenario), of(candidate, scenario)];
    const critical = scenarios[scenario]?.critical ?? (before.critical || after.critical);
    return { scenario, critical, control: before, candidate: after };
  });
}

function of({ scenarios }: Arm, name: string): ScenarioMeasured {
  const counts = { valid: 0, success: 0, expected4xx: 0, "5xx": 0, network: 0, timeout: 0, unknown: 0 };
  return (
    scenarios.find(({ scenario }) => scenario === name) ?? { scenario: name, critical: false, samples: [], counts }
  );
}
