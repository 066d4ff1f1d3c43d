import type { Attributes, Context, HrTime, SpanKind } from "@opentelemetry/api";
import type { SpanRef } from "../../core/trace-ids.js";

/** What a call that has ended says of itself. */
export interface Told {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly failed: boolean;
  readonly error: Error | undefined;
}

/** A call that has ended, and is to be a span. */
export interface Ended extends Told {
  /** Whether it is what others happened in. */
  readonly outer: boolean;
  readonly start: HrTime;
  readonly end: HrTime;
  /** The trace that the kit has it in, and the span it is there: its own, or that of the call around it. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  /** The span that it was asked from, of another service. */
  readonly caller: SpanRef | undefined;
  /** The span that it was enqueued in. */
  readonly producer: SpanRef | undefined;
  /** The context that was active, where there is a span in it. */
  readonly active: Context | undefined;
  /** Monotonic. */
  readonly at: number;
}
