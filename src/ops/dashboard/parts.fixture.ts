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
  const { unsent = 0, ...ends } = bad;
  const notGood = Object.values(ends).reduce((sum, each) => sum + each, unsent);
  return {
    outcomes: {
      success: n - notGood,
      expected4xx: 0,
      "5xx": 0,
      network: 0,
      timeout: 0,
      unknown: 0,
      aborted: 0,
      ...ends,
    },
    unsent,
    latency: { n, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1), hdr: encoded(latencies) },
  };
}

/** An experiment of a game day. */
export function sampleExperiment(experiment: {
  readonly title: string;
  readonly status: string;
  readonly deviated: boolean;
  readonly owner: string;
  readonly runbook: string;
  readonly recoveredMs: number | null;
}) {
  const { title, status, deviated, owner, runbook, recoveredMs } = experiment;
  return { title, journal: { status, deviated }, outcome: { owner, runbook, recoveredMs } };
}

/** Scenarios by their names, as drills list them. */
export function listed<T extends object>(scenarios: Readonly<Record<string, T>>): (T & { readonly name: string })[] {
  return Object.entries(scenarios).map(([name, scenario]) => ({ name, ...scenario }));
}
