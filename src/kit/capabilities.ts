import type { Bindable, Capabilities, Face } from "../core/binding.js";
import type { Capability } from "../core/store.js";
import type { Breaker } from "../primitives/breaker/breaker.js";
import type { StoredBreaker } from "../primitives/breaker/stored-breaker.js";
import type { Bulkhead } from "../primitives/bulkhead/bulkhead.js";
import type { Cache } from "../primitives/cache/cache.js";
import type { Idempotency } from "../primitives/idempotency/idempotency.js";
import type { Limiter } from "../primitives/limiter/limiter.js";
import type { JobHandlers, JobSet } from "../primitives/queue/job.js";
import type { Queue } from "../primitives/queue/queue.js";
import type { ReplayGuard } from "../primitives/replay/replay-guard.js";
import type { SharedBulkhead } from "../primitives/shared-bulkhead/shared-bulkhead.js";
import type { StoredUpstream } from "../primitives/upstream/stored-upstream.js";
import type { Upstream } from "../primitives/upstream/upstream.js";

/** A limiter: looking needs no write, taking does. */
export interface LimiterCapabilities extends Capabilities {
  readonly none: unknown;
  readonly read: Pick<Limiter, "peek" | "policy">;
  readonly write: Limiter;
  readonly act: Limiter;
}

/** A cache: a loader needs a place that can act. */
export interface CacheCapabilities<V> extends Capabilities {
  readonly none: unknown;
  readonly read: Pick<Cache<V>, "get">;
  readonly write: Pick<Cache<V>, "get" | "set" | "delete" | "clear">;
  readonly act: Cache<V>;
}

/** An upstream: only a place that can act may call it. */
export interface UpstreamCapabilities extends Capabilities {
  readonly none: unknown;
  readonly read: Pick<Upstream, "state">;
  readonly write: Pick<Upstream, "state">;
  readonly act: Upstream;
}

/** An upstream of a kit that is bound to each call: its breaker lies in the store. */
export interface StoredUpstreamCapabilities extends Capabilities {
  readonly none: unknown;
  readonly read: Pick<StoredUpstream, "state">;
  readonly write: Pick<StoredUpstream, "state" | "breaker">;
  readonly act: StoredUpstream;
}

/** A breaker of a kit that is bound to each call. */
export interface StoredBreakerCapabilities extends Capabilities {
  readonly none: unknown;
  readonly read: Pick<StoredBreaker, "state">;
  readonly write: Pick<StoredBreaker, "state" | "isolate" | "disable" | "metricsOnly" | "reset">;
  readonly act: StoredBreaker;
}

/** A queue: looking needs no write, enqueueing does, and waiting or running takes a place that can act. */
export interface QueueCapabilities<J extends JobSet, Ctx> extends Capabilities {
  readonly none: unknown;
  readonly read: Pick<Queue<J, Ctx>, "get" | "stats">;
  readonly write: Pick<
    Queue<J, Ctx>,
    "get" | "stats" | "enqueue" | "enqueueMany" | "cancel" | "requeueDead" | "dropDead" | "pause" | "resume"
  >;
  readonly act: Queue<J, Ctx>;
}

/** A primitive that a place needs to be able to write for. */
export interface WriteCapabilities<T> extends Capabilities {
  readonly none: unknown;
  readonly read: unknown;
  readonly write: T;
  readonly act: T;
}

/** A primitive that only a place that can act has a use for. */
export interface ActCapabilities<T> extends Capabilities {
  readonly none: unknown;
  readonly read: unknown;
  readonly write: unknown;
  readonly act: T;
}

/** A limiter as `kit.limiter` gives it. */
export type LimiterDefinition<C extends Capability> = Face<LimiterCapabilities, C>;
/** A cache as `kit.cache` gives it. */
export type CacheDefinition<V, C extends Capability> = Face<CacheCapabilities<V>, C>;
/** An upstream as `kit.upstream` gives it. */
export type UpstreamDefinition<C extends Capability> = C extends "none"
  ? Face<StoredUpstreamCapabilities, C>
  : Face<UpstreamCapabilities, C>;
/** An idempotency guard as `kit.idempotency` gives it. */
export type IdempotencyDefinition<C extends Capability> = Face<WriteCapabilities<Idempotency>, C>;
/** A replay guard as `kit.replayGuard` gives it. */
export type ReplayGuardDefinition<C extends Capability> = Face<WriteCapabilities<ReplayGuard>, C>;
/** A queue as `kit.queue` gives it. Handlers are given to the definition, for all places that it is bound to. */
export type QueueDefinition<J extends JobSet, C extends Capability, Ctx> = Face<QueueCapabilities<J, Ctx>, C> & {
  /**
   * Says what does the jobs that were defined without `run`: all of them, once.
   *
   * @throws {ConfigError} when one is missing, has its handler already, or isn't the queue's
   */
  handle(handlers: JobHandlers<J, Ctx>): void;
};
/** A breaker as `kit.breaker` gives it. */
export type BreakerDefinition<C extends Capability> = C extends "none"
  ? Face<StoredBreakerCapabilities, C>
  : Face<ActCapabilities<Breaker>, C>;
/** A bulkhead as `kit.bulkhead` gives it. */
export type BulkheadDefinition<C extends Capability> = Face<ActCapabilities<Bulkhead>, C>;
/** A shared bulkhead as `kit.sharedBulkhead` gives it. */
export type SharedBulkheadDefinition<C extends Capability> = Face<ActCapabilities<SharedBulkhead>, C>;
/** Any definition. */
export type Definition = Bindable<Capabilities>;
