import {
  type Attributes,
  type Context,
  context,
  type HrTime,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Clock } from "../../core/clock.js";
import type { MaybePromise } from "../../core/store.js";
import { Outbox } from "../../sinks/outbox.js";
import type { Listening, SinkErrorListener } from "../../sinks/sink.js";
import { endingOf, type Surfaces } from "./surfaces.js";

/** A call that has ended, and is to be a span. */
interface Ended {
  readonly name: string;
  /** Whether it is what others of its trace happened in. */
  readonly outer: boolean;
  readonly server: boolean;
  readonly attributes: Attributes;
  readonly start: HrTime;
  readonly end: HrTime;
  readonly failed: boolean;
  readonly error: Error | undefined;
  readonly traceId: string | undefined;
  /** The context that was active, where there is a span in it. */
  readonly active: Context | undefined;
  /** Monotonic. */
  readonly at: number;
}

/** Which calls become spans. */
export interface SpanSampling {
  /** The share of traces without an error. */
  readonly share: number;
  /** Milliseconds; what takes longer always does. */
  readonly slowMs: number;
}

const WAITING = 2_000;
const EVERY_MS = 500;
const TIMEOUT_MS = 2_000;
/** How long a call waits for the one around it to end. */
const ORPHAN_MS = 60_000;
/** Trace ids of failures whose outer call hasn't ended. */
const MAX_WANTED = 1_000;

/**
 * Makes spans of calls that have ended: whether a trace is worth keeping is known by then. Failures and slow calls always
 * are. Spans begin and end when the calls did, but are made later, away from any request.
 */
export class Spans {
  readonly #clock: Clock;
  readonly #tracer: Tracer;
  readonly #sampling: SpanSampling;
  readonly #surfaces: Surfaces;
  readonly #outbox: Outbox<Ended>;
  /** Inner calls that wait for the outer one, by trace. */
  readonly #inner = new Map<string, Ended[]>();
  #innerCount = 0;
  readonly #wanted = new Set<string>();
  #untraced = 0;

