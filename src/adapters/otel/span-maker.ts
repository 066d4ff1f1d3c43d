import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { isSpanId, isTraceId, type SpanRef } from "../../core/trace-ids.js";
import type { Ended } from "./ended.js";
import { withIds } from "./ids.js";

/** Calls without an outer one that is heard of wait here for it. */
const WAITING = 2_000;

/**
 * Makes spans of calls that have ended, inner ones within the outer one. A span's parent is one that somebody keeps: the
 * caller's that came with `traceparent`, that of another instrumentation, or an outer call's. Else it has none.
 */
export class SpanMaker {
  readonly #tracer: Tracer;
  /** Inner calls that wait for the outer one, by its span, or where that isn't known by the trace. */
  readonly #inner = new Map<string, Ended[]>();
  #innerCount = 0;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  make(ended: Ended): void {
    const { traceId, spanId, active, outer } = ended;
    if (outer) this.#begun(ended, [...this.#taken(spanId), ...this.#taken(traceId)]);
    else {
      const key = spanId ?? traceId;
      if (active !== undefined || key === undefined || this.#innerCount >= WAITING) this.#begun(ended);
      else {
        this.#innerCount++;
        const waiting = this.#inner.get(key);
        if (waiting === undefined) this.#inner.set(key, [ended]);
        else waiting.push(ended);
      }
    }
  }

  /** Makes spans of inner calls from before a moment, whose outer call is not to be expected any more. */
  adopt(before: number): void {
    for (const [key, inner] of this.#inner) {
      // They came in order.
      if ((inner[0] as Ended).at > before) return;
      for (const one of this.#taken(key)) this.#begun(one);
    }
  }

  #taken(key: string | undefined): readonly Ended[] {
    const inner = key === undefined ? undefined : this.#inner.get(key);
    if (key === undefined || inner === undefined) return [];
    this.#inner.delete(key);
    this.#innerCount -= inner.length;
    return inner;
  }

  /** A span that is within no other of the kit's. */
  #begun(ended: Ended, inner: readonly Ended[] = []): void {
    const { active, caller, outer } = ended;
    const parent = active ?? (caller === undefined ? ROOT_CONTEXT : asked(caller));
    const traceId = isTraceId(ended.traceId) ? ended.traceId : undefined;
    const spanId = outer && isSpanId(ended.spanId) ? ended.spanId : undefined;
    const span = withIds(traceId, spanId, () => this.#start(ended, parent));
    // By another name than the kit's: what logs and problems tell of is found by this.
    if (ended.traceId !== undefined && span.spanContext().traceId !== ended.traceId)
      span.setAttribute("keelson.trace_id", ended.traceId);
    for (const one of inner) {
      const within = one.active ?? trace.setSpan(parent, span);
      finish(this.#start(one, within), one);
    }
    finish(span, ended);
  }

  #start({ name, kind, attributes, start, producer }: Ended, parent: Context): Span {
    const links = linksTo(producer);
    return this.#tracer.startSpan(name, { kind, attributes, startTime: start, ...(links && { links }) }, parent);
  }
}

function finish(span: Span, { failed, error, end }: Ended): void {
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  if (error !== undefined) span.recordException(error, end);
  span.end(end);
}

/** A context within the span of another service. */
function asked(caller: SpanRef): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...caller, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

function linksTo(producer: SpanRef | undefined): Link[] | undefined {
  if (producer === undefined || !isTraceId(producer.traceId) || !isSpanId(producer.spanId)) return undefined;
  return [{ context: { ...producer, traceFlags: TraceFlags.SAMPLED } }];
}
