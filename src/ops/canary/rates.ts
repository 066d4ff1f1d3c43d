import { fisherExact } from "../stats/fisher.js";
import { holm } from "../stats/holm.js";
import { BAD_OUTCOMES, type BadOutcome, type ScenarioMeasured } from "./arms.js";
import { type CanaryCheck, judged, type Pair, percent } from "./check.js";
import type { CanaryPolicy } from "./policy.js";

/** One kind of bad call in both arms. */
export interface RateCompared {
  readonly scenario: string;
  readonly outcome: BadOutcome;
  /** Share of the valid calls. */
  readonly control: number;
  readonly candidate: number;
  /** How likely such a difference, or a larger one, is by chance (Fisher, one-sided). */
  readonly p: number;
  /** The same, adjusted for all rates that were tested (Holm). */
  readonly pAdjusted: number;
}

/** The rates of bad calls, each kind and scenario for itself; adjusted for there being so many. */
export function compareRates(
  pairs: readonly Pair[],
  policy: CanaryPolicy,
): { readonly checks: CanaryCheck[]; readonly compared: RateCompared[] } {
  const enough = pairs.filter((pair) => callsOf(pair) >= policy.samples.inconclusiveBelow);
  const tests = enough.flatMap((pair) => BAD_OUTCOMES.map((outcome) => ({ pair, outcome, p: pOf(pair, outcome) })));
  const adjusted = holm(tests.map(({ p }) => p));
  const found = tests.map(
    ({ pair, outcome, p }, at): RateCompared => ({
      scenario: pair.scenario,
      outcome,
      control: rateOf(pair.control, outcome),
      candidate: rateOf(pair.candidate, outcome),
      p,
      pAdjusted: adjusted[at] as number,
    }),
  );
  const checks = pairs.flatMap((pair) =>
    BAD_OUTCOMES.map((outcome) => {
      const rate = found.find((each) => each.scenario === pair.scenario && each.outcome === outcome);
      return rateCheck(pair, outcome, rate, policy);
    }),
  );
  return { checks: [...checks, ...enough.map((pair) => refusedCheck(pair, policy))], compared: found };
}

function rateCheck(
  pair: Pair,
  outcome: BadOutcome,
  rate: RateCompared | undefined,
  { samples, rates }: CanaryPolicy,
): CanaryCheck {
  const n = callsOf(pair);
  const frame = {
    id: `canary:${pair.scenario}:${outcome}`,
    title: `${outcome} of ${pair.scenario}`,
    scenario: pair.scenario,
    metric: `${outcome}Rate`,
    n,
  };
  if (rate === undefined) {
    const reason = `${n} calls; nothing is said below ${samples.inconclusiveBelow}`;
    return { ...frame, verdict: "inconclusive", observed: null, threshold: null, reason };
  }
  const worse = rate.pAdjusted < rates.alpha && exceeds(rate.candidate, rate.control, rates.minDelta);
  const verdict = judged(n, samples, worse ? "fail" : "pass");
  const both = `${percent(rate.candidate)} against ${percent(rate.control)} of control`;
  const end = verdict === "fail" ? ": more" : verdict === "pass" ? "" : ": not more, with too few calls to be sure";
  return {
    ...frame,
    verdict,
    observed: rate.candidate,
    threshold: rate.control + rates.minDelta,
    reason: `${both}, p ${Number(rate.pAdjusted.toPrecision(2))}${end}`,
  };
}

/**
 * Calls that were refused as expected (a limit's 429, say) count neither as good nor as bad, so that a candidate could
 * hide behind them: that there are more is told, though nothing is rolled back for it.
 */
function refusedCheck({ scenario, control, candidate }: Pair, { samples, rates }: CanaryPolicy): CanaryCheck {
  const refused = ({ counts }: ScenarioMeasured) => ({
    events: counts.expected4xx,
    of: counts.valid + counts.expected4xx,
  });
  const [ours, theirs] = [refused(candidate), refused(control)];
  const [share, before] = [ours.events / ours.of, theirs.events / theirs.of];
  const more = fisherExact(ours, theirs) < rates.alpha && exceeds(share, before, rates.minDelta);
  return {
    id: `canary:${scenario}:expected4xx`,
    title: `expected refusals of ${scenario}`,
    verdict: judged(Math.min(ours.of, theirs.of), samples, more ? "warn" : "pass"),
    scenario,
    metric: "expected4xxRate",
    observed: share,
    threshold: before + rates.minDelta,
    n: Math.min(ours.of, theirs.of),
    reason: `${percent(share)} against ${percent(before)} of control${more ? ": more are refused" : ""}`,
  };
}

function pOf({ control, candidate }: Pair, outcome: BadOutcome): number {
  const events = ({ counts }: ScenarioMeasured) => ({ events: counts[outcome], of: counts.valid });
  return fisherExact(events(candidate), events(control));
}

/** Whether a rate is at least so much above another, without the noise of binary fractions. */
function exceeds(rate: number, other: number, least: number): boolean {
  return Number((rate - other).toPrecision(12)) >= least;
}

function rateOf({ counts }: ScenarioMeasured, outcome: BadOutcome): number {
  return counts[outcome] / counts.valid;
}

function callsOf({ control, candidate }: Pair): number {
  return Math.min(control.counts.valid, candidate.counts.valid);
}
