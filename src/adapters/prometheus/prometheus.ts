import { ConfigError, integer, onlyKnown } from "../../core/config.js";
import { DURATION_BOUNDS } from "../../sinks/durations.js";
import { LabelBounds } from "../../sinks/label-bounds.js";
import { errorReport, Listening, type MeasuredHost, type SinkErrorListener } from "../../sinks/sink.js";
import { CONTENT_TYPES, type ExpositionFormat, MAX_NAMES, written } from "./exposition.js";
import { type Metric, snapshotMetrics, tallyMetrics } from "./metrics.js";
import { type MetricRegistry, register } from "./registry.js";
import { Tallies } from "./tallies.js";

/** Options of {@link prometheus}. */
export interface PrometheusOptions {
  /** A `Registry` of prom-client, where there is one: its own page has the kit's metrics, too. */
  readonly registry?: MetricRegistry;
  /** Upper bounds of the histograms' buckets, in seconds, ascending. Default: those that OpenTelemetry advises, 5 ms to 10 s. */
  readonly buckets?: readonly number[];
  /** Names of definitions that each metric tells apart; all others are `other`. Default 100. */
  readonly maxNames?: number;
  /** Gets what goes wrong while counting. Default: the first goes to `console.error`. */
  readonly onError?: SinkErrorListener;
}

/** A kit's metrics for Prometheus. */
export interface Prometheus extends AsyncDisposable {
  /** All metrics as text. It takes a snapshot of the kit, and fails as that does. */
  exposition(format?: ExpositionFormat): Promise<string>;
  /** The `content-type` of that text. */
  contentType(format?: ExpositionFormat): string;
  /** Stops counting, and takes the metrics out of the registry. The kit's own `close()` does it, too. */
  close(): Promise<void>;
}

/**
 * Counts for Prometheus. Most figures are taken from the kit's snapshot when they are asked for and cost a request
 * nothing; answers by status and durations are counted as they happen. Labels are names of definitions, never keys.
 *
 * @example
 * const metrics = prometheus(kit);
 * app.get("/metrics", async (_, res) => res.type(metrics.contentType()).send(await metrics.exposition()));
 *
 * @throws {ConfigError} on a wrong option
 * @throws {Error} what the registry throws: when it has a metric of the same name already
 */
export function prometheus(kit: MeasuredHost, options: PrometheusOptions = {}): Prometheus {
  onlyKnown(options, "prometheus", ["registry", "buckets", "maxNames", "onError"]);
  const { registry, buckets = DURATION_BOUNDS } = options;
  const ascending = (bound: unknown, at: number) => typeof bound === "number" && bound > (buckets[at - 1] ?? 0);
  if (!Array.isArray(buckets) || buckets.length === 0 || !buckets.every(ascending))
    throw new ConfigError("prometheus.buckets", buckets, "seconds above 0, ascending, at least one");
  const maxNames = integer(options.maxNames ?? MAX_NAMES, "prometheus.maxNames", 1, 10_000);
  const bounds = new LabelBounds(maxNames);
  const tallies = new Tallies(buckets, maxNames);
  const listening = new Listening(kit.events, errorReport("keelson/prometheus", options.onError));

  let reading: Promise<readonly Metric[]> | undefined;
  const read = (): Promise<readonly Metric[]> => {
    reading ??= kit
      .snapshot()
      .then((snapshot) => [...tallyMetrics(tallies, buckets), ...snapshotMetrics(snapshot, bounds)])
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const unregister = registry === undefined ? () => undefined : register(registry, read);
  tallies.listen(listening);
  const close = async () => {
    detach();
    listening.stop();
    unregister();
  };
  const detach = kit.attach({ close });
  return {
    exposition: async (format = "prometheus") => written(await read(), format),
    contentType: (format = "prometheus") => CONTENT_TYPES[format],
    close,
    [Symbol.asyncDispose]: close,
  };
}
