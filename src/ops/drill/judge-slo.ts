import type { Slo } from "../config/slo.js";
import type { RawCheck } from "../verdict.js";
import { ENOUGH, judgeShare } from "./judge-rate.js";
import { BAD, type OutcomeCounts } from "./outcome.js";

/** What was measured of an SLO's scenarios. */
export interface Figures {
  readonly outcomes: OutcomeCounts;
  readonly valid: number;
  readonly bad: number;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** Of the stage that asked for the most of an SLO's scenarios, at an even rate. */
export interface Sustained {
  readonly stage: string;
  readonly sec: number;
  /** Requests a second that it asked for. */
  readonly askedRps: number;
  readonly figures: Figures;
}

export interface SloEvidence {
  readonly figures: Figures;
  readonly basis: "response" | "service";
  /** Arrivals that the profile plans for its scenarios in the judged stages. */
  readonly planned: number;
  readonly sustained: Sustained | undefined;
}

/** So many requests it takes for five to be above the 99th percentile. */
const ENOUGH_FOR_P99 = 500;

/** The checks of one SLO: `drill:<slo>:p95`, `:p99`, `:availability`, `:rate:<outcome>`, `:capacity`. */
export function judgeSlo(slo: Slo, evidence: SloEvidence): RawCheck[] {
  const { figures } = evidence;
  const check = (id: string, title: string): Pick<RawCheck, "id" | "title" | "owner" | "runbook"> => ({
    id: `drill:${slo.id}:${id}`,
    title: `${slo.id}: ${title}`,
    owner: slo.owner,
    ...(slo.runbook !== undefined && { runbook: slo.runbook }),
  });
  const { valid: n, bad } = figures;
  const rates = BAD.flatMap((outcome): RawCheck[] => {
    const limit = slo.maxRates[outcome];
    if (limit === undefined) return [];
    const hits = figures.outcomes[outcome];
    return [
      {
        ...check(`rate:${outcome}`, `few requests end in ${outcome}`),
        ...judgeShare({ hits, n }, limit),
        metric: `rate:${outcome}`,
        observed: n === 0 ? null : hits / n,
        threshold: limit,
        n,
      },
    ];
  });
  return [
    {
      ...check("availability", "requests are answered well"),
      ...judgeShare({ hits: bad, n }, Number((1 - slo.objective).toPrecision(12))),
      metric: "availability",
      observed: n === 0 ? null : 1 - bad / n,
      threshold: slo.objective,
      n,
    },
    ...latencyCheck(95, slo.p95Ms, figures.p95Ms, ENOUGH),
    ...latencyCheck(99, slo.p99Ms, figures.p99Ms, ENOUGH_FOR_P99),
    ...rates,
    ...(slo.capacityRps === undefined
      ? []
      : [
          {
            ...check("capacity", "its declared capacity is sustained"),
            ...judgeCapacity(slo, slo.capacityRps, evidence),
          },
        ]),
  ];

  function latencyCheck(
    percentile: 95 | 99,
    limit: number | undefined,
    observed: number | null,
    enough: number,
  ): RawCheck[] {
    if (limit === undefined) return [];
    const time = evidence.basis === "response" ? "response" : "service";
    return [
      {
        ...check(`p${percentile}`, `${percentile} % of ${time} times are short`),
        ...judgeLatency({ observed, limit, n, enough, planned: percentile === 99 ? evidence.planned : undefined }),
        metric: evidence.basis === "response" ? `p${percentile}Ms` : `p${percentile}ServiceMs`,
        observed,
        threshold: limit,
        n,
      },
    ];
  }
}

/** @param planned where the profile never gives enough, the check isn't made: that is no finding, but how it was asked */
function judgeLatency({
  observed,
  limit,
  n,
  enough,
  planned,
}: {
  readonly observed: number | null;
  readonly limit: number;
  readonly n: number;
  readonly enough: number;
  readonly planned: number | undefined;
}): Pick<RawCheck, "verdict" | "reason"> {
  if (planned !== undefined && planned < enough)
    return {
      verdict: "skipped",
      reason: `the profile has about ${Math.round(planned)} requests for it; it takes ${enough} to tell`,
    };
  if (observed === null || n < enough)
    return { verdict: "inconclusive", reason: `only ${n} requests; it takes ${enough} to tell` };
  return observed > limit ? { verdict: "fail", reason: `${observed} ms; allowed: ${limit} ms` } : { verdict: "pass" };
}

/** Where in a stage its first and last arrivals lie, and of which scenario they are, moves its count by so many. */
const ROUNDING = 3;

function judgeCapacity(
  slo: Slo,
  capacityRps: number,
  { sustained }: SloEvidence,
): Pick<RawCheck, "verdict" | "reason" | "metric" | "observed" | "threshold" | "n"> {
  const common = { metric: "goodPerSec", threshold: capacityRps };
  if (sustained === undefined || sustained.askedRps < capacityRps * 0.999)
    return {
      ...common,
      verdict: "skipped",
      reason: `the profile asks for at most ${(sustained?.askedRps ?? 0).toFixed(1)} requests a second of its scenarios`,
    };
  const { figures, sec, stage } = sustained;
  const good = figures.outcomes.success;
  const measured = { ...common, observed: Math.round((good / sec) * 100) / 100, n: figures.valid };
  if (figures.valid < ENOUGH)
    return {
      ...measured,
      verdict: "inconclusive",
      reason: `only ${figures.valid} requests; it takes ${ENOUGH} to tell`,
    };
  const broken = [
    ...(good < capacityRps * sec * slo.objective - ROUNDING ? [`${measured.observed} good answers a second`] : []),
    ...(slo.p95Ms !== undefined && figures.p95Ms !== null && figures.p95Ms > slo.p95Ms
      ? [`p95 of ${figures.p95Ms} ms`]
      : []),
    ...BAD.filter((outcome) => {
      const limit = slo.maxRates[outcome];
      const part = { hits: figures.outcomes[outcome], n: figures.valid };
      return limit !== undefined && judgeShare(part, limit).verdict === "fail";
    }).map((outcome) => `${figures.outcomes[outcome]} of ${figures.valid} requests ended in ${outcome}`),
  ];
  return broken.length === 0
    ? { ...measured, verdict: "pass" }
    : {
        ...measured,
        verdict: "fail",
        reason: `at ${sustained.askedRps.toFixed(1)} a second (${stage}): ${broken.join("; ")}`,
      };
}
