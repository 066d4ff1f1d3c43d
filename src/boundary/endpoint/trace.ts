/**
 * The trace id of a W3C Trace Context `traceparent` header; `undefined` where there is none or it is not valid, which
 * the recommendation says to treat alike (https://www.w3.org/TR/trace-context/#traceparent-header).
 */
export function traceIdOf(traceparent: string | null): string | undefined {
  if (traceparent === null) return undefined;
  const id = /^(?!ff)[\da-f]{2}-([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/.exec(traceparent)?.[1];
  return id === ALL_ZERO ? undefined : id;
}

/** A new trace id: 32 lower-case hex digits, never all zero. */
export function newTraceId(random: () => number): string {
  let id = "";
  for (let word = 0; word < 4; word++) id += ((random() * 0x1_0000_0000) >>> 0).toString(16).padStart(8, "0");
  return id === ALL_ZERO ? newTraceId(Math.random) : id;
}

const ALL_ZERO = "0".repeat(32);
