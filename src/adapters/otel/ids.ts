import { newSpanId, newTraceId } from "../../core/trace-ids.js";

/** Makes the ids of traces and spans: what SDKs take as `idGenerator`. */
export interface IdGenerator {
  /** 32 lower-case hex digits. */
  generateTraceId(): string;
  /** 16 lower-case hex digits. */
  generateSpanId(): string;
}

/** Ids that the next span is to have, where it has a choice. */
interface Wanted {
  traceId: string | undefined;
  spanId: string | undefined;
}

const WANTED = Symbol.for("keelson.otel.ids.v1");

/** One a process, whichever copies of the package (ESM, CommonJS, another version) are in it. */
const shared = globalThis as { [WANTED]?: Wanted };
shared[WANTED] ??= { traceId: undefined, spanId: undefined };
const wanted = shared[WANTED];

/**
 * Makes ids for a tracer provider of an SDK, so that spans of kits have the ids that kits know them by: those in logs,
 * in problem documents, and in the `traceparent` that upstreams get. All other spans get random ones. OpenTelemetry's
 * API alone has no way to say what a trace that begins here is called.
 *
 * @example
 * new BasicTracerProvider({ idGenerator: kitIds(), spanProcessors })
 */
export function kitIds(): IdGenerator {
  return {
    generateTraceId: () => taken("traceId") ?? newTraceId(Math.random),
    generateSpanId: () => taken("spanId") ?? newSpanId(Math.random),
  };
}

/** Starts a span that has these ids, where the SDK gets its own from {@link kitIds}. */
export function withIds<T>(traceId: string | undefined, spanId: string | undefined, start: () => T): T {
  wanted.traceId = traceId;
  wanted.spanId = spanId;
  try {
    return start();
  } finally {
    wanted.traceId = undefined;
    wanted.spanId = undefined;
  }
}

/** Once: the next one is another's. */
function taken(id: keyof Wanted): string | undefined {
  const own = wanted[id];
  wanted[id] = undefined;
  return own;
}
