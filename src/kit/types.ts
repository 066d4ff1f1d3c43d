import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Endpoint } from "../boundary/endpoint/endpoint.js";
import type { FetchHandler } from "../boundary/endpoint/fetch.js";
import type { Outgoing, Pass } from "../boundary/endpoint/incoming.js";
import type {
  EndpointDefinition,
  EndpointOptions,
  PathParams,
  RawHeaders,
  RawQuery,
  Unchecked,
} from "../boundary/endpoint/types.js";
import type { Boundary, BoundaryOptions, FunctionCall } from "../boundary/function-boundary.js";
import type { Knobs, KnobValues } from "../boundary/knobs/knob.js";
import type { KnobSet } from "../boundary/knobs/knob-set.js";
import type { Environment } from "../boundary/knobs/read-knobs.js";
import type { Surface } from "../boundary/surface/surface.js";
import type { Use } from "../core/binding.js";
import type { Clock } from "../core/clock.js";
import type { ContextCarrier } from "../core/context.js";
import type { Duration } from "../core/duration.js";
import type { Events } from "../core/events.js";
import type { Levers } from "../core/levers.js";
import type { ProcessMeterSource } from "../core/process-usage.js";
import type { SliRecorders } from "../core/runtime.js";
import type { Capability, Store } from "../core/store.js";
import type { Promised } from "../observe/slo/slo.js";
import type { Snapshot } from "../observe/snapshot.js";
import type { BreakerOptions } from "../primitives/breaker/options.js";
import type { BulkheadOptions } from "../primitives/bulkhead/options.js";
import type { CacheOptions } from "../primitives/cache/options.js";
import type { IdempotencyOptions } from "../primitives/idempotency/options.js";
import type { LimiterOptions } from "../primitives/limiter/options.js";
import type { OverloadOptions } from "../primitives/overload/options.js";
import type { OverloadGuard } from "../primitives/overload/overload-guard.js";
import type { InlineJobOptions, Job, JobSet, SchemaJobOptions } from "../primitives/queue/job.js";
import type { QueueOptions } from "../primitives/queue/options.js";
import type { ReplayGuardOptions } from "../primitives/replay/options.js";
import type { SharedBulkheadOptions } from "../primitives/shared-bulkhead/options.js";
import type { UpstreamOptions } from "../primitives/upstream/options.js";
import type { Attachable } from "./attachments.js";
import type {
  BreakerDefinition,
  BulkheadDefinition,
  CacheDefinition,
  IdempotencyDefinition,
  LimiterDefinition,
  QueueDefinition,
  ReplayGuardDefinition,
  SharedBulkheadDefinition,
  UpstreamDefinition,
} from "./capabilities.js";

/** Options of {@link createKit}. */
export interface KitOptions<K extends Knobs, C extends Capability, Ctx> {
  /** The service's name, in the snapshot and before every key in a store that others use too. */
  readonly service: string;
  /** Where state is kept. Default: in this process's memory; `perCall()` where each call brings its own. */
  readonly store?: Store<C, Ctx>;
  /** What can be set by environment variables, by their names. Bad values throw here and now. */
  readonly knobs?: K;
  /** In place of the process's environment. */
  readonly env?: Environment;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default `Math.random`. */
  readonly random?: () => number;
  /** Carries each call's context to the primitives it uses without being passed: `contextCarrier` of `keelson/node`. */
  readonly carrier?: ContextCarrier;
  /**
   * Whose calls objectives (`slo`) are judged by: those of all processes of the service, counted together in the store,
   * or those of each process for itself. Default `"service"`; without a `store` there is only the process.
   */
  readonly sloScope?: "service" | "process";
  /**
   * Refuses requests while there is more to do than can be done, the least important first. Default: only what
   * {@link Kit.overload} is told to by hand.
   */
  readonly overload?: OverloadOptions<KnobValues<NoInfer<K>>>;
  /**
   * What measures the process, for the snapshot: `processUsage()` of `keelson/node`. Default: nothing, and the
   * snapshot's `process` is null.
   */
  readonly process?: ProcessMeterSource;
  /**
   * How often a process looks in the store for what operators did in others: `every`, at least `"100ms"`, default
   * `"5s"`; half of it is by chance. Where the store can tell (Redis), it is also heard of at once.
   */
  readonly levers?: { readonly every?: Duration };
  /** Gets what listeners throw. Default: it is thrown where the process's handler of uncaught errors sees it. */
  readonly onListenerError?: (error: unknown) => void;
}

