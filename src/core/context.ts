/** Higher runs first and is shed last. */
export type Priority = "critical" | "high" | "normal" | "low";

/** Every priority, from the one that is shed last to the one that is shed first. A priority's place is its class. */
export const PRIORITIES: readonly Priority[] = ["critical", "high", "normal", "low"];

/**
 * What belongs to one call and travels with it, as an explicit argument. `keelson/node` carries it in
 * AsyncLocalStorage for those who want it implicit.
 */
export interface Context {
  /** Lower-case hex, 32 digits: the trace id of W3C Trace Context. */
  readonly traceId?: string;
  /**
   * Lower-case hex, 16 digits: the span that this call is in its trace. A request and a run of a job have one; what
   * happens within them is told to be within that span.
   */
  readonly spanId?: string;
  readonly tenant?: string;
  /** Who is calling, as an id. */
  readonly principal?: string;
  readonly priority?: Priority;
  /** When the caller stops waiting, in milliseconds of the clock's `monotonic()`. */
  readonly deadline?: number;
  /** Aborts with the caller. */
  readonly signal?: AbortSignal;
}

/** Carries contexts along for those who don't pass them: `keelson/node` has one over AsyncLocalStorage. */
export interface ContextCarrier {
  /** The context of the present call. */
  current(): Context | undefined;
  /** Runs `fn`, and everything it awaits or starts, in this context and no other around it. */
  run<T>(context: Context, fn: () => T): T;
}
