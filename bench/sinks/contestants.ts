/** Kits that are alike but for what listens to them, and what one would write by hand in place of `keelson/otel`. */
import { type Attributes, SpanKind } from "@opentelemetry/api";
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import pino from "pino";
import { logs } from "../../src/adapters/logs/index.js";
import { kitIds, otel } from "../../src/adapters/otel/index.js";
import { prometheus } from "../../src/adapters/prometheus/index.js";
import { sentry } from "../../src/adapters/sentry/index.js";
import { keelson } from "../echo.js";

type Kit = ReturnType<typeof keelson>["kit"];

/** A kit, and what is to be done from time to time. */
export interface Contestant {
  readonly kit: Kit;
  readonly echo: ReturnType<typeof keelson>["echo"];
  readonly flush: () => Promise<unknown>;
  /** Called before a request; what it returns is called with the answer's status. */
  readonly around?: () => (status: number) => void;
}

const nothing = async () => undefined;

/** As if there were no events at all. */
function bare(): Contestant {
  const { kit, echo } = keelson();
  Object.assign(kit.events, { wants: () => false, reports: () => false, emit: () => undefined });
  return { kit, echo, flush: nothing };
}

/** Takes spans and forgets them. */
const nowhere: SpanExporter = {
  export: (_, done) => done({ code: 0 }),
  shutdown: async () => undefined,
};

/** OpenTelemetry's SDK, with a reader whose collections are forgotten. */
function sdk() {
  const exporter = new InMemoryMetricExporter(1);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spanProcessors = [new BatchSpanProcessor(nowhere)];
  return { exporter, meterProvider, spanProcessors };
}

const sinks = {
  sentry: (kit: Kit) => sentry(kit, { dsn: "http://key@127.0.0.1/1", fetch: async () => new Response() }),
  otel: (kit: Kit) => {
    const { exporter, meterProvider, spanProcessors } = sdk();
    const tracerProvider = new BasicTracerProvider({ spanProcessors, idGenerator: kitIds() });
    const sink = otel(kit, { meterProvider, tracerProvider });
    return {
      flush: async () => {
        await sink.flush();
        exporter.reset();
      },
    };
  },
  prometheus: (kit: Kit) => {
    const metrics = prometheus(kit);
    return { flush: () => metrics.exposition() };
  },
  logs: (kit: Kit) => logs(kit, pino({}, { write: () => undefined }), { requests: 0.01 }),
};

function on(...names: readonly (keyof typeof sinks)[]): Contestant {
  const { kit, echo } = keelson();
  const attached = names.map((name) => sinks[name](kit));
  return { kit, echo, flush: () => Promise.all(attached.map((sink) => sink.flush())) };
}

const REQUEST: Attributes = { "http.request.method": "POST", "http.route": "/echo", "url.scheme": "http" };

/** The same histogram, and the same share of spans, by the SDK's own calls around each request. */
function byHand(spans: boolean): Contestant {
  const { kit, echo } = keelson();
  const { exporter, meterProvider, spanProcessors } = sdk();
  const tracer = new BasicTracerProvider({ spanProcessors, sampler: new TraceIdRatioBasedSampler(0.01) }).getTracer(
    "x",
  );
  const histogram = meterProvider.getMeter("x").createHistogram("http.server.request.duration", { unit: "s" });
  return {
    kit,
    echo,
    flush: async () => {
      await meterProvider.forceFlush();
      exporter.reset();
    },
    around: () => {
      const span = spans ? tracer.startSpan("POST /echo", { kind: SpanKind.SERVER, attributes: REQUEST }) : undefined;
      const start = performance.now();
      return (status) => {
        histogram.record((performance.now() - start) / 1000, { ...REQUEST, "http.response.status_code": status });
        span?.setAttribute("http.response.status_code", status);
        span?.end();
      };
    },
  };
}

/** By name. */
export const contestants = {
  "without events": bare,
  "sinks off": (): Contestant => ({ ...keelson(), flush: nothing }),
  sentry: () => on("sentry"),
  prometheus: () => on("prometheus"),
  logs: () => on("logs"),
  otel: () => on("otel"),
  "all sinks on": () => on("sentry", "otel", "prometheus", "logs"),
  "histogram by hand": () => byHand(false),
  "histogram and spans by hand": () => byHand(true),
} satisfies Readonly<Record<string, () => Contestant>>;
