import { msText, shareText } from "../dashboard/format.js";
import { badShareOf, validOf } from "../dashboard/model/drills.js";
import { BAD_OUTCOMES, type DrillData, type DrillScenario } from "../dashboard/sources.js";
import type { Verdict } from "../verdict.js";
import type { Change, Delta, ScenarioChange, Tolerance } from "./data.js";

/**
 * The canary's own limits: a tenth and 5 ms of p95, half a percentage point of bad requests, 200 samples. Two drills one
 * after the other are no canary, though: what else changed between them is in the difference as well.
 */
export const TOLERANCE: Tolerance = { p95Ratio: 1.1, p95Ms: 5, badShare: 0.005, minSamples: 200 };

/** A drill, with what it came to. */
export interface Drill {
  readonly verdict: Verdict;
  readonly data: DrillData;
}

/** Each scenario of two drills, side by side: those of both in the order of the later, then those that are gone. */
export function scenarioChanges(before: Drill, after: Drill, tolerance: Tolerance): ScenarioChange[] {
  const names = new Set([...Object.keys(after.data.scenarios), ...Object.keys(before.data.scenarios)]);
  const unsound = unsoundness(before, after);
  return [...names].map((name) => {
    const [old, now] = [scenarioOf(before, name), scenarioOf(after, name)];
    const figures = figuresOf(old, now);
    const reasons =
      old === null ? ["it is new"] : now === null ? ["it is gone"] : [...unsound, ...few(figures, tolerance)];
    if (reasons.length > 0) return { scenario: name, change: "incomparable", reasons, ...figures };
    return { scenario: name, ...judged(figures, tolerance), ...figures };
  });
}

type Figures = Omit<ScenarioChange, "scenario" | "change" | "reasons">;

function judged({ p95, badShare }: Figures, tolerance: Tolerance): { change: Change; reasons: string[] } {
  const worse: string[] = [];
  const better: string[] = [];
  if (p95.ratio !== null && p95.delta !== null && Math.abs(p95.delta) >= tolerance.p95Ms) {
    const text = `p95 ${msText(p95.before)} → ${msText(p95.after)}`;
    if (p95.ratio > tolerance.p95Ratio) worse.push(text);
    if (p95.ratio < 1 / tolerance.p95Ratio) better.push(text);
  }
  if (badShare.delta !== null && Math.abs(badShare.delta) >= tolerance.badShare)
    (badShare.delta > 0 ? worse : better).push(`bad ${shareText(badShare.before)} → ${shareText(badShare.after)}`);
  if (worse.length > 0) return { change: "worse", reasons: worse };
  return better.length > 0 ? { change: "better", reasons: better } : { change: "same", reasons: [] };
}

/** Why nothing that two drills say can be set side by side. */
function unsoundness(before: Drill, after: Drill): string[] {
  const profiles = [before.data.profile, after.data.profile];
  const reasons =
    profiles[0] === profiles[1] ? [] : [`of the profiles ${profiles.map((each) => each ?? "none").join(" and ")}`];
  for (const [when, { verdict }] of [
    ["before", before],
    ["after", after],
  ] as const)
    if (verdict !== "pass" && verdict !== "warn" && verdict !== "fail")
      reasons.push(`the drill ${when} was ${verdict}`);
  return reasons;
}

function few({ valid }: Figures, { minSamples }: Tolerance): string[] {
  const least = Math.min(valid.before, valid.after);
  return least < minSamples ? [`${least} valid requests; ${minSamples} are needed`] : [];
}

function figuresOf(before: DrillScenario | null, after: DrillScenario | null): Figures {
  const latency = (percentile: "p50" | "p95" | "p99") =>
    deltaOf(latencyAt(before, percentile), latencyAt(after, percentile));
  const share = (scenario: DrillScenario | null, outcome: (typeof BAD_OUTCOMES)[number]) => {
    const valid = scenario === null ? 0 : validOf(scenario.outcomes);
    return scenario === null || valid === 0 ? null : scenario.outcomes[outcome] / valid;
  };
  const valid = (scenario: DrillScenario | null) => (scenario === null ? 0 : Math.round(validOf(scenario.outcomes)));
  return {
    p50: latency("p50"),
    p95: latency("p95"),
    p99: latency("p99"),
    badShare: deltaOf(
      before === null ? null : badShareOf(before.outcomes),
      after === null ? null : badShareOf(after.outcomes),
    ),
    rates: Object.fromEntries(
      BAD_OUTCOMES.map((outcome) => [outcome, deltaOf(share(before, outcome), share(after, outcome))]),
    ),
    valid: { before: valid(before), after: valid(after) },
  };
}

function scenarioOf({ data: { scenarios } }: Drill, name: string): DrillScenario | null {
  return Object.hasOwn(scenarios, name) ? (scenarios[name] ?? null) : null;
}

function latencyAt(scenario: DrillScenario | null, percentile: "p50" | "p95" | "p99"): number | null {
  return scenario === null || scenario.response.count === 0 ? null : scenario.response[percentile];
}

function deltaOf(before: number | null, after: number | null): Delta {
  if (before === null || after === null) return { before, after, delta: null, ratio: null };
  return { before, after, delta: after - before, ratio: before === 0 ? null : after / before };
}
