import type { CheckVerdict } from "../verdict.js";
import type { ScenarioMeasured } from "./arms.js";
import type { CanaryPolicy } from "./policy.js";

/** One thing that was compared. */
export interface CanaryCheck {
  /** `canary:chat:p95`, `canary:probe:login`. */
  readonly id: string;
  /** In words. */
  readonly title: string;
  readonly verdict: Extract<CheckVerdict, "pass" | "warn" | "fail" | "inconclusive">;
  /** `null` where the check is of no one scenario. */
  readonly scenario: string | null;
  /** Name of what was measured: `p95Ratio`, `5xxRate`. */
  readonly metric: string;
  readonly observed: number | string | null;
  readonly threshold: number | string | null;
  /** Calls of the arm that has fewer. */
  readonly n: number;
  /** What was seen, in a sentence. */
  readonly reason: string;
}

/** A scenario in both arms; an arm that knows nothing of it has made no calls. */
export interface Pair {
  readonly scenario: string;
  readonly critical: boolean;
  readonly control: ScenarioMeasured;
  readonly candidate: ScenarioMeasured;
}

/**
 * The verdict on something that may have got worse: below the least number of calls nothing can be said, then a
 * regression can be seen but nothing promoted, and only with enough calls does its absence mean anything.
 */
export function judged(
  n: number,
  { inconclusiveBelow, promoteFrom }: CanaryPolicy["samples"],
  found: "pass" | "warn" | "fail",
): CanaryCheck["verdict"] {
  if (n < inconclusiveBelow) return "inconclusive";
  return found === "fail" || n >= promoteFrom ? found : "inconclusive";
}

/** `4.2 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** `182 ms`. */
export function millis(ms: number): string {
  return `${Number(ms.toPrecision(4))} ms`;
}

/** For artefacts: JSON has no infinity. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
