import type { Context, Priority } from "./context.js";
import type { LeverEntry } from "./levers.js";
import type { SpanRef } from "./trace-ids.js";

/** What every event carries. */
export interface EventBase {
  /** The primitive's name, as it was defined. */
  readonly name: string;
  /** The call it happened in, where one was passed. */
  readonly context?: Context | undefined;
}

/** What events of a job carry; `name` is the queue's. */
export interface JobEvent extends EventBase {
  /** The kind of job. */
  readonly tool: string;
  readonly id: string;
}

/** What events of one attempt at a job carry. */
export interface AttemptEvent extends JobEvent {
  readonly attempt: number;
}

/** What events of an attempt that has ended carry. */
export interface EndedAttemptEvent extends AttemptEvent {
  /** How long it ran; 0 where it never began. */
  readonly durationMs: number;
  /** The span that the job was enqueued in, where that is known. */
  readonly producer?: SpanRef | undefined;
}

/** What events of an alert carry; `name` is the endpoint's or upstream's. */
export interface AlertEvent extends EventBase {
  /** `endpoint:chat:page:3600`: the same for the same alert in every process. */
  readonly id: string;
  /** `endpoint:chat`, `upstream:openrouter`, `endpoint:chat:latency`. */
  readonly sli: string;
  readonly severity: "page" | "ticket";
  /** How many times faster than it may the budget burns, over the long window; `null` when nothing was counted in it. */
  readonly burnRate: number | null;
  /** The windows, in seconds. */
  readonly longSec: number;
  readonly shortSec: number;
  /** The burn rate that both windows have to exceed. */
  readonly threshold: number;
  /** Share of the error budget that is left, of 30 days or as much as is known; below 0 it is overspent. */
  readonly budgetLeft: number | null;
  readonly owner: string;
  readonly runbook: string;
}

/** What events of a lever carry; `name` is its target. Each is told once, by the process that did it. */
export interface LeverEvent extends EventBase, Omit<LeverEntry, "released" | "superseded"> {}