/** A primitive may live elsewhere than the rest: only hot paths in Redis, say. */
export interface Placed {
  /** In place of the kit's store. */
  readonly store?: Store<"act", undefined>;
}

/** See {@link Kit.close}. */
export interface CloseOptions {
  /** How long what is under way may take to end. Default `"10s"`. */
  readonly drain?: Duration;
}

/**
 * Everything a service is guarded by, tied to one store, one clock, one set of knobs and one snapshot.
 *
 * `C` is what can be done from where the kit stands, `Ctx` the platform's context of each call.
 */
export interface Kit<K extends Knobs, C extends Capability, Ctx> extends AsyncDisposable {
  readonly service: string;
  /** The knobs' values in effect. */
  readonly knobs: KnobValues<K>;
  /** The knobs themselves: their table, and changing them while the service runs. */
  readonly knobSet: KnobSet<K>;
  /** What happens, as it happens. */
  readonly events: Events;
  /** Where its time comes from. */
  readonly clock: Clock;

  /** Defines a {@link Limiter}. */
  limiter(name: string, options: LimiterOptions<KnobValues<K>> & Placed): LimiterDefinition<C>;
  /** Defines an {@link Upstream}: time-outs, retries, breaker and bulkhead around one callee. */
  upstream<F = never>(name: string, options: UpstreamOptions<KnobValues<K>, F> & Promised): UpstreamDefinition<C>;
  /** Defines a {@link Breaker} on its own. */
  breaker(name: string, options?: BreakerOptions<KnobValues<K>>): BreakerDefinition<C>;
  /** Defines a {@link Bulkhead} on its own. */
  bulkhead(name: string, options: BulkheadOptions<KnobValues<K>>): BulkheadDefinition<C>;
  /** Defines a {@link SharedBulkhead}: so many calls at a time in all processes together. */
  sharedBulkhead(name: string, options: SharedBulkheadOptions<KnobValues<K>> & Placed): SharedBulkheadDefinition<C>;
  /** Defines a namespace of the {@link Cache}. */
  cache<V = unknown>(name: string, options: CacheOptions<V, KnobValues<K>> & Placed): CacheDefinition<V, C>;
  /** Defines an {@link Idempotency} guard. */
  idempotency(name: string, options?: IdempotencyOptions<KnobValues<K>> & Placed): IdempotencyDefinition<C>;
  /** Defines a {@link ReplayGuard}. */
  replayGuard(name: string, options?: ReplayGuardOptions<KnobValues<K>> & Placed): ReplayGuardDefinition<C>;

  /** Defines a kind of job for {@link Kit.queue}: with its handler as `run`, or with the schema of its result alone. */
  job<S extends StandardSchemaV1, R>(
    options: InlineJobOptions<S, R, KnobValues<K>, Ctx>,
  ): Job<StandardSchemaV1.InferOutput<S>, StandardSchemaV1.InferInput<S>, R, R, Ctx, true>;
  job<S extends StandardSchemaV1, O extends StandardSchemaV1>(
    options: SchemaJobOptions<S, O, KnobValues<K>>,
  ): Job<
    StandardSchemaV1.InferOutput<S>,
    StandardSchemaV1.InferInput<S>,
    StandardSchemaV1.InferInput<O>,
    StandardSchemaV1.InferOutput<O>,
    Ctx,
    false
  >;
  /** Defines a {@link Queue}. */
  queue<const J extends JobSet<Ctx>>(
    name: string,
    options: QueueOptions<J, KnobValues<K>> & Placed,
  ): QueueDefinition<J, C, Ctx>;

  /** Defines an {@link Endpoint}; {@link Kit.fetch} serves it. */
  endpoint<
    const Path extends string,
    Body extends StandardSchemaV1 = Unchecked<undefined>,
    Params extends StandardSchemaV1 = Unchecked<PathParams<Path>>,
    Query extends StandardSchemaV1 = Unchecked<RawQuery>,
    Headers extends StandardSchemaV1 = Unchecked<RawHeaders>,
    P = null,
  >(
    options: EndpointOptions<Path, Body, Params, Query, Headers, P, Ctx> & Promised,
  ): C extends "act" ? Endpoint : EndpointDefinition;

