import type { Context } from "../../core/context.js";
import type { KeelsonError } from "../../core/errors.js";
import type { SpanRef } from "../../core/trace-ids.js";
import type { ActiveCall } from "./call.js";

/** Where an event's context is to be found: most who listen only count, and need none. One accessor for all. */
const CONTEXT: PropertyDescriptor = {
  get(this: object) {
    return Settled.contextOf(this);
  },
  enumerable: true,
  configurable: true,
};

/** How a call of an endpoint ended. Its properties are its own, so that it can be spread; only its context is made late. */
export class Settled {
  readonly #call: ActiveCall;
  readonly name: string;
  declare readonly context: Context;
  readonly status: number;
  readonly code: string | undefined;
  readonly guard: string | undefined;
  readonly durationMs: number;
  declare readonly error?: KeelsonError;

  static contextOf(event: object): Context | undefined {
    return #call in event ? event.#call.context : undefined;
  }

  constructor(
    name: string,
    call: ActiveCall,
    status: number,
    guard: string | undefined,
    durationMs: number,
    error: KeelsonError | undefined,
  ) {
    this.#call = call;
    this.name = name;
    Object.defineProperty(this, "context", CONTEXT);
    this.status = status;
    this.code = status === 499 ? "aborted" : error?.code;
    this.guard = guard;
    this.durationMs = durationMs;
    if (error !== undefined) this.error = error;
  }

  get traceId(): string {
    return this.#call.traceId;
  }

  get caller(): SpanRef | undefined {
    return this.#call.caller;
  }
}