/** Every event there is, by type. Payloads are plain data; durations are in milliseconds. */
export interface EventMap {
  "limiter.decision": EventBase & {
    readonly key: string;
    readonly allowed: boolean;
    readonly cost: number;
    readonly remaining: number;
    readonly retryAfterMs: number;
    readonly source: "store" | "open" | "closed" | "local";
  };
  "store.failure": EventBase & {
    readonly reason: "timeout" | "unavailable" | "contention" | "capacity" | "version";
    readonly applied: "no" | "unknown";
    readonly policy: string;
    readonly error?: unknown;
  };
  "breaker.transition": EventBase & {
    readonly from: BreakerStateName;
    readonly to: BreakerStateName;
    readonly reason: string;
    readonly generation: number;
    readonly calls: number;
    readonly failures: number;
    readonly slow: number;
  };
  "breaker.rejected": EventBase & { readonly state: BreakerStateName; readonly retryAfterMs: number };
  "breaker.ignored": EventBase & { readonly error: unknown };
  /** A breaker that acts in concert with others couldn't reach them. */
  "breaker.store_failed": EventBase & {
    readonly operation: string;
    readonly reason: "timeout" | "unavailable" | "contention" | "capacity" | "version";
    readonly error: unknown;
  };
  "breaker.stale": EventBase & { readonly generation: number; readonly outcome: string };
  "bulkhead.rejected": EventBase & {
    readonly reason: "full" | "timeout" | "aborted" | "too_heavy" | "closed";
    readonly running: number;
    readonly queued: number;
  };
  "bulkhead.queued": EventBase & { readonly queued: number };
  /** A shared slot's lease could not be renewed: it may be another's by now. */
  "bulkhead.lost": EventBase & { readonly key: string; readonly fence: number };
  "bulkhead.store_failed": EventBase & {
    readonly operation: string;
    readonly reason: "timeout" | "unavailable" | "contention" | "capacity" | "version";
    readonly error: unknown;
  };
  "bulkhead.resized": EventBase & { readonly from: number; readonly to: number; readonly reason: string };
  "retry.scheduled": EventBase & { readonly attempt: number; readonly delayMs: number; readonly error: unknown };
  "retry.stopped": EventBase & {
    readonly attempt: number;
    readonly reason: "exhausted" | "deadline" | "budget" | "not_retryable" | "aborted";
    readonly error: unknown;
  };
  timeout: EventBase & { readonly scope: "total" | "attempt"; readonly ms: number };
  "hedge.started": EventBase & { readonly delayMs: number };
  "hedge.settled": EventBase & { readonly winner: "primary" | "hedge" | "none" };
  "hedge.denied": EventBase;
  "fallback.used": EventBase & { readonly error: unknown };
  "upstream.settled": EventBase & {
    readonly outcome: "success" | "failure" | "ignored" | "cancelled" | "rejected";
    readonly durationMs: number;
    readonly attempts: number;
  };
  "cache.hit": EventBase & { readonly key: string; readonly state: "fresh" | "stale" | "grace" | "negative" };
  "cache.miss": EventBase & { readonly key: string };
  "cache.loaded": EventBase & { readonly key: string; readonly durationMs: number; readonly stored: boolean };
  "cache.failed": EventBase & { readonly key: string; readonly error: unknown; readonly served: "stale" | "none" };
  "cache.cleared": EventBase & { readonly version: string };
  /** What a second tier had, or came to. */
  "cache.tier2": EventBase & { readonly key: string; readonly outcome: "hit" | "stale" | "waited" | "refused" };
  "cache.tier2_failed": EventBase & {
    readonly operation: string;
    readonly reason: "timeout" | "unavailable" | "contention" | "capacity" | "version";
    readonly error: unknown;
  };
  /** A value stays in this process alone. */
  "cache.not_shared": EventBase & {
    readonly key: string;
    readonly reason: "no_json" | "too_large";
    readonly error: unknown;
  };
  "idempotency.settled": EventBase & {
    readonly key: string;
    readonly outcome: "first" | "replayed" | "in_flight" | "mismatch" | "unknown" | "lost";
  };
  "replay.settled": EventBase & {
    readonly source: string;
    readonly id: string;
    readonly outcome: "first" | "duplicate" | "in_flight" | "done" | "released" | "lost";
  };
  "endpoint.settled": EventBase & {
    /** Of the context, for those who only count: it need not be made for this. Not spread. */
    readonly traceId?: string | undefined;
    /** The span that it was asked from, by `traceparent`; `undefined` where its trace began here. Not spread. */
    readonly caller?: SpanRef | undefined;
    readonly status: number;
    readonly code?: string | undefined;
    readonly guard?: string | undefined;
    readonly durationMs: number;
    readonly error?: unknown;
  };
  /** What an overload guard refused since it last said so: once a second at most. */
  "overload.shed": EventBase & {
    readonly shed: Readonly<Record<Priority, number>>;
    readonly reasons: Readonly<Record<"loop" | "limit" | "priority" | "manual", number>>;
    readonly inFlight: number;
    readonly limit: number | null;
    readonly loopDelayMs: number | null;
  };
  /** Somebody sheds by hand, or stopped it. */
  "overload.lever": EventBase & { readonly from: Priority | null; readonly to: Priority | null };
  "job.enqueued": JobEvent & { readonly duplicate: boolean };
  "job.saturated": EventBase & { readonly tool: string; readonly depth: number; readonly limit: number };
  "job.started": AttemptEvent & { readonly waitMs: number };
  "job.succeeded": EndedAttemptEvent;
  "job.retried": EndedAttemptEvent & { readonly delayMs: number; readonly error: unknown };
  /** No attempt could help. */
  "job.failed": EndedAttemptEvent & { readonly error: unknown };
  /** It has no attempts left. */
  "job.dead": EndedAttemptEvent & { readonly error: unknown };
  /** Given back unharmed: the worker stops, or can't read it. */
  "job.released": EndedAttemptEvent & { readonly reason: string };
  /** Its lease went to another worker before it had ended here. */
  "job.lost": EndedAttemptEvent;
  /** It ran while it was cancelled. */
  "job.cancelled": EndedAttemptEvent;
  /** The queue's store could not do what it was asked for. */
  "queue.failure": EventBase & {
    readonly operation: string;
    readonly reason: "timeout" | "unavailable" | "contention" | "capacity" | "version";
    readonly applied: "no" | "unknown";
    readonly error?: unknown;
  };
  /** The error budget of an objective burns too fast: see `slo`. Told once, by one process. */
  "alert.firing": AlertEvent;
  /** It doesn't any more. */
  "alert.resolved": AlertEvent;
  /** An operator did something to the service. */
  "lever.pulled": LeverEvent;
  /** Somebody took it back early: `by`, `reason` and `at` are theirs. */
  "lever.released": LeverEvent;
  /** Its time was over. */
  "lever.expired": LeverEvent;
  /** It could not be done here; told by each process in which that is so. */
  "lever.failed": LeverEvent & { readonly error: unknown };
  "knob.changed": EventBase & { readonly from: unknown; readonly to: unknown };
  /** A knob's new value can't be used somewhere: `name` is the option, which goes on as it was. */
  "knob.refused": EventBase & { readonly error: unknown };
}

