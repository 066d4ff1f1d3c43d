import { binomialAtLeast } from "../stats/binomial.js";
import type { RawCheck } from "../verdict.js";

/** Fewer requests say nothing about a share of them, nor about their 95th percentile. */
export const ENOUGH = 100;
/** How unlikely so many must be, were the limit kept, before it counts as broken. */
const DOUBT = 0.05;

/** Some of several requests. */
export interface Part {
  readonly hits: number;
  readonly n: number;
}

/**
 * Whether a share of requests is within its limit. One bad request of 600 is more than 0.1 %, and yet says nothing about
 * a service that keeps 99.9 %: a limit is broken only when so many would be unlikely (5 %) were it kept, by the exact
 * binomial test. In between is inconclusive, never a pass.
 */
export function judgeShare({ hits, n }: Part, limit: number): Pick<RawCheck, "verdict" | "reason"> {
  if (hits / n > limit && binomialAtLeast(hits, n, limit) < DOUBT)
    return { verdict: "fail", reason: `${hits} of ${n} requests; allowed: ${percent(limit)}` };
  if (n < ENOUGH) return { verdict: "inconclusive", reason: `only ${n} requests; it takes ${ENOUGH} to tell` };
  if (hits / n > limit)
    return { verdict: "inconclusive", reason: `${hits} of ${n} requests: too few to tell from ${percent(limit)}` };
  return { verdict: "pass" };
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}
