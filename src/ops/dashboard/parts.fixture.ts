import * as hdr from "hdr-histogram-js";
import type { Artefact, ArtefactKind } from "../artefact/envelope.js";
import type { Check, CheckVerdict, Verdict } from "../verdict.js";

/** A check, with what a test doesn't care about filled in. */
export function sampleCheck(id: string, verdict: CheckVerdict, more: Partial<Check> = {}): Check {
  return {
    id,
    title: id,
    verdict,
    owner: "chat-team",
    runbook: "docs/runbooks/chat-latency.md",
    metric: null,
    observed: null,
    threshold: null,
    n: null,
    ...more,
  };
}

/** An artefact around some data. */
export function sampleArtefact<K extends ArtefactKind>(
  kind: K,
  at: Date,
  verdict: Verdict,
  checks: readonly Check[],
  data: unknown,
): Artefact<K> {
  return {
    schemaVersion: "1.0",
    kind,
    id: `${kind}-${at.getTime()}`,
    tool: { name: "keelson", version: "0.1.0" },
    createdAt: at.toISOString(),
    git: {
      commit: Math.floor(at.getTime() / 60_000)
        .toString(16)
        .padEnd(40, "4c"),
      branch: "main",
      dirty: false,
    },
    target: { default: "https://shop.example" },
    configSha256: "0".repeat(64),
    verdict,
    checks: [...checks],
    data,
  };
}

/** An HDR histogram of latencies in milliseconds, as drills write it. */
export function encoded(latenciesMs: readonly number[]): string {
  const histogram = hdr.build({ bitBucketSize: 32, highestTrackableValue: 3.6e9, numberOfSignificantValueDigits: 3 });
  for (const ms of latenciesMs) histogram.recordValue(Math.round(ms * 1_000));
  return hdr.encodeIntoCompressedBase64(histogram);
}

/** The data of one scenario of a drill: log-normal latencies, and as many bad ends as are asked for. */
export function sampleScenario(
  random: () => number,
  n: number,
  medianMs: number,
  sigma: number,
  bad: Partial<Record<"expected4xx" | "5xx" | "network" | "timeout" | "unknown" | "unsent" | "aborted", number>> = {},
) {
  const latencies = Array.from({ length: n }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return medianMs * Math.exp(sigma * normal);
  });
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.ceil(share * n) - 1] ?? 0).toFixed(2));
  const notGood = Object.values(bad).reduce((sum, each) => sum + each, 0);
  return {
    outcomes: {
      success: n - notGood,
      expected4xx: 0,
      "5xx": 0,
      network: 0,
      timeout: 0,
      unknown: 0,
      aborted: 0,
      unsent: 0,
      ...bad,
    },
    response: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1), count: n, hdr: encoded(latencies) },
    achievedRps: 50,
  };
}