/** The six states of a breaker. */
export type BreakerStateName = "closed" | "open" | "half-open" | "isolated" | "disabled" | "metrics-only";

/** The type of an event. */
export type EventType = keyof EventMap;

/** Hears one type of event. */
export type Listener<T extends EventType> = (event: EventMap[T]) => void;

/** How one listens. */
export interface ListenOptions {
  /**
   * Whether it only counts. What nobody else hears is then reported as if nobody listened: a counter must not hide an
   * error. Default false.
   */
  readonly counting?: boolean;
}

/** Hears everything. */
export type AnyListener = <T extends EventType>(type: T, event: EventMap[T]) => void;

/**
 * Tells what happens to those who listen. A listener that throws is reported to `onError` and never reaches the call
 * that the event came from.
 */
export class Events {
  readonly #listeners = new Map<EventType, readonly Listener<never>[]>();
  readonly #counting = new WeakSet<Listener<never>>();
  #any: readonly AnyListener[] = [];
  readonly #onError: (error: unknown, type: EventType) => void;

  constructor(onError: (error: unknown, type: EventType) => void = reportLater) {
    this.#onError = onError;
  }

  /** Listens to one type; the returned function stops it. */
  on<T extends EventType>(type: T, listener: Listener<T>, { counting = false }: ListenOptions = {}): () => void {
    // One of its own, so that what listens twice stops once at a time.
    const own: Listener<never> = (event) => (listener as Listener<T>)(event);
    if (counting) this.#counting.add(own);
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), own]);
    return () => {
      const left = (this.#listeners.get(type) ?? []).filter((known) => known !== own);
      if (left.length === 0) this.#listeners.delete(type);
      else this.#listeners.set(type, left);
    };
  }

  /** Listens to everything; the returned function stops it. */
  onAny(listener: AnyListener): () => void {
    const own: AnyListener = (type, event) => listener(type, event);
    this.#any = [...this.#any, own];
    return () => {
      this.#any = this.#any.filter((known) => known !== own);
    };
  }

  /** Whether anyone listens: ask before building a payload on a hot path. */
  wants(type: EventType): boolean {
    return this.#any.length > 0 || (this.#listeners.size > 0 && this.#listeners.has(type));
  }

  /** Whether anyone listens who does more than count. */
  reports(type: EventType): boolean {
    return this.#any.length > 0 || (this.#listeners.get(type)?.some((known) => !this.#counting.has(known)) ?? false);
  }

  /** Tells everyone who listens, in the order they came. */
  emit<T extends EventType>(type: T, event: EventMap[T]): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      try {
        (listener as Listener<T>)(event);
      } catch (error) {
        this.#onError(error, type);
      }
    }
    for (const listener of this.#any) {
      try {
        listener(type, event);
      } catch (error) {
        this.#onError(error, type);
      }
    }
  }
}

/** Throws outside of the call, where the process's own handler of uncaught errors sees it. */
function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
