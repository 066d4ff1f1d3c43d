import type { Slo } from "../../config/slo.js";
import type { CheckVerdict } from "../../verdict.js";
import type { Run } from "../collect.js";
import type { LatencySeries, OutcomeBar, Signal } from "../data.js";
import { burnText, counted, msText, shareText } from "../format.js";
import { mergedPercentiles } from "../histograms.js";
import { BAD_OUTCOMES, type DrillData, type DrillScenario, OUTCOMES, type OutcomeCounts } from "../sources.js";

/** Runs of one line at most: more than a chart can show. */
const MAX_POINTS = 30;
const MAX_BARS = 12;

type DrillRun = Run & { readonly drill: DrillData };

/** The drills among runs. */
export function drillsOf(runs: readonly Run[]): DrillRun[] {
  return runs.filter((run): run is DrillRun => run.drill !== null);
}

/** The scenarios that count for an SLO. */
export function scenariosOf({ scenario }: Pick<Slo, "scenario">): readonly string[] {
  return scenario === undefined ? [] : typeof scenario === "string" ? [scenario] : scenario;
}

/** Latencies of each scenario over the runs of each profile: those that were run most come first. */
export function latencySeries(runs: readonly Run[], slos: readonly Slo[]): LatencySeries[] {
  const groups = new Map<string, { run: DrillRun; scenario: string; figures: DrillScenario }[]>();
  for (const run of drillsOf(runs))
    for (const [scenario, figures] of Object.entries(run.drill.scenarios)) {
      const key = JSON.stringify([scenario, run.drill.profile]);
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      if (group.length < MAX_POINTS) group.push({ run, scenario, figures });
    }
  return [...groups.values()]
    .flatMap((newestFirst) => {
      const [newest] = newestFirst;
      if (newest === undefined) return [];
      const { scenario } = newest;
      const limits = slos.filter((slo) => scenariosOf(slo).includes(scenario));
      const hdr = newestFirst.flatMap(({ figures }) => figures.response.hdr ?? []);
      return [
        {
          scenario,
          profile: newest.run.drill.profile,
          p95Limit: least(limits.map(({ p95Ms }) => p95Ms)),
          p99Limit: least(limits.map(({ p99Ms }) => p99Ms)),
          points: newestFirst.toReversed().map(({ run, figures }) => ({
            file: run.file,
            at: run.artefact.createdAt,
            verdict: run.artefact.verdict,
            ...percentilesOf(figures),
          })),
          merged: hdr.length === newestFirst.length ? mergedPercentiles(hdr) : null,
        },
      ];
    })
    .sort((a, b) => a.scenario.localeCompare(b.scenario) || b.points.length - a.points.length);
}

function percentilesOf({
  response,
}: DrillScenario): Pick<LatencySeries["points"][number], "p50" | "p95" | "p99" | "count"> {
  // Without a sample there is no latency: a 0 would look like a very good one.
  if (response.count === 0) return { p50: null, p95: null, p99: null, count: 0 };
  const { p50, p95, p99, count } = response;
  return { p50, p95, p99, count: Math.round(count) };
}

/** How the requests of the newest drills ended. */
export function outcomeBars(runs: readonly Run[]): OutcomeBar[] {
  return drillsOf(runs)
    .slice(0, MAX_BARS)
    .map(({ file, artefact, drill }) => {
      const counts = summed(Object.values(drill.scenarios));
      return {
        file,
        at: artefact.createdAt,
        profile: drill.profile,
        verdict: artefact.verdict,
        counts,
        badShare: badShareOf(counts),
      };
    });
}

/** Outcomes of several scenarios together. */
export function summed(scenarios: readonly Pick<DrillScenario, "outcomes">[]): OutcomeCounts {
  const total = (outcome: keyof OutcomeCounts) =>
    Math.round(scenarios.reduce((sum, { outcomes }) => sum + outcomes[outcome], 0));
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, total(outcome)])) as OutcomeCounts;
}

/** Requests that count: successes and bad ones. */
export function validOf(counts: OutcomeCounts): number {
  return counts.success + BAD_OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}

/** Share of the valid requests that were bad; `null` without any. */
export function badShareOf(counts: OutcomeCounts): number | null {
  const valid = validOf(counts);
  return valid === 0 ? null : (valid - counts.success) / valid;
}

/** What the newest drill with an SLO's scenarios says of it: its burn rate, latencies and rates. */
export function drillSignals(runs: readonly Run[], slo: Slo): Signal[] {
  const names = scenariosOf(slo);
  const drills = drillsOf(runs);
  const burnt = drills.find(({ drill }) => drill.burn.some((each) => each.slo === slo.id));
  const newest = drills.find(({ drill }) => names.some((name) => Object.hasOwn(drill.scenarios, name)));
  return [
    ...(burnt === undefined ? [] : burnOf(burnt, slo)),
    ...(newest === undefined ? [] : figuresOf(newest, slo, names)),
  ];
}

