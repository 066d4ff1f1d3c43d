/**
 * Ids of traces and spans, as W3C Trace Context has them (https://www.w3.org/TR/trace-context/): lower-case hex, of 32
 * and 16 digits, never all zero.
 */

/** A span, by its ids. */
export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
}

/** Every byte in hexadecimal: writing a number so takes ten times as long. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/** A new trace id. */
export function newTraceId(random: () => number): string {
  const id = word(random) + word(random) + word(random) + word(random);
  return id === NO_TRACE ? newTraceId(Math.random) : id;
}

/** A new span id. */
export function newSpanId(random: () => number): string {
  const id = word(random) + word(random);
  return id === NO_SPAN ? newSpanId(Math.random) : id;
}

/**
 * The id of the span that a trace began with, where it began here: half of the trace's own. Whoever knows the trace
 * knows the span, and nothing more has to be made up or carried along.
 */
export function firstSpanId(traceId: string): string {
  const second = traceId.slice(16);
  return second === NO_SPAN ? traceId.slice(0, 16) : second;
}

/**
 * A span id made of what tells the span apart, by FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), twice 32 bits. It
 * takes nothing from a source of randomness that a run may be repeated by.
 */
export function spanIdFrom(text: string): string {
  const id = hex(fnv(text, 0x811c9dc5)) + hex(fnv(text, 0x9747b28c));
  return id === NO_SPAN ? `${NO_SPAN.slice(1)}1` : id;
}

/** Whether the standard allows it as a trace id. */
export function isTraceId(id: string | undefined): id is string {
  return id !== undefined && /^[\da-f]{32}$/.test(id) && id !== NO_TRACE;
}

/** Whether the standard allows it as a span id. */
export function isSpanId(id: string | undefined): id is string {
  return id !== undefined && /^[\da-f]{16}$/.test(id) && id !== NO_SPAN;
}

function word(random: () => number): string {
  return hex((random() * 0x1_0000_0000) >>> 0);
}

function hex(bits: number): string {
  return `${HEX[bits >>> 24]}${HEX[(bits >>> 16) & 255]}${HEX[(bits >>> 8) & 255]}${HEX[bits & 255]}`;
}

function fnv(text: string, basis: number): number {
  let hash = basis;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
