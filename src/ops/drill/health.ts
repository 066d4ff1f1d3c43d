import type { RawCheck } from "../verdict.js";

/** What is known of the process that made the load. */
export interface Health {
  /** Arrivals of recorded open stages, and those not sent by their stage's end. */
  readonly due: number;
  readonly unsent: number;
  /** Of the unsent, those held back by the limit on requests under way: by the service, that is. */
  readonly heldBack: number;
  readonly targetRps: number;
  readonly achievedRps: number;
  readonly loopDelayP99Ms: number;
}

/** What follows from it. */
export interface Fitness {
  readonly saturated: boolean;
  /** Whether it was this process that was too slow: then even what looks bad may be its own doing. */
  readonly ours: boolean;
  readonly reasons: readonly string[];
}

const MOST_UNSENT = 0.01;
const MOST_DELAY_MS = 50;
const LEAST_ACHIEVED = 0.95;

/** Whether the load was the one that was asked for. */
export function fitnessOf(health: Health): Fitness {
  const { due, unsent, heldBack, targetRps, achievedRps, loopDelayP99Ms } = health;
  const late = loopDelayP99Ms > MOST_DELAY_MS;
  const reasons = [
    ...(unsent > due * MOST_UNSENT
      ? [
          `${unsent} of ${due} requests were not sent in time${heldBack > 0 ? `, ${heldBack} of them because as many as may be were under way` : ""}`,
        ]
      : []),
    ...(late
      ? [`its event loop was ${Math.round(loopDelayP99Ms)} ms late (99th percentile); allowed: ${MOST_DELAY_MS} ms`]
      : []),
    ...(achievedRps < targetRps * LEAST_ACHIEVED
      ? [`it sent ${achievedRps.toFixed(1)} requests a second instead of ${targetRps.toFixed(1)}`]
      : []),
  ];
  return { saturated: reasons.length > 0, ours: late || unsent - heldBack > due * MOST_UNSENT, reasons };
}

/** The check on the generator itself. */
export function generatorCheck({ saturated, reasons }: Fitness, { due, achievedRps, targetRps }: Health): RawCheck {
  return {
    id: "drill:generator",
    title: "the load was the one that was asked for",
    verdict: saturated ? "inconclusive" : "pass",
    ...(saturated && { reason: `generator-saturated: ${reasons.join("; ")}` }),
    metric: "achievedRps",
    observed: targetRps === 0 ? null : Math.round(achievedRps * 10) / 10,
    threshold: targetRps === 0 ? null : Math.round(targetRps * LEAST_ACHIEVED * 10) / 10,
    n: due,
  };
}

/** A check as far as it can be believed of a load that was not the one asked for: nothing passes by it. */
export function believed(check: RawCheck, { saturated, ours }: Fitness): RawCheck {
  const doubtful = saturated && (check.verdict === "pass" || (check.verdict === "fail" && ours));
  if (!doubtful) return check;
  const was = check.reason === undefined ? "" : ` (${check.reason})`;
  return { ...check, verdict: "inconclusive", reason: `the load generator was saturated${was}` };
}

/** A check as far as it can be believed of a drill that was cut short: what was bad was bad, the rest is not known. */
export function unfinished(check: RawCheck): RawCheck {
  const { verdict, id } = check;
  // A stage that ended early had fewer answers a second than it would have had.
  if (verdict !== "pass" && !(verdict === "fail" && id.endsWith(":capacity"))) return check;
  return { ...check, verdict: "inconclusive", reason: "the drill was interrupted" };
}
