/**
 * The trace id of a W3C Trace Context `traceparent` header; `undefined` where there is none or it is not valid, which
 * the recommendation says to treat alike (https://www.w3.org/TR/trace-context/#traceparent-header).
 */
export function traceIdOf(traceparent: string | null): string | undefined {
  if (traceparent === null) return undefined;
  const id = /^(?!ff)[\da-f]{2}-([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/.exec(traceparent)?.[1];
  return id === ALL_ZERO ? undefined : id;
}

/** Every byte in hexadecimal: writing a number so takes ten times as long. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** A new trace id: 32 lower-case hex digits, never all zero. */
export function newTraceId(random: () => number): string {
  let id = "";
  for (let word = 0; word < 4; word++) {
    const bits = (random() * 0x1_0000_0000) >>> 0;
    id += `${HEX[bits >>> 24]}${HEX[(bits >>> 16) & 255]}${HEX[(bits >>> 8) & 255]}${HEX[bits & 255]}`;
  }
  return id === ALL_ZERO ? newTraceId(Math.random) : id;
}

const ALL_ZERO = "0".repeat(32);
