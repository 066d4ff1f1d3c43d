import type { Context, Priority } from "../../core/context.js";
import type { Gate } from "../../core/front-door.js";
import { firstSpanId, newSpanId, newTraceId, type SpanRef } from "../../core/trace-ids.js";
import type { Verified } from "../webhooks/verifier.js";
import type { HeaderPairs } from "./cors.js";
import type { Incoming, Place } from "./incoming.js";
import type { Plan } from "./plan.js";
import type { Noted } from "./rate-limit-fields.js";
import { pathParams, queryRecord } from "./raw-parts.js";
import { callerOf } from "./trace.js";

const NO_HEADERS: HeaderPairs = [];

/**
 * A request on its way through the guards of an endpoint, and what user code gets as `c`; the types in `types.ts` say
 * which of it when. Everything that costs is made when it is first read.
 */
export class ActiveCall {
  principal: unknown = undefined;
  body: unknown = undefined;
  rawBody: Uint8Array | undefined = undefined;
  verified: Verified | undefined = undefined;
  /** Which guard it is at, as an index into the plan's. */
  stage = 0;
  /** What CORS adds to the answer. */
  cors: HeaderPairs = NO_HEADERS;
  /** What its limits decided so far. */
  noted: Noted[] | undefined = undefined;
  tenant: string | undefined = undefined;
  priority: Priority | undefined = undefined;
  /** Whether an earlier call with the same idempotency key may have done part of this one. */
  resumed = false;
  /** Whether the handler's time was up before it was done. */
  timedOut = false;
  /** The gate that let it in, where there is one. */
  gate: Gate | undefined = undefined;
  /** When the handler's time is up, monotonic. */
  deadline: number | undefined = undefined;

  // What the getters below have made.
  private paramsMade: unknown = undefined;
  private queryMade: unknown = undefined;
  private headersMade: unknown = undefined;
  private clientMade: string | undefined = undefined;
  private traceMade: string | undefined = undefined;
  private spanMade: string | undefined = undefined;
  private callerMade: SpanRef | null | undefined = undefined;
  private contextMade: Context | undefined = undefined;
  private timeLimit: AbortController | undefined = undefined;
  private stopFollowing: (() => void) | undefined = undefined;

  constructor(
    readonly plan: Plan,
    readonly incoming: Incoming,
    /** The path's parameters as they stand in the URL, in the order of the plan's names. */
    readonly values: readonly string[],
    readonly place: Place,
    /** Monotonic. */
    readonly startedAt: number,
  ) {}

  get method(): string {
    return this.incoming.method;
  }

  get path(): string {
    return this.incoming.fullPath;
  }

  /** Bound, so that it can be taken out of the call: `({ header }) => header("authorization")`. */
  get header(): (name: string) => string | null {
    return (name) => this.incoming.header(name.toLowerCase());
  }

  get request(): Request {
    return this.incoming.request;
  }

  get ctx(): unknown {
    return this.place.ctx;
  }

  get use(): Place["use"] {
    return this.place.use;
  }

  get client(): string {
    this.clientMade ??= this.plan.clientOf(this.incoming);
    return this.clientMade;
  }

  /** @throws {KeelsonError} `validation` when the URL's encoding is broken */
  get params(): unknown {
    this.paramsMade ??= pathParams(this.plan.paramNames, this.values);
    return this.paramsMade;
  }

  get query(): unknown {
    this.queryMade ??= queryRecord(this.incoming.rawQuery);
    return this.queryMade;
  }

  get headers(): unknown {
    this.headersMade ??= Object.fromEntries(this.incoming.headers());
    return this.headersMade;
  }

  /** Replaces parts by what their schemas made of them. */
  checked(part: "params" | "query" | "headers", value: unknown): void {
    if (part === "params") this.paramsMade = value;
    else if (part === "query") this.queryMade = value;
    else this.headersMade = value;
  }

  /** The trace the caller is in, or a new one. */
  get traceId(): string {
    this.traceMade ??= this.caller?.traceId ?? newTraceId(this.plan.rt.random);
    return this.traceMade;
  }

  /** Its own span in that trace. */
  get spanId(): string {
    this.spanMade ??= this.caller === undefined ? firstSpanId(this.traceId) : newSpanId(this.plan.rt.random);
    return this.spanMade;
  }

  /** The span that it was asked from. */
  get caller(): SpanRef | undefined {
    if (this.callerMade === undefined) this.callerMade = callerOf(this.incoming.header("traceparent")) ?? null;
    return this.callerMade ?? undefined;
  }

  /** Now known: who is calling, or until when. */
  changed(): void {
    this.contextMade = undefined;
  }

  /** Its properties are its own, so that it can be spread; only its signal is made late. */
  get context(): Context {
    this.contextMade ??= new CallContext(this);
    return this.contextMade;
  }

  get signal(): AbortSignal {
    if (this.plan.timeouts === undefined) return this.incoming.signal;
    if (this.timeLimit === undefined) {
      const limit = new AbortController();
      const gone = this.incoming.signal;
      const follow = () => limit.abort(gone.reason);
      if (gone.aborted) follow();
      else gone.addEventListener("abort", follow, { once: true });
      this.timeLimit = limit;
      this.stopFollowing = () => gone.removeEventListener("abort", follow);
    }
    return this.timeLimit.signal;
  }

  /** Aborts the signal, also one that is only asked for later. */
  timeOut(reason: Error): void {
    this.timedOut = true;
    void this.signal;
    this.timeLimit?.abort(reason);
  }

  /** Lets go of what the signal listens to. */
  finish(): void {
    this.stopFollowing?.();
  }
}

/** The id of a principal, where it has one: itself when it is text, else its `id`. */
export function principalId(principal: unknown): string | undefined {
  const id =
    typeof principal === "object" && principal !== null ? (principal as { readonly id?: unknown }).id : principal;
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}

/** Where a context's signal is to be found. One for all: an accessor of its own would give each object a shape of its own. */
const SIGNAL: PropertyDescriptor = {
  get(this: object) {
    return CallContext.signalOf(this);
  },
  enumerable: true,
  configurable: true,
};

class CallContext implements Context {
  readonly #call: ActiveCall;
  readonly traceId: string;
  readonly spanId: string;
  declare readonly tenant?: string;
  declare readonly principal?: string;
  declare readonly priority?: Priority;
  declare readonly deadline?: number;
  declare readonly signal: AbortSignal;

  static signalOf(context: object): AbortSignal | undefined {
    return #call in context ? context.#call.signal : undefined;
  }

  constructor(call: ActiveCall) {
    const { tenant, priority, deadline } = call;
    const principal = principalId(call.principal);
    this.#call = call;
    this.traceId = call.traceId;
    this.spanId = call.spanId;
    if (tenant !== undefined) this.tenant = tenant;
    if (principal !== undefined) this.principal = principal;
    if (priority !== undefined) this.priority = priority;
    if (deadline !== undefined) this.deadline = deadline;
    Object.defineProperty(this, "signal", SIGNAL);
  }
}
