import type { Snapshot } from "../../observe/snapshot.js";
import { FAMILIES, type Point } from "../../sinks/families.js";
import type { LabelBounds } from "../../sinks/label-bounds.js";
import type { Distribution, Tallies } from "./tallies.js";

/** A sample line: `suffix` goes behind the metric's name. */
export interface Sample {
  readonly suffix: "" | "_bucket" | "_sum" | "_count";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as Prometheus knows it; a counter's name is without its `_total`. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What there is, whatever its samples are just now. */
export type MetricHead = Omit<Metric, "samples">;

const RESPONSES: MetricHead = { name: "keelson_endpoint_responses", type: "counter", help: "Answers of endpoints" };
const ENDPOINT: MetricHead = {
  name: "keelson_endpoint_duration_seconds",
  type: "histogram",
  help: "How long endpoints took to answer",
};
const UPSTREAM: MetricHead = {
  name: "keelson_upstream_duration_seconds",
  type: "histogram",
  help: "How long calls of upstreams took, retries included",
};
const JOB: MetricHead = {
  name: "keelson_job_duration_seconds",
  type: "histogram",
  help: "How long jobs ran that succeeded",
};

/**
 * What dashboards know figures of a process by: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics,
 * and those of Node as prom-client names them.
 */
const STANDARD: Readonly<Record<string, string>> = {
  "process.start_time": "process_start_time_seconds",
  "process.cpu": "process_cpu_seconds",
  "process.memory": "process_resident_memory_bytes",
  "process.heap.used": "nodejs_heap_size_used_bytes",
  "process.loop_delay.p50": "nodejs_eventloop_lag_p50_seconds",
  "process.loop_delay.p99": "nodejs_eventloop_lag_p99_seconds",
};

const SUFFIXES: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

const SNAPSHOT_HEADS = FAMILIES.map((family): MetricHead => {
  const { name, kind, unit, help } = family;
  const own = `keelson_${name.replaceAll(".", "_")}${SUFFIXES[unit] ?? ""}`;
  return { name: STANDARD[name] ?? own, type: kind, help };
});

/**
 * All metrics that a registry may be given: none of those that `collectDefaultMetrics` of prom-client puts into it by the
 * same names, for it would refuse whichever came second.
 */
export const METRIC_HEADS: readonly MetricHead[] = [
  RESPONSES,
  ENDPOINT,
  UPSTREAM,
  JOB,
  ...SNAPSHOT_HEADS.filter((_, at) => STANDARD[FAMILIES[at]?.name ?? ""] === undefined),
];

/** The metrics of a snapshot. */
export function snapshotMetrics(snapshot: Snapshot, bounds: LabelBounds): Metric[] {
  return FAMILIES.map((family, index) => ({
    ...(SNAPSHOT_HEADS[index] as MetricHead),
    samples: plain(bounds.fold(family.name, family.read(snapshot))),
  }));
}

/** The metrics of what was counted beside it. */
export function tallyMetrics(tallies: Tallies, buckets: readonly number[]): Metric[] {
  const histogram = (head: MetricHead, all: readonly Distribution[]): Metric => {
    return { ...head, samples: all.flatMap((one) => cumulative(one, buckets)) };
  };
  return [
    { ...RESPONSES, samples: plain(tallies.responses()) },
    histogram(ENDPOINT, tallies.endpointDurations()),
    histogram(UPSTREAM, tallies.upstreamDurations()),
    histogram(JOB, tallies.jobDurations()),
  ];
}

function plain(points: readonly Point[]): Sample[] {
  return points.map(({ labels, value }) => ({ suffix: "", labels, value }));
}

function cumulative({ labels, counts, sum }: Distribution, buckets: readonly number[]): Sample[] {
  let count = 0;
  const samples = counts.map((more, bucket): Sample => {
    count += more;
    const le = bucket < buckets.length ? String(buckets[bucket]) : "+Inf";
    return { suffix: "_bucket", labels: { ...labels, le }, value: count };
  });
  return [...samples, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: count }];
}
