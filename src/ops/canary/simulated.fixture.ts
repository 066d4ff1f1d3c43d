import type { Arm, BadOutcome, LatencySample, OutcomeCounts, ScenarioMeasured } from "./arms.js";

/** What one arm of a made-up canary is like. */
export interface Simulated {
  readonly random: () => number;
  /** Valid calls. */
  readonly n: number;
  /** Milliseconds in the middle. Default 100. */
  readonly median?: number;
  /** Of the logarithm of the latencies. Default 0.5. */
  readonly sigma?: number;
  /** All latencies times so much. */
  readonly times?: number;
  /** Only those of the slowest tenth times so much: p95 moves as far, the middle doesn't. */
  readonly tailTimes?: number;
  /** What a block adds to the logarithm of its latencies. */
  readonly wave?: (block: number, at: number) => number;
  /** Calls a block. Default 50. */
  readonly blockCalls?: number;
  /** Which blocks are this arm's: 0 for even ones, 1 for odd ones. */
  readonly side?: 0 | 1;
}

/** Above this a standard normal variable is in its upper tenth. */
const UPPER_TENTH = 1.281_551_565_544_6;

/** Latencies from a log-normal distribution, independent of each other but for waves. */
export function simulatedSamples(options: Simulated): LatencySample[] {
  const { random, n, median = 100, sigma = 0.5, times = 1, tailTimes = 1, blockCalls = 50, side = 0, wave } = options;
  return Array.from({ length: n }, (_, at) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const block = 2 * Math.floor(at / blockCalls) + side;
    const level = median * times * (normal > UPPER_TENTH ? tailTimes : 1) * Math.exp(wave?.(block, at) ?? 0);
    return { ms: level * Math.exp(sigma * normal), block };
  });
}

/** A scenario with these latencies and bad calls. */
export function measured(
  samples: readonly LatencySample[],
  bad: Partial<Record<BadOutcome, number>> = {},
  rest: Partial<Pick<ScenarioMeasured, "scenario" | "critical">> & { readonly expected4xx?: number } = {},
): ScenarioMeasured {
  const { scenario = "chat", critical = true, expected4xx = 0 } = rest;
  const kinds = { "5xx": 0, network: 0, timeout: 0, unknown: 0, ...bad };
  const all = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  const counts: OutcomeCounts = { ...kinds, expected4xx, valid: samples.length, success: samples.length - all };
  return { scenario, critical, samples, counts };
}

/** An arm of one scenario. */
export function simulatedArm(options: Simulated, bad: Partial<Record<BadOutcome, number>> = {}): Arm {
  return { scenarios: [measured(simulatedSamples(options), bad)], probes: [] };
}
