export type { MeasuredHost, Sink, SinkErrorListener, SinkStats } from "../../sinks/sink.js";
export { type ExpositionFormat, exposition } from "./exposition.js";
export { type Prometheus, type PrometheusOptions, prometheus } from "./prometheus.js";
export type { MetricRegistry } from "./registry.js";
