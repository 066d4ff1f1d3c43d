import { oneOf } from "../../core/config.js";
import type { Snapshot } from "../../observe/snapshot.js";
import { LabelBounds } from "../../sinks/label-bounds.js";
import { type Metric, type Sample, snapshotMetrics } from "./metrics.js";

/** Prometheus' own text format, or OpenMetrics. */
export type ExpositionFormat = "prometheus" | "openmetrics";

/** What the two formats are called on the wire. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Names that are told apart in each metric. */
export const MAX_NAMES = 100;

/**
 * A snapshot as text for Prometheus, without anything listening: what is counted between snapshots (answers by status,
 * durations) only `prometheus(kit)` has.
 *
 * @throws {ConfigError} when there is no such format
 */
export function exposition(snapshot: Snapshot, format: ExpositionFormat = "prometheus"): string {
  return written(snapshotMetrics(snapshot, new LabelBounds(MAX_NAMES)), format);
}

/**
 * Writes metrics: https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://prometheus.io/docs/specs/om/open_metrics_spec/.
 */
export function written(metrics: readonly Metric[], format: ExpositionFormat): string {
  oneOf(format, "exposition.format", ["prometheus", "openmetrics"]);
  const open = format === "openmetrics";
  let text = "";
  for (const { name, type, help, samples } of metrics) {
    if (samples.length === 0) continue;
    const total = type === "counter" ? "_total" : "";
    const family = open ? name : name + total;
    text += `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n`;
    if (open && name.endsWith("_seconds")) text += `# UNIT ${family} seconds\n`;
    for (const sample of samples) text += `${name}${total}${sample.suffix}${labelled(sample)} ${sample.value}\n`;
  }
  return open ? `${text}# EOF\n` : text;
}

function labelled({ labels }: Sample): string {
  const parts = Object.entries(labels).map(([label, word]) => `${label}="${escaped(word)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escaped(word: string): string {
  return word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
