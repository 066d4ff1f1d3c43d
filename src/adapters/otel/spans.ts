import { type Context, context, type HrTime, SpanKind, TraceFlags, type Tracer, trace } from "@opentelemetry/api";
import type { Clock } from "../../core/clock.js";
import type { Context as CallContext } from "../../core/context.js";
import type { EventMap } from "../../core/events.js";
import type { MaybePromise } from "../../core/store.js";
import type { SpanRef } from "../../core/trace-ids.js";
import { Outbox } from "../../sinks/outbox.js";
import type { Listening, SinkErrorListener } from "../../sinks/sink.js";
import type { Ended, Told } from "./ended.js";
import { RUN_ENDS, runOf } from "./runs.js";
import { SpanMaker } from "./span-maker.js";
import { endingOf, type Surfaces } from "./surfaces.js";

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
/** Spans, or traces, of failures whose outer call hasn't ended. */
const MAX_WANTED = 1_000;
const COUNTING = { counting: true };

/**
 * Makes spans of calls that have ended: whether a trace is worth keeping is known by then. Failures and slow calls always
 * are. Spans begin and end when the calls did, but are made later, away from any request.
 */
export class Spans {
  readonly #clock: Clock;
  readonly #maker: SpanMaker;
  readonly #sampling: SpanSampling;
  readonly #surfaces: Surfaces;
  readonly #outbox: Outbox<Ended>;
  readonly #wanted = new Set<string>();
  #untraced = 0;

  constructor(clock: Clock, tracer: Tracer, sampling: SpanSampling, surfaces: Surfaces, report: SinkErrorListener) {
    this.#clock = clock;
    this.#maker = new SpanMaker(tracer);
    this.#sampling = sampling;
    this.#surfaces = surfaces;
    this.#outbox = new Outbox({
      clock,
      capacity: WAITING,
      batch: 1,
      everyMs: EVERY_MS,
      timeoutMs: TIMEOUT_MS,
      send: (ended): MaybePromise<void> => {
        for (const one of ended) this.#maker.make(one);
        this.#maker.adopt(this.#clock.monotonic() - ORPHAN_MS);
      },
      report,
    });
  }

  get stats() {
    const { sent, dropped, failed } = this.#outbox;
    return { sent, dropped, failed };
  }

  listen(listening: Listening): void {
    listening.to("endpoint.settled", (event) => this.#answered(event), COUNTING);
    listening.to("upstream.settled", (event) => this.#called(event), COUNTING);
    for (const type of RUN_ENDS) listening.to(type, (event) => this.#ran(type, event), COUNTING);
  }

  async flush(): Promise<void> {
    await this.#outbox.flush();
  }

  async close(): Promise<void> {
    await this.#outbox.close();
    this.#maker.adopt(Number.POSITIVE_INFINITY);
    this.#wanted.clear();
  }

  /** Every request passes here: most are neither kept nor looked at any closer than this needs. */
  #answered(event: EventMap["endpoint.settled"]): void {
    const { name, status, code, durationMs, caller } = event;
    const failed = status >= 500;
    const active = activeSpan();
    const traceId = event.traceId ?? event.context?.traceId;
    const wanted = this.#wanted.size > 0 && this.#isWanted(traceId, event.context?.spanId);
    if (!this.#sampled(active, failed || wanted, durationMs, traceId)) return;
    const surface = this.#surfaces.of(name);
    const told: Told = {
      name: surface.spanName,
      kind: surface.http && active === undefined ? SpanKind.SERVER : SpanKind.INTERNAL,
      attributes: { ...surface.attributes, ...endingOf(surface, event) },
      failed,
      error: code === "internal" ? thrown(event.error) : undefined,
    };
    // A boundary that was called within a request or a run has the context of that.
    const outer = surface.http || event.context?.spanId === undefined;
    this.#push(told, durationMs, { context: event.context, outer, caller, active });
  }

  #called({ name, context: of, outcome, attempts, durationMs }: EventMap["upstream.settled"]): void {
    const failed = outcome === "failure" || outcome === "rejected";
    const active = activeSpan();
    if (!this.#sampled(active, failed, durationMs, of?.traceId)) return;
    const around = of?.spanId ?? of?.traceId;
    if (failed && active === undefined && around !== undefined && this.#wanted.size < MAX_WANTED)
      this.#wanted.add(around);
    const attributes = {
      "keelson.name": name,
      "keelson.outcome": outcome,
      "keelson.attempts": attempts,
      ...(failed && { "error.type": outcome }),
    };
    const told: Told = { name: `upstream ${name}`, kind: SpanKind.INTERNAL, attributes, failed, error: undefined };
    this.#push(told, durationMs, { context: of, outer: false, active });
  }

  #ran(type: (typeof RUN_ENDS)[number], event: EventMap[(typeof RUN_ENDS)[number]]): void {
    const told = runOf(type, event);
    const { context: of, durationMs, producer } = event;
    const wanted = this.#isWanted(of?.traceId, of?.spanId);
    // What is active when a worker has told its store how runs ended is not theirs.
    if (!this.#sampled(undefined, told.failed || wanted, durationMs, of?.traceId)) return;
    this.#push(told, durationMs, { context: of, outer: true, producer, active: undefined });
  }

  #push(told: Told, durationMs: number, where: Where): void {
    const { context: of, outer, caller, producer, active } = where;
    const end = this.#clock.wall();
    this.#outbox.push({
      ...told,
      outer,
      start: hrTime(end - durationMs),
      end: hrTime(end),
      traceId: of?.traceId,
      spanId: of?.spanId,
      caller,
      producer,
      active,
      at: this.#clock.monotonic(),
    });
  }

  /** Whether something within it has failed. */
  #isWanted(traceId: string | undefined, spanId: string | undefined): boolean {
    const bySpan = spanId !== undefined && this.#wanted.delete(spanId);
    return (traceId !== undefined && this.#wanted.delete(traceId)) || bySpan;
  }

  #sampled(active: Context | undefined, always: boolean, durationMs: number, traceId: string | undefined): boolean {
    // Whoever began the span around it has decided for the whole trace.
    if (active !== undefined) return ((trace.getSpanContext(active)?.traceFlags ?? 0) & TraceFlags.SAMPLED) !== 0;
    const { share, slowMs } = this.#sampling;
    if (always || durationMs >= slowMs || share === 1) return true;
    if (share === 0) return false;
    if (traceId !== undefined) {
      // By the id, so that all services that keep the same share keep the same traces. Its last 7 bytes are random
      // (W3C Trace Context, level 2); four of them are enough.
      return Number.parseInt(traceId.slice(-8), 16) < share * 0x1_0000_0000;
    }
    this.#untraced += share;
    if (this.#untraced < 1) return false;
    this.#untraced -= 1;
    return true;
  }
}

/** What a call happened in. */
interface Where {
  readonly context: CallContext | undefined;
  readonly outer: boolean;
  readonly caller?: SpanRef | undefined;
  readonly producer?: SpanRef | undefined;
  readonly active: Context | undefined;
}

/** The context that is active, where there is a span in it. */
function activeSpan(): Context | undefined {
  const active = context.active();
  return trace.getSpanContext(active) === undefined ? undefined : active;
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
