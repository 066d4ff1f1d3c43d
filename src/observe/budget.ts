import { ConfigError } from "../core/config.js";

/** Calls that count, and how many of them were bad: a window of an indicator, say. */
export interface Counted {
  readonly valid: number;
  readonly bad: number;
}

/**
 * How fast an error budget burns: the share of bad calls over the share that the objective allows. At 1 the budget
 * lasts exactly its period; 14.4 over an hour spends 2 % of a budget of 30 days (Google's SRE Workbook, chapter 5).
 *
 * @param objective share of good calls that is promised, 0.999 say
 * @returns `null` when nothing was counted
 * @throws {ConfigError} when the objective is not between 0 and 1: one of 1 leaves no budget to burn
 */
export function burnRate(counted: Counted, objective: number): number | null {
  const budget = allowedShare(objective);
  return counted.valid === 0 ? null : counted.bad / counted.valid / budget;
}

/**
 * The share of the error budget that is left after all calls of a period so far: 1 is all of it, below 0 it is
 * overspent.
 *
 * @returns `null` when nothing was counted
 * @throws {ConfigError} like {@link burnRate}
 */
export function budgetLeft(counted: Counted, objective: number): number | null {
  const burnt = burnRate(counted, objective);
  return burnt === null ? null : 1 - burnt;
}

/**
 * The share of a period's error budget that burning at `rate` through a window uses up.
 *
 * @param rate see {@link burnRate}
 * @param periodSec length of the budget's period; default 30 days
 */
export function budgetUsed(rate: number, windowSec: number, periodSec: number = 30 * 86_400): number {
  return (rate * windowSec) / periodSec;
}

/**
 * How many calls a window needs before an alert on its burn rate means anything: so many that at the threshold ten
 * of them would be bad. With fewer the answer is inconclusive, never a pass.
 *
 * @throws {ConfigError} like {@link burnRate}, and when the threshold can't be reached with every call bad
 */
export function callsNeeded(threshold: number, objective: number): number {
  const share = threshold * allowedShare(objective);
  if (!(share > 0 && share <= 1)) {
    throw new ConfigError("callsNeeded(threshold)", threshold, `above 0 and at most ${1 / allowedShare(objective)}`);
  }
  // Rounded before it is rounded up: 10 / (14.4 × 0.001) must not become one more by way of a binary fraction.
  return Math.ceil(Number((10 / share).toPrecision(12)));
}

/** The share of calls that may be bad, without the noise that 1 − 0.999 has in binary. */
function allowedShare(objective: number): number {
  if (typeof objective === "number" && objective > 0 && objective < 1) return Number((1 - objective).toPrecision(12));
  throw new ConfigError("objective", objective, "a share of good calls above 0 and below 1, like 0.999");
}