  /** Guards a function that is called by other means than HTTP. */
  boundary<I extends StandardSchemaV1, O extends StandardSchemaV1, P = null>(
    options: BoundaryOptions<I, P, Ctx> & Promised & { readonly output: O },
    handler: (
      input: StandardSchemaV1.InferOutput<I>,
      call: FunctionCall<NoInfer<P>, NoInfer<Ctx>>,
    ) => StandardSchemaV1.InferInput<NoInfer<O>> | PromiseLike<StandardSchemaV1.InferInput<NoInfer<O>>>,
  ): Boundary<StandardSchemaV1.InferInput<I>, StandardSchemaV1.InferOutput<O>, Ctx>;
  boundary<I extends StandardSchemaV1, R, P = null>(
    options: BoundaryOptions<I, P, Ctx> & Promised & { readonly output?: undefined },
    handler: (
      input: StandardSchemaV1.InferOutput<I>,
      call: FunctionCall<NoInfer<P>, NoInfer<Ctx>>,
    ) => R | PromiseLike<R>,
  ): Boundary<StandardSchemaV1.InferInput<I>, R, Ctx>;

  /** What refuses requests when there is too much to do, and the lever to do so by hand. */
  readonly overload: C extends "none" ? never : OverloadGuard;
  /**
   * Asks {@link Kit.overload} for a request before a framework routes it: `frontDoor` of `keelson/node` does.
   *
   * @returns the answer that refuses it, or the pass that the request is to carry; `undefined`: it needs none
   */
  door(request: DoorRequest): Pass | Outgoing | undefined;
  /** Answers web requests with the endpoints defined so far and from now on. */
  readonly fetch: C extends "act" ? FetchHandler : never;
  /** Every way into the service with its protections. */
  surface(): readonly Surface[];
  /** What operators can do to the service while it runs. */
  readonly levers: C extends "none" ? never : Levers;
  /** Everything the kit knows about itself. */
  readonly snapshot: C extends "none" ? never : () => Promise<Snapshot>;
  /**
   * What stands for a limiter's key in {@link Snapshot}s: twelve hex digits of its HMAC-SHA-256. The secret is random, the
   * kit's own, and gone with it: a key has another hash in another process and after a restart, and no way leads back. To
   * find whose hash it is, a service notes both where such things may be noted.
   *
   * @throws {ConfigError} when the key is no text, or empty
   */
  keyHash(key: string): Promise<string>;
  /** Binds the kit's definitions to another place: each call's ctx, or another store. */
  using<C2 extends Capability>(store: Store<C2, C2 extends "act" ? Ctx : unknown>): BoundKit<K, C2>;
  /**
   * Closes something together with the kit, after everything else has ended: a sink. The returned function detaches it.
   */
  attach(part: Attachable): () => void;
  /**
   * Lets nothing new in, waits for what is under way, and gives back what the kit itself opened. A second call gets
   * the first one's promise.
   *
   * @returns whether everything ended in time
   */
  close(options?: CloseOptions): Promise<boolean>;
}

/** What is known of a request before it is routed. */
export interface DoorRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Reads a header by its name in lower case. */
  readonly header: (name: string) => string | null;
  /** How long it has waited to be asked for, in milliseconds. */
  readonly waitedMs: number;
}

/** A kit's definitions in another place. */
export interface BoundKit<K extends Knobs, C extends Capability> {
  readonly knobs: KnobValues<K>;
  readonly use: Use<C>;
  /** What operators can do to what lies in the store. */
  readonly levers: Levers;
  /** Counts outcomes for the indicators, for whoever serves calls of this place; `undefined` where the kit does. */
  readonly sli: SliRecorders | undefined;
  /**
   * Writes what was counted, and waits for what nobody waited for (slots that are given back, say). To be called at the
   * end of a call in runtimes that drop what is left then; `route` and `guards` of `keelson/convex` do.
   */
  flush(): Promise<void>;
  snapshot(): Promise<Snapshot>;
}
