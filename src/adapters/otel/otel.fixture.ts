import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";
import { troubledKit } from "../../sinks/troubled-kit.fixture.js";
import { type IdGenerator, kitIds } from "./ids.js";
import { type OtelOptions, otel } from "./otel.js";

/** The real SDK, exporting into memory, and with ids of its own where it is given `null`. */
export function sdk(idGenerator: IdGenerator | null = kitIds()) {
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spanExporter)],
    ...(idGenerator && { idGenerator }),
  });
  onTestFinished(async () => {
    await meterProvider.shutdown();
    await tracerProvider.shutdown();
  });
  const metrics = () =>
    metricExporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  const metric = (name: string) => metrics().find(({ descriptor }) => descriptor.name === name);
  return { meterProvider, tracerProvider, metrics, metric, spans: () => spanExporter.getFinishedSpans() };
}

/** A kit with something of everything, observed. */
export function observed(options: OtelOptions = {}, idGenerator?: IdGenerator | null) {
  const one = sdk(idGenerator);
  const troubled = troubledKit();
  const { meterProvider, tracerProvider } = one;
  return { ...one, ...troubled, sink: otel(troubled.kit, { meterProvider, tracerProvider, ...options }) };
}
