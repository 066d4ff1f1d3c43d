import { isSpanId, isTraceId, type SpanRef } from "../../core/trace-ids.js";

/**
 * The span that a request comes from, by a W3C Trace Context `traceparent` header; `undefined` where there is none or it
 * is not valid, which the recommendation says to treat alike (https://www.w3.org/TR/trace-context/#traceparent-header).
 */
export function callerOf(traceparent: string | null): SpanRef | undefined {
  if (traceparent === null) return undefined;
  const [, traceId, spanId] = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(?:-|$)/.exec(traceparent) ?? [];
  return isTraceId(traceId) && isSpanId(spanId) ? { traceId, spanId } : undefined;
}
