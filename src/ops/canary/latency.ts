import { seeded } from "../../core/seeded.js";
import { quantileRatio, type RatioInterval } from "../stats/block-bootstrap.js";
import { hodgesLehmann } from "../stats/hodges-lehmann.js";
import { mannWhitney } from "../stats/mann-whitney.js";
import { ascending, quantile } from "../stats/quantile.js";
import type { ScenarioMeasured } from "./arms.js";
import { type CanaryCheck, finite, judged, millis, type Pair } from "./check.js";
import type { CanaryPolicy } from "./policy.js";

/** How the latencies of both arms lie to each other: told, not judged by. */
export interface Shift {
  /** By so many milliseconds the candidate lies above control: the median of all differences (Hodges–Lehmann). */
  readonly shiftMs: number;
  /** How likely a call of the candidate is slower than one of control; 0.5 is no difference. */
  readonly slowerShare: number;
  /** p of the two-sided Mann–Whitney test. It hardly sees tails, which is why nothing hangs on it. */
  readonly p: number;
}

/** Latencies of a scenario in both arms, in milliseconds. */
export interface LatencyCompared {
  readonly p50: { readonly control: number; readonly candidate: number };
  readonly p95: { readonly control: number; readonly candidate: number };
  /** Candidate's p95 over control's; `null` where control's is 0. */
  readonly ratio: number | null;
  readonly deltaMs: number;
  /** Of the ratio; drawn only where it decides: when the ratio and the difference are large enough to matter. */
  readonly interval: { readonly lower: number | null; readonly upper: number | null } | null;
  readonly shift: Shift;
}

/** The p95 of a scenario, compared; `compared` is `null` where an arm made too few calls to say anything. */
export function compareLatency(
  pair: Pair,
  policy: CanaryPolicy,
  seed: number,
): { readonly check: CanaryCheck; readonly compared: LatencyCompared | null } {
  const { scenario } = pair;
  const [control, candidate] = [latencies(pair.control), latencies(pair.candidate)];
  const n = Math.min(control.length, candidate.length);
  const frame = {
    id: `canary:${scenario}:p95`,
    title: `p95 of ${scenario}`,
    scenario,
    metric: "p95Ratio",
    threshold: policy.p95.ratio,
    n,
  };
  if (n < policy.samples.inconclusiveBelow) {
    const reason = `${n} calls; nothing is said below ${policy.samples.inconclusiveBelow}`;
    return { check: { ...frame, verdict: "inconclusive", observed: null, reason }, compared: null };
  }
  const [low, high] = [ascending(control, "control"), ascending(candidate, "candidate")];
  const p95 = { control: quantile(low, 0.95), candidate: quantile(high, 0.95) };
  const ratio = p95.control > 0 ? p95.candidate / p95.control : p95.candidate > 0 ? Number.POSITIVE_INFINITY : 1;
  const deltaMs = p95.candidate - p95.control;
  const suspect = ratio > policy.p95.ratio && deltaMs >= policy.p95.minDeltaMs;
  const interval = suspect ? intervalOf(control, candidate, policy, seedOf(scenario, seed)) : null;
  const confirmed = interval !== null && interval.lower > policy.p95.lowerBound;
  const verdict = judged(n, policy.samples, confirmed ? "fail" : suspect ? "warn" : "pass");
  const both = `${millis(p95.candidate)} against ${millis(p95.control)} of control`;
  const bounds =
    interval === null ? "" : `, between ${interval.lower.toFixed(3)} and ${interval.upper.toFixed(3)} times as much`;
  const test = mannWhitney(low, high);
  return {
    check: { ...frame, verdict, observed: finite(ratio), reason: `${both}${bounds}${ending(verdict, suspect)}` },
    compared: {
      p50: { control: quantile(low, 0.5), candidate: quantile(high, 0.5) },
      p95,
      ratio: finite(ratio),
      deltaMs,
      interval: interval && { lower: finite(interval.lower), upper: finite(interval.upper) },
      shift: { shiftMs: hodgesLehmann(low, high), slowerShare: test.effect, p: test.pTwoSided },
    },
  };
}

function ending(verdict: CanaryCheck["verdict"], suspect: boolean): string {
  if (verdict === "fail") return ": slower";
  if (suspect) return ": may be slower, is not sure to be";
  return verdict === "inconclusive" ? ": not slower so far, with too few calls to be sure" : "";
}

function intervalOf(
  control: Float64Array,
  candidate: Float64Array,
  { p95 }: CanaryPolicy,
  seed: number,
): RatioInterval {
  const { resamples, outside, blockLength } = p95;
  return quantileRatio(control, candidate, {
    q: 0.95,
    random: seeded(seed),
    resamples,
    outside,
    // (A policy is of all scenarios: rare ones may have fewer calls than its blocks.)
    ...(blockLength !== undefined && { blockLength: Math.min(blockLength, control.length, candidate.length) }),
  });
}

function latencies({ samples }: ScenarioMeasured): Float64Array {
  return Float64Array.from(samples, ({ ms }) => ms);
}

/** A seed of each scenario's own, so that one more scenario changes nothing about others: FNV-1a over its name. */
function seedOf(scenario: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < scenario.length; at++) hash = Math.imul(hash ^ scenario.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