  constructor(clock: Clock, tracer: Tracer, sampling: SpanSampling, surfaces: Surfaces, report: SinkErrorListener) {
    this.#clock = clock;
    this.#tracer = tracer;
    this.#sampling = sampling;
    this.#surfaces = surfaces;
    this.#outbox = new Outbox({
      clock,
      capacity: WAITING,
      batch: 1,
      everyMs: EVERY_MS,
      timeoutMs: TIMEOUT_MS,
      send: (ended): MaybePromise<void> => {
        for (const one of ended) this.#make(one);
        this.#adopt(this.#clock.monotonic() - ORPHAN_MS);
      },
      report,
    });
  }

  get stats() {
    const { sent, dropped, failed } = this.#outbox;
    return { sent, dropped, failed };
  }

  listen(listening: Listening): void {
    const counting = { counting: true };
    listening.to(
      "endpoint.settled",
      (event) => {
        const { name, status, code, durationMs, error } = event;
        const failed = status >= 500;
        const traceId = event.context?.traceId;
        const wanted = this.#wanted.size > 0 && traceId !== undefined && this.#wanted.delete(traceId);
        const active = this.#sampled(failed || wanted, durationMs, traceId);
        if (active === false) return;
        const surface = this.#surfaces.of(name);
        const { start, end, at } = this.#times(durationMs);
        this.#outbox.push({
          start,
          end,
          at,
          name: surface.spanName,
          outer: true,
          server: surface.http && active === undefined,
          attributes: { ...surface.attributes, ...endingOf(surface, event) },
          failed,
          error: code === "internal" ? thrown(error) : undefined,
          traceId,
          active,
        });
      },
      counting,
    );
    listening.to(
      "upstream.settled",
      ({ name, context, outcome, attempts, durationMs }) => {
        const failed = outcome === "failure" || outcome === "rejected";
        const traceId = context?.traceId;
        const active = this.#sampled(failed, durationMs, traceId);
        if (active === false) return;
        if (failed && active === undefined && traceId !== undefined && this.#wanted.size < MAX_WANTED)
          this.#wanted.add(traceId);
        const { start, end, at } = this.#times(durationMs);
        this.#outbox.push({
          start,
          end,
          at,
          name: `upstream ${name}`,
          outer: false,
          server: false,
          attributes: {
            "keelson.name": name,
            "keelson.outcome": outcome,
            "keelson.attempts": attempts,
            ...(failed && { "error.type": outcome }),
          },
          failed,
          error: undefined,
          traceId,
          active,
        });
      },
      counting,
    );
  }

  async flush(): Promise<void> {
    await this.#outbox.flush();
  }

  async close(): Promise<void> {
    await this.#outbox.close();
    this.#adopt(Number.POSITIVE_INFINITY);
    this.#wanted.clear();
  }

  /** `false`: no span. Otherwise the context of the span that it happened in, where there is one. */
  #sampled(always: boolean, durationMs: number, traceId: string | undefined): Context | undefined | false {
    const active = context.active();
    const around = trace.getSpanContext(active);
    // Whoever began the span around it has decided for the whole trace.
    if (around !== undefined) return (around.traceFlags & TraceFlags.SAMPLED) !== 0 && active;
    const { share, slowMs } = this.#sampling;
    if (always || durationMs >= slowMs) return undefined;
    if (share === 0) return false;
    if (share === 1) return undefined;
    if (traceId !== undefined) {
      // By the id, so that all services that keep the same share keep the same traces. Its last 7 bytes are random
      // (W3C Trace Context, level 2); four of them are enough.
      return Number.parseInt(traceId.slice(-8), 16) < share * 0x1_0000_0000 ? undefined : false;
    }
    this.#untraced += share;
    if (this.#untraced < 1) return false;
    this.#untraced -= 1;
    return undefined;
  }

  #times(durationMs: number): Pick<Ended, "start" | "end" | "at"> {
    const end = this.#clock.wall();
    return { start: hrTime(end - durationMs), end: hrTime(end), at: this.#clock.monotonic() };
  }

  #make(ended: Ended): void {
    const { traceId, active, outer } = ended;
    if (active !== undefined || traceId === undefined) this.#span(ended, active ?? ROOT_CONTEXT);
    else if (outer) {
      const inner = this.#inner.get(traceId) ?? [];
      this.#inner.delete(traceId);
      this.#innerCount -= inner.length;
      this.#span(ended, inTrace(traceId), inner);
    } else if (this.#innerCount >= WAITING) this.#span(ended, inTrace(traceId));
    else {
      this.#innerCount++;
      const waiting = this.#inner.get(traceId);
      if (waiting === undefined) this.#inner.set(traceId, [ended]);
      else waiting.push(ended);
    }
  }

  /** Makes spans of inner calls from before a moment, whose outer call is not to be expected any more. */
  #adopt(before: number): void {
    for (const [traceId, inner] of this.#inner) {
      // They came in order.
      if ((inner[0] as Ended).at > before) return;
      this.#inner.delete(traceId);
      this.#innerCount -= inner.length;
      for (const one of inner) this.#span(one, inTrace(traceId));
    }
  }

  #span(ended: Ended, parent: Context, inner: readonly Ended[] = []): void {
    const { name, server, attributes, start, end, failed, error } = ended;
    const kind = server ? SpanKind.SERVER : SpanKind.INTERNAL;
    const span = this.#tracer.startSpan(name, { kind, attributes, startTime: start }, parent);
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    if (error !== undefined) span.recordException(error, end);
    for (const one of inner) this.#span(one, trace.setSpan(parent, span));
    span.end(end);
  }
}

/**
 * A context in the trace that the kit gave its calls, and that upstreams and logs know them by. A trace id comes with a
 * span in OpenTelemetry: the second half of the id stands for the one that is not known here.
 */
function inTrace(traceId: string): Context {
  const spanId = /^0+$/.test(traceId.slice(16)) ? traceId.slice(0, 16) : traceId.slice(16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** What the handler threw, and not what was made of it for the client. */
function thrown(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.cause instanceof Error ? error.cause : error;
}
