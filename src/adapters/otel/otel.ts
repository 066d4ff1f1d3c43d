import { type MeterProvider, metrics, type TracerProvider, trace } from "@opentelemetry/api";
import pTimeout from "p-timeout";
import { fraction, integer, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { clockTimers } from "../../primitives/timeout/clock-timers.js";
import { LabelBounds } from "../../sinks/label-bounds.js";
import { errorReport, Listening, type MeasuredHost, type Sink, type SinkErrorListener } from "../../sinks/sink.js";
import { observeSnapshot, recordDurations } from "./metrics.js";
import { Recordings } from "./recordings.js";
import { Spans } from "./spans.js";
import { Surfaces } from "./surfaces.js";

/** Options of {@link otel}. */
export interface OtelOptions {
  /** Where metrics go. Default: the global one; `false`: nowhere. */
  readonly meterProvider?: MeterProvider | false;
  /** Where spans go. Default: the global one; `false`: nowhere. */
  readonly tracerProvider?: TracerProvider | false;
  /**
   * The share of traces without an error that get spans. Failures always do. Within another instrumentation's span that
   * one's sampling holds. Default 0.01.
   */
  readonly sample?: number;
  /** What takes longer always gets a span. Default `"1s"`. */
  readonly slow?: Duration;
  /** `url.scheme` of requests. Default `"http"`: what a service behind a proxy is asked by. */
  readonly scheme?: "http" | "https";
  /** Names of definitions that each metric tells apart; all others are `other`. Default 100. */
  readonly maxNames?: number;
  /** Gets what goes wrong. Default: the first goes to `console.error`. */
  readonly onError?: SinkErrorListener;
}

const OPTIONS = ["meterProvider", "tracerProvider", "sample", "slow", "scheme", "maxNames", "onError"];
const FLUSH_MS = 2_000;

/**
 * Hands a kit's metrics and spans to OpenTelemetry. `http.server.request.duration` and spans of requests are named by the
 * semantic conventions; what these don't know is named `keelson.*`. Most metrics are read from the kit's snapshot when
 * they are collected.
 *
 * @example
 * otel(kit, { meterProvider, tracerProvider });
 *
 * @throws {ConfigError} on a wrong option
 */
export function otel(kit: MeasuredHost, options: OtelOptions = {}): Sink {
  onlyKnown(options, "otel", OPTIONS);
  const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } = options;
  const share = fraction(options.sample ?? 0.01, "otel.sample", 0, 1);
  const slowMs = milliseconds(options.slow ?? "1s", "otel.slow");
  const scheme = oneOf(options.scheme ?? "http", "otel.scheme", ["http", "https"]);
  const bounds = new LabelBounds(integer(options.maxNames ?? 100, "otel.maxNames", 1, 10_000));
  const report = errorReport("keelson/otel", options.onError);
  const listening = new Listening(kit.events, report);
  const surfaces = new Surfaces(kit, scheme);

  const recordings = new Recordings(kit.clock, report);
  let stopObserving = (): void => undefined;
  if (meterProvider !== false) {
    const meter = meterProvider.getMeter("keelson");
    recordDurations(meter, listening, surfaces, bounds, recordings);
    stopObserving = observeSnapshot(meter, kit, bounds, recordings, report);
  }
  const spans =
    tracerProvider === false
      ? undefined
      : new Spans(kit.clock, tracerProvider.getTracer("keelson"), { share, slowMs }, surfaces, report);
  spans?.listen(listening);

  const flushed = async (handedOver: Promise<void> | undefined) => {
    recordings.flush();
    await handedOver;
    const flushes = [meterProvider, tracerProvider].map(flushProvider);
    await pTimeout(Promise.all(flushes), {
      milliseconds: FLUSH_MS,
      fallback: () => undefined,
      customTimers: clockTimers(kit.clock),
    }).catch(report);
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      detach();
      listening.stop();
      await flushed(spans?.close());
      stopObserving();
    })();
    return closing;
  };
  const detach = kit.attach({ close });
  return {
    get stats() {
      const { sent, dropped, failed } = spans?.stats ?? { sent: 0, dropped: 0, failed: 0 };
      return { sent, dropped: dropped + recordings.dropped, failed, suppressed: 0 };
    },
    flush: () => flushed(spans?.flush()),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Not in the API: SDKs have it. The global tracer provider hands on to the one that was set. */
async function flushProvider(provider: unknown): Promise<void> {
  const given = provider as Flushable | false;
  if (given === false) return;
  await (given.getDelegate?.() ?? given).forceFlush?.();
}

interface Flushable {
  readonly getDelegate?: () => Flushable;
  readonly forceFlush?: () => unknown;
}
