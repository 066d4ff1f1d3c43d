/** What is known of the calls that are judged. */
export interface Counts {
  readonly calls: number;
  readonly failures: number;
  /** Calls that took too long, whether they failed or not. */
  readonly slow: number;
}

/** What calls are judged by. */
export interface Criteria {
  /** Share of failures that is too much. */
  readonly failureRate: number;
  /** Share of slow calls that is too much; `Infinity`: none is. */
  readonly slowRate: number;
  /** Calls below which nothing is judged while the circuit is closed. */
  readonly minimumCalls: number;
}

/** Why a circuit should open. */
export type Break = "failure-rate" | "slow-call-rate";

/**
 * Whether a closed circuit should open. It is asked after every call that is recorded, successes too: the success that
 * brings the calls to the minimum, or that finds old successes gone from the window, can be the one that shows it.
 *
 * Rates are compared as quotients: 3 / 30 is the same double as 0.1, where 0.1 × 30 is not 3.
 */
export function shouldBreak(counts: Counts, criteria: Criteria): Break | undefined {
  const { calls, failures, slow } = counts;
  if ((failures === 0 && slow === 0) || calls < criteria.minimumCalls) return undefined;
  return over(failures, slow, calls, criteria);
}

/**
 * What `planned` trial calls, of which some have settled, say about a half-open circuit: as soon as the rest of them
 * could not change it, and not before.
 */
export function judgeTrial(counts: Counts, planned: number, criteria: Criteria): Break | "recovered" | undefined {
  const { failures, slow } = counts;
  const broken = over(failures, slow, planned, criteria);
  if (broken !== undefined) return broken;
  const left = planned - counts.calls;
  return over(failures + left, slow + left, planned, criteria) === undefined ? "recovered" : undefined;
}

function over(failures: number, slow: number, calls: number, criteria: Criteria): Break | undefined {
  if (failures / calls >= criteria.failureRate) return "failure-rate";
  return slow / calls >= criteria.slowRate ? "slow-call-rate" : undefined;
}
