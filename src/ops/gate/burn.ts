import { burnRate, type Counted, callsNeeded } from "../../observe/budget.js";
import type { RawCheck } from "../verdict.js";

/** A window of an indicator, with how much of it was watched. */
export interface Window extends Counted {
  readonly sec: number;
  readonly coveredSec: number;
}

/** A window that was watched for less says nothing about itself. */
const COVERAGE = 0.8;

/**
 * Judges a pair of windows by one threshold. Both have to be above it: the long one says that it matters, the short one
 * that it still goes on. Of a short window with too few calls that can't be said, and then the long one decides alone.
 *
 * Google's SRE Workbook, chapter 5, and a minimum of traffic: see {@link callsNeeded}.
 */
export function judgeBurn(
  id: string,
  title: string,
  {
    long,
    short,
    threshold,
    objective,
  }: { readonly long: Window; readonly short: Window; readonly threshold: number; readonly objective: number },
): RawCheck {
  const rate = burnRate(long, objective);
  const check = { id, title, metric: "burnRate", observed: rate, threshold, n: long.valid };
  const needed = callsNeeded(threshold, objective);
  if (long.coveredSec < long.sec * COVERAGE)
    return { ...check, verdict: "inconclusive", reason: `only ${long.coveredSec} s of ${long.sec} s were watched` };
  if (rate === null || long.valid < needed)
    return {
      ...check,
      verdict: "inconclusive",
      reason: `${long.valid} calls in ${long.sec} s; it takes ${needed} to tell`,
    };
  if (rate <= threshold) return { ...check, verdict: "pass" };
  const recent = burnRate(short, objective);
  if (recent !== null && short.valid >= needed && recent <= threshold)
    return {
      ...check,
      verdict: "warn",
      reason: `burned ${round(rate)} times too fast over ${long.sec} s, and ${round(recent)} times in the last ${short.sec} s`,
    };
  return {
    ...check,
    verdict: "fail",
    reason: `burns the error budget ${round(rate)} times too fast; allowed: ${threshold} times (${long.bad} of ${long.valid} calls were bad)`,
  };
}

function round(rate: number): number {
  return Number(rate.toPrecision(3));
}
