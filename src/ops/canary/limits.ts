import { binomialAtLeast } from "../stats/binomial.js";
import { ascending, nearestRank, quantile } from "../stats/quantile.js";
import { badOf, type ScenarioMeasured, type SloLimits } from "./arms.js";
import { type CanaryCheck, judged, millis, type Pair, percent } from "./check.js";
import type { CanaryPolicy } from "./policy.js";

/** One arm against one limit. */
interface Held {
  readonly n: number;
  readonly observed: number | null;
  readonly over: boolean;
  /** How likely it would look so, or worse, if the limit were just held. */
  readonly p: number;
}

/** A limit that a scenario is held to, and what became of it. */
export interface LimitChecked {
  readonly check: CanaryCheck;
  /** The candidate is over the limit for sure, and control isn't over it. */
  readonly breached: boolean;
}

/**
 * The absolute limits of a scenario. What counts is what was measured; but only where so many calls were over the limit
 * that chance is ruled out (exact binomial test) is it a breach. Otherwise a service that runs near its limit would be
 * rolled back for noise. A limit that control is over as well says nothing about the candidate.
 */
export function checkLimits(pair: Pair, limits: SloLimits, policy: CanaryPolicy): LimitChecked[] {
  const { p95Ms, maxErrorRate } = limits;
  return [
    ...(p95Ms === undefined ? [] : [checked(pair, policy, "slo-p95", p95Ms, millis, heldP95)]),
    ...(maxErrorRate === undefined ? [] : [checked(pair, policy, "slo-errors", maxErrorRate, percent, heldErrors)]),
  ];
}

function checked(
  pair: Pair,
  { samples, slo }: CanaryPolicy,
  kind: "slo-p95" | "slo-errors",
  limit: number,
  shown: (value: number) => string,
  held: (measured: ScenarioMeasured, limit: number) => Held,
): LimitChecked {
  const { scenario } = pair;
  const [control, candidate] = [held(pair.control, limit), held(pair.candidate, limit)];
  const n = Math.min(control.n, candidate.n);
  const enough = n >= samples.inconclusiveBelow;
  const breached = enough && candidate.over && !control.over && candidate.p < slo.alpha;
  const verdict =
    candidate.over && !control.over && !breached
      ? "inconclusive"
      : judged(n, samples, candidate.over ? "fail" : "pass");
  const seen = `${candidate.observed === null ? "nothing measured" : shown(candidate.observed)}, limit ${shown(limit)}`;
  return {
    breached,
    check: {
      id: `canary:${scenario}:${kind}`,
      title: kind === "slo-p95" ? `p95 limit of ${scenario}` : `error limit of ${scenario}`,
      verdict,
      scenario,
      metric: kind === "slo-p95" ? "p95Ms" : "errorRate",
      observed: candidate.observed,
      threshold: limit,
      n,
      reason: `${seen}${ending(n, enough, breached, control, candidate, shown)}`,
    },
  };
}

function ending(
  n: number,
  enough: boolean,
  breached: boolean,
  control: Held,
  candidate: Held,
  shown: (value: number) => string,
): string {
  if (!enough) return `: ${n} calls are too few to say anything`;
  if (!candidate.over) return "";
  if (control.over) return `: control is over it as well (${shown(control.observed ?? 0)})`;
  return breached ? ": over it, and control isn't" : ": may be over it by chance";
}

/** p95 is over a limit when more than a twentieth of the calls are: so those are counted. */
function heldP95({ samples }: ScenarioMeasured, limit: number): Held {
  const n = samples.length;
  if (n === 0) return { n, observed: null, over: false, p: 1 };
  const sorted = ascending(
    samples.map(({ ms }) => ms),
    "samples",
  );
  const slow = samples.filter(({ ms }) => ms > limit).length;
  const over = slow > n - nearestRank(n, 0.95);
  return { n, observed: quantile(sorted, 0.95), over, p: binomialAtLeast(slow, n, 0.05) };
}

function heldErrors({ counts }: ScenarioMeasured, limit: number): Held {
  const n = counts.valid;
  if (n === 0) return { n, observed: null, over: false, p: 1 };
  const bad = badOf(counts);
  return { n, observed: bad / n, over: bad / n > limit, p: binomialAtLeast(bad, n, limit) };
}
