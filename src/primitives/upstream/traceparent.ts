import type { Context } from "../../core/context.js";
import { isSpanId, isTraceId } from "../../core/trace-ids.js";

/**
 * The `traceparent` header (W3C Trace Context, level 1) by which the callee joins the caller's trace: version 00,
 * sampled, within the caller's span where that is known, and else a new span id.
 *
 * @returns `undefined` where there is no trace id, or one that the standard doesn't allow
 */
export function traceparent({ traceId, spanId }: Context, random: () => number): string | undefined {
  if (!isTraceId(traceId)) return undefined;
  if (isSpanId(spanId)) return `00-${traceId}-${spanId}-01`;
  let span = "";
  // The last digit is never 0: an id of zeros is not allowed.
  for (let digit = 1; digit <= 16; digit++)
    span += (digit === 16 ? 1 + Math.floor(random() * 15) : Math.floor(random() * 16)).toString(16);
  return `00-${traceId}-${span}-01`;
}