function burnOf(run: DrillRun, slo: Slo): Signal[] {
  const burn = run.drill.burn.find((each) => each.slo === slo.id);
  if (burn === undefined) return [];
  // The drill has judged it by the policy's thresholds; what it said stands.
  const checks = run.artefact.checks.filter(({ id }) => id === `burn:${slo.id}` || id.startsWith(`burn:${slo.id}:`));
  const threshold = checks.map((check) => check.threshold).find((value) => typeof value === "number") ?? null;
  const judged = checks.find(({ verdict }) => verdict !== "pass") ?? checks[0];
  const over = threshold !== null && (burn.long.rate ?? 0) > threshold && (burn.short.rate ?? 0) > threshold;
  return [
    {
      kind: "drill-burn",
      group: groupOf(run),
      title: "burn",
      ...trusted(run, judged?.verdict ?? (threshold === null ? "skipped" : over ? "fail" : "pass"), [
        judged?.reason ?? (over ? `${burnText(burn.long.rate)} over the steady stage` : null),
      ]),
      unit: "burn",
      observed: burn.long.rate,
      short: burn.short.rate,
      threshold,
      n: Math.round(burn.long.valid),
    },
  ];
}

function figuresOf(run: DrillRun, slo: Slo, names: readonly string[]): Signal[] {
  const scenarios = names.flatMap((name) =>
    Object.hasOwn(run.drill.scenarios, name) ? (run.drill.scenarios[name] ?? []) : [],
  );
  const latencies = latencyOf(scenarios);
  const counts = summed(scenarios);
  const valid = validOf(counts);
  const signals: Signal[] = [];
  for (const [percentile, limit] of [
    ["p95", slo.p95Ms],
    ["p99", slo.p99Ms],
  ] as const) {
    if (limit === undefined) continue;
    const observed = latencies?.[percentile] ?? null;
    signals.push({
      kind: "latency",
      group: groupOf(run),
      title: percentile,
      ...limited(run, observed, limit, msText),
      unit: "ms",
      observed,
      short: null,
      threshold: limit,
      n: latencies?.count ?? 0,
    });
  }
  for (const outcome of BAD_OUTCOMES) {
    const limit = slo.maxRates[outcome];
    if (limit === undefined) continue;
    const observed = valid === 0 ? null : counts[outcome] / valid;
    signals.push({
      kind: "rate",
      group: groupOf(run),
      title: outcome,
      ...limited(run, observed, limit, shareText),
      unit: "share",
      observed,
      short: null,
      threshold: limit,
      n: valid,
    });
  }
  return signals;
}

/** Latencies of scenarios together: their own where there is one, else from their histograms. */
function latencyOf(
  scenarios: readonly DrillScenario[],
): { p95: number | null; p99: number | null; count: number } | null {
  const [only, ...others] = scenarios;
  if (only === undefined) return null;
  if (others.length === 0) return percentilesOf(only);
  const hdr = scenarios.flatMap(({ response }) => response.hdr ?? []);
  return hdr.length === scenarios.length ? mergedPercentiles(hdr) : null;
}

function limited(run: DrillRun, observed: number | null, limit: number, text: (value: number) => string) {
  if (observed === null) return { verdict: "inconclusive" as const, reason: "no samples" };
  const fails = observed > limit;
  return trusted(run, fails ? "fail" : "pass", [fails ? `${text(observed)}; at most ${text(limit)}` : null]);
}

/** A pass in a drill that itself proves nothing, for its generator was saturated, say, is none. */
function trusted(
  { artefact }: Run,
  verdict: CheckVerdict,
  [reason]: readonly [string | null],
): { verdict: CheckVerdict; reason: string | null } {
  const sound = artefact.verdict === "pass" || artefact.verdict === "warn" || artefact.verdict === "fail";
  if (sound || verdict === "skipped") return { verdict, reason };
  return { verdict: "inconclusive", reason: `the drill was ${artefact.verdict}` };
}

function groupOf({ drill: { profile } }: DrillRun): string {
  return profile === null ? "Drill" : `Drill, ${profile}`;
}

function least(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

/** `12 runs of standard` */
export function seriesText({ points, profile }: Pick<LatencySeries, "points" | "profile">): string {
  return `${counted(points.length, "run")}${profile === null ? "" : ` of ${profile}`}`;
}
