import type { AlertVerdict } from "../../kernel/alerts/alert.js";
import { burnRate, type Counted } from "../budget.js";
import type { AlertPlan } from "./objective.js";

/** An alert that fires goes on until the budget burns no faster than this part of its threshold. */
const LINGERS_AT = 0.9;

/** What the windows of an alert say. */
export interface Judgement {
  readonly verdict: AlertVerdict;
  /** Whether the long window has calls enough to say anything at all. */
  readonly conclusive: boolean;
  /** Of the long window; `null` when nothing was counted in it. */
  readonly burnRate: number | null;
}

/**
 * Judges one alert. It begins only where the long window has calls enough, and both burn faster than the threshold.
 *
 * To go on it needs less: nine tenths of the threshold, and no least number of calls, for silence is no proof of health.
 * Where the short window is empty the long one decides alone, until it has forgotten what was bad.
 */
export function judge(alert: AlertPlan, objective: number, long: Counted, short: Counted): Judgement {
  const slow = rateOf(long, objective);
  const fast = rateOf(short, objective);
  const conclusive = long.valid >= alert.callsNeeded;
  const { threshold } = alert;
  const above = (rate: number | null, than: number) => rate !== null && rate > than;
  const verdict =
    conclusive && above(slow, threshold) && above(fast, threshold)
      ? "burning"
      : above(slow, threshold * LINGERS_AT) && (fast === null || above(fast, threshold * LINGERS_AT))
        ? "lingering"
        : "calm";
  return { verdict, conclusive, burnRate: slow };
}

/** Without the noise of binary fractions: exactly 14.4 is not more than 14.4. */
export function rateOf(counted: Counted, objective: number): number | null {
  const rate = burnRate(counted, objective);
  return rate === null ? null : Number(rate.toPrecision(12));
}
