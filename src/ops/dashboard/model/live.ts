import { budgetUsed, burnRate, callsNeeded } from "../../../observe/budget.js";
import type { Slo } from "../../config/slo.js";
import type { CheckVerdict } from "../../verdict.js";
import type { Signal, SloRow } from "../data.js";
import { burnText, countText, shareText, spanText } from "../format.js";
import type { SnapshotPart } from "../sources.js";
import type { BurnPair } from "./burn-pairs.js";

/** A window of an indicator, of all processes together. */
export interface LiveWindow {
  readonly sec: number;
  readonly valid: number;
  readonly bad: number;
  readonly coveredSec: number;
}

/** Below this share of a window that was watched, its figures prove nothing. */
const MIN_COVERAGE = 0.8;

/**
 * The windows of an indicator over the snapshots of several processes: calls are added up, and what was watched is what
 * the process that has watched least has.
 *
 * @param sli `endpoint:chat`
 */
export function liveWindows(snapshots: readonly SnapshotPart[], sli: string): LiveWindow[] {
  const at = sli.indexOf(":");
  const kind = sli.slice(0, at) === "endpoint" ? "endpoints" : "upstreams";
  const name = sli.slice(at + 1);
  const bySec = new Map<number, LiveWindow>();
  for (const { slis } of snapshots) {
    if (!Object.hasOwn(slis[kind], name)) continue;
    for (const window of slis[kind][name]?.windows ?? []) {
      const soFar = bySec.get(window.sec);
      bySec.set(window.sec, {
        sec: window.sec,
        valid: (soFar?.valid ?? 0) + window.valid,
        bad: (soFar?.bad ?? 0) + window.bad,
        coveredSec: Math.min(soFar?.coveredSec ?? window.sec, window.coveredSec),
      });
    }
  }
  return [...bySec.values()].sort((a, b) => a.sec - b.sec);
}

/** What the longest window says of the budget. */
export function liveBudget(
  windows: readonly LiveWindow[],
  { objective }: Pick<Slo, "objective">,
  periodMs: number,
): SloRow["budget"] {
  const longest = windows.at(-1);
  if (longest === undefined) return null;
  const periodSec = periodMs / 1_000;
  const rate = burnRate(longest, objective) ?? 0;
  return {
    periodSec,
    windowSec: longest.sec,
    coveredSec: longest.coveredSec,
    valid: longest.valid,
    bad: longest.bad,
    spent: budgetUsed(rate, longest.coveredSec, periodSec),
    pace: longest.coveredSec / periodSec,
  };
}

/** What each alert says, of those whose two windows there are. */
export function liveBurn(windows: readonly LiveWindow[], objective: number, pairs: readonly BurnPair[]): Signal[] {
  return pairs.flatMap((pair) => {
    const long = windows.find(({ sec }) => sec === pair.longSec);
    const short = windows.find(({ sec }) => sec === pair.shortSec);
    return long === undefined || short === undefined ? [] : [alert(long, short, objective, pair)];
  });
}

function alert(long: LiveWindow, short: LiveWindow, objective: number, pair: BurnPair): Signal {
  const rates = { long: burnRate(long, objective), short: burnRate(short, objective) };
  return {
    kind: "live-burn",
    group: "Live burn",
    title: `${spanText(pair.longSec * 1_000)} · ${spanText(pair.shortSec * 1_000)}`,
    ...judged(long, short, rates, objective, pair),
    unit: "burn",
    observed: rates.long,
    short: rates.short,
    threshold: pair.factor,
    n: long.valid,
  };
}

function judged(
  long: LiveWindow,
  short: LiveWindow,
  rates: { readonly long: number | null; readonly short: number | null },
  objective: number,
  { factor, severity }: BurnPair,
): { verdict: CheckVerdict; reason: string | null } {
  if ((rates.long ?? 0) > factor && (rates.short ?? 0) > factor)
    return {
      verdict: severity === "page" ? "fail" : "warn",
      reason: `the budget burns ${burnText(rates.long)} as fast as it lasts, and still does (${burnText(rates.short)})`,
    };
  if (factor * (1 - objective) > 1)
    return { verdict: "skipped", reason: `an objective of ${shareText(objective)} can't burn ${factor}× as fast` };
  // What burns is said even of a little traffic; that nothing does is only said of enough.
  for (const window of [long, short])
    if (window.coveredSec < MIN_COVERAGE * window.sec)
      return {
        verdict: "inconclusive",
        reason: `${shareText(window.coveredSec / window.sec)} of the last ${spanText(window.sec * 1_000)} was watched`,
      };
  const needed = callsNeeded(factor, objective);
  if (long.valid < needed)
    return { verdict: "inconclusive", reason: `${countText(long.valid)} calls; ${countText(needed)} are needed` };
  return { verdict: "pass", reason: null };
}
