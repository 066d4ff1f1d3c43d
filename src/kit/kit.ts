import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AnyEndpointOptions } from "../boundary/endpoint/any-options.js";
import { Endpoint } from "../boundary/endpoint/endpoint.js";
import { type FetchHandler, toFetch } from "../boundary/endpoint/fetch.js";
import type { Outgoing, Pass } from "../boundary/endpoint/incoming.js";
import type { LimiterUse } from "../boundary/endpoint/parts.js";
import { Router } from "../boundary/endpoint/router.js";
import { type BoundaryOptions, boundary, type FunctionCall } from "../boundary/function-boundary.js";
import type { Knobs, KnobValues } from "../boundary/knobs/knob.js";
import { KnobSet } from "../boundary/knobs/knob-set.js";
import type { Surface } from "../boundary/surface/surface.js";
import { type Clock, stoppedClock, systemClock } from "../core/clock.js";
import { ConfigError, oneOf, onlyKnown } from "../core/config.js";
import type { Context } from "../core/context.js";
import { milliseconds } from "../core/duration.js";
import { Events } from "../core/events.js";
import type { Levers, Shedding } from "../core/levers.js";
import type { Runtime } from "../core/runtime.js";
import type { Capability, Store } from "../core/store.js";
import { Work } from "../core/work.js";
import { CallSlis, countedSlis, sliReadings } from "../observe/call-slis.js";
import { SliWindows } from "../observe/sli-windows.js";
import { type Objective, objectivesOf, type SliKind } from "../observe/slo/objective.js";
import type { Promised } from "../observe/slo/slo.js";
import { judgedInCall } from "../observe/slo/slo-call.js";
import { SloWatch } from "../observe/slo/slo-watch.js";
import type { Snapshot } from "../observe/snapshot.js";
import { Breaker } from "../primitives/breaker/breaker.js";
import type { BreakerOptions } from "../primitives/breaker/options.js";
import { StoredBreaker } from "../primitives/breaker/stored-breaker.js";
import { Bulkhead } from "../primitives/bulkhead/bulkhead.js";
import type { BulkheadOptions } from "../primitives/bulkhead/options.js";
import { Cache } from "../primitives/cache/cache.js";
import type { CacheOptions } from "../primitives/cache/options.js";
import { Idempotency } from "../primitives/idempotency/idempotency.js";
import type { IdempotencyOptions } from "../primitives/idempotency/options.js";
import { Limiter } from "../primitives/limiter/limiter.js";
import type { LimiterOptions } from "../primitives/limiter/options.js";
import type { OverloadOptions } from "../primitives/overload/options.js";
import { OverloadGuard } from "../primitives/overload/overload-guard.js";
import { type AnyJobOptions, type JobSet, job } from "../primitives/queue/job.js";
import type { QueueOptions } from "../primitives/queue/options.js";
import { Queue } from "../primitives/queue/queue.js";
import { Handlers } from "../primitives/queue/tool.js";
import type { ReplayGuardOptions } from "../primitives/replay/options.js";
import { ReplayGuard } from "../primitives/replay/replay-guard.js";
import type { SharedBulkheadOptions } from "../primitives/shared-bulkhead/options.js";
import { SharedBulkhead } from "../primitives/shared-bulkhead/shared-bulkhead.js";
import type { UpstreamOptions } from "../primitives/upstream/options.js";
import { StoredUpstream } from "../primitives/upstream/stored-upstream.js";
import { Upstream } from "../primitives/upstream/upstream.js";
import { memoryStore } from "../stores/memory/memory-store.js";
import { type Attachable, Attachments } from "./attachments.js";
import type { Definition } from "./capabilities.js";
import { drained } from "./drain.js";
import type { KitLevers } from "./levers/kit-levers.js";
import { LeverWatch } from "./levers/lever-watch.js";
import { leversOfCall, leversOfKit } from "./levers/levers-of.js";
import { type KitParts, PARTS } from "./parts.js";
import { Bindings, Definitions, type Kinds, type Make } from "./registry.js";
import { ServiceStores } from "./service-store.js";
import { snapshotOf, storesAsked } from "./snapshot.js";
import type { BoundKit, CloseOptions, DoorRequest, Kit, KitOptions, Placed } from "./types.js";

type Options<T> = T & Placed;

class KitOfParts {
  readonly service: string;
  readonly events: Events;
  readonly clock: Clock;
  readonly knobSet: KnobSet;
  readonly #definitions = new Definitions();
  readonly #here: Bindings;
  readonly #stores: ServiceStores;
  /** Whether definitions can be used right here. */
  readonly #bound: boolean;
  readonly #ownStore: Store | undefined;
  readonly #work = new Work();
  readonly #attachments = new Attachments();
  readonly #slis: SliWindows;
  readonly #watch: SloWatch;
  readonly #objectives: Objective[] = [];
  /** What sheds load when a lever says so, by its name. */
  readonly #sheddings = new Map<string, Shedding>();
  readonly #levers: KitLevers | undefined;
  readonly #leverWatch: LeverWatch | undefined;
  readonly #router = new Router();
  readonly #surfaces: { surface(): Surface }[] = [];
  /** Made when first asked for: some platforms have no randomness while modules load. */
  #bootId: string | undefined;
  readonly #started: { readonly monotonic: number; readonly wall: number };
  #closed: Promise<boolean> | undefined;
  readonly #onClosing: (() => void)[] = [];
  readonly fetch: FetchHandler;
  readonly #overload: OverloadGuard | undefined;

  constructor(options: KitOptions<Knobs, Capability, unknown>) {
    onlyKnown(options, "createKit", [
      "service",
      "store",
      "knobs",
      "env",
      "clock",
      "random",
      "carrier",
      "overload",
      "onListenerError",
      "sloScope",
      "levers",
    ]);
    const { service, levers = {}, clock = systemClock, random = Math.random, carrier, onListenerError, env } = options;
    if (typeof service !== "string" || !/^[\w.-]+$/.test(service)) {
      throw new ConfigError("createKit.service", service, "a name of letters, digits, dots, dashes and underscores");
    }
    onlyKnown(levers, "createKit.levers", ["every"]);
    const everyMs = milliseconds(levers.every ?? "5s", "createKit.levers.every", 100);
    this.service = service;
    this.#stores = new ServiceStores(service);
    this.events = new Events(onListenerError);
    this.clock = clock;
    this.knobSet = new KnobSet(options.knobs ?? {}, { clock, events: this.events, ...(env && { env }) });
    this.#bound = options.store?.capability !== "none";
    if (options.store === undefined) this.#ownStore = memoryStore({ clock });
    const store = this.#ownStore ?? options.store;
    this.#slis = new SliWindows(clock);
    this.#started = { monotonic: clock.monotonic(), wall: clock.wall() };
    const parts: Runtime = {
      service,
      clock,
      random,
      events: this.events,
      knobs: this.knobSet,
      work: this.#work,
      // What lives for one call can't count for itself.
      ...(this.#bound && { sli: this.#slis.recorder }),
      ...(carrier !== undefined && {
        currentContext: () => carrier.current(),
        inContext: <T>(context: Context, fn: () => T) => carrier.run(context, fn),
      }),
      ...(this.#bound && store !== undefined && { store: this.#stores.of(store) }),
    };
    this.#overload = this.#overloadGuard(options.overload, parts);
    const rt: Runtime = { ...parts, ...(this.#overload !== undefined && { overload: this.#overload }) };
    if (this.#overload !== undefined) this.#sheddings.set("endpoints", this.#overload);
    const shared = oneOf(options.sloScope ?? "service", "createKit.sloScope", ["service", "process"]) === "service";
    this.#watch = new SloWatch({
      clock,
      random,
      events: this.events,
      slis: this.#slis,
      store: shared && this.#ownStore === undefined ? rt.store : undefined,
    });
    this.#here = new Bindings(this.#definitions, rt);
    if (rt.store !== undefined) {
      const others = this.#ownStore === undefined;
      const kitLevers = leversOfKit(this.#here, rt.store, this.knobSet, this.#sheddings, {
        shared: others,
        changed: (byUs) => this.#leverWatch?.changed(byUs),
      });
      this.#levers = kitLevers;
      this.#leverWatch = new LeverWatch(kitLevers, rt, others ? rt.store : undefined, everyMs);
      this.#leverWatch.start();
    }
    const serve = toFetch(this.#router);
    this.fetch = this.#bound
      ? (...asked) => {
          this.#leverWatch?.start();
          return serve(...asked);
        }
      : () => Promise.reject(unbound("fetch"));
  }

  get overload(): OverloadGuard {
    if (this.#overload === undefined) throw unbound("overload");
    return this.#overload;
  }

  door({ method, path, header, waitedMs }: DoorRequest): Pass | Outgoing | undefined {
    return this.#router.find(method, path)?.atDoor(header, waitedMs);
  }

  get knobs(): KnobValues<Knobs> {
    return this.knobSet.values;
  }

  get levers(): Levers {
    if (this.#levers === undefined) throw unbound("levers");
    this.#leverWatch?.start();
    return this.#levers;
  }

  limiter(name: string, { store, ...options }: Options<LimiterOptions<never>>): Definition {
    return this.#define("limiters", name, store, (rt) => new Limiter(name, options, rt));
  }

  upstream(name: string, { slo, ...options }: UpstreamOptions<never, never> & Promised): Definition {
    const definition = this.#define("upstreams", name, undefined, (rt) =>
      this.#bound ? new Upstream(name, options, rt) : new StoredUpstream(name, options, rt),
    );
    this.#promise("upstream", name, slo, `upstream(${JSON.stringify(name)}).slo`);
    return definition;
  }

  breaker(name: string, options: BreakerOptions<never> = {}): Definition {
    return this.#define("breakers", name, undefined, (rt) =>
      this.#bound ? new Breaker(name, options, rt) : new StoredBreaker(name, options, rt),
    );
  }

  bulkhead(name: string, options: BulkheadOptions<never>): Definition {
    if (!this.#bound)
      throw new ConfigError(
        `kit.bulkhead(${JSON.stringify(name)})`,
        name,
        "kit.sharedBulkhead: a kit that is bound to each call counts in its store",
      );
    return this.#define("bulkheads", name, undefined, (rt) => new Bulkhead(name, options, rt));
  }

  sharedBulkhead(name: string, { store, ...options }: Options<SharedBulkheadOptions<never>>): Definition {
    return this.#define("sharedBulkheads", name, store, (rt) => new SharedBulkhead(name, options, rt));
  }

  cache(name: string, { store, ...options }: Options<CacheOptions<unknown, never>>): Definition {
    return this.#define("caches", name, store, (rt) => new Cache(name, options, rt));
  }

  idempotency(name: string, { store, ...options }: Options<IdempotencyOptions<never>> = {}): Definition {
    return this.#define("idempotency", name, store, (rt) => new Idempotency(name, options, rt));
  }

  replayGuard(name: string, { store, ...options }: Options<ReplayGuardOptions<never>> = {}): Definition {
    return this.#define("replayGuards", name, store, (rt) => new ReplayGuard(name, options, rt));
  }

  job(options: AnyJobOptions): unknown {
    return job(options as never);
  }

  queue(name: string, { store, ...options }: Options<QueueOptions<JobSet, never>>): Definition {
    const handlers = new Handlers(name, options.jobs);
    return this.#define("queues", name, store, (rt, place) => new Queue(name, options, rt, handlers, place), {
      handle: (given: never) => handlers.add(given),
    });
  }

  endpoint({ slo, ...options }: AnyEndpointOptions & Promised): Endpoint {
    const endpoint = new Endpoint(options, this.#here.rt, (name, limiter) => this.limiter(name, limiter) as LimiterUse);
    this.#router.add(endpoint);
    this.#surfaces.push(endpoint);
    this.#promise("endpoint", endpoint.name, slo, `endpoint(${JSON.stringify(endpoint.name)}).slo`);
    return endpoint;
  }

  boundary(
    { slo, ...options }: BoundaryOptions<StandardSchemaV1, unknown, unknown> & Promised,
    handler: (input: unknown, call: FunctionCall<unknown, unknown>) => unknown,
  ): unknown {
    const guarded = boundary(options as never, handler as never, this.#here.rt);
    this.#surfaces.push(guarded);
    this.#promise("endpoint", options.name, slo, `boundary(${JSON.stringify(options.name)}).slo`);
    return guarded;
  }

  surface(): readonly Surface[] {
    return this.#surfaces.map((one) => one.surface());
  }

  async snapshot(): Promise<Snapshot> {
    if (!this.#bound) throw unbound("snapshot");
    return this.#snapshot(this.#here);
  }

  using(store: Store): BoundKit<Knobs, Capability> {
    const { rt } = this.#here;
    const view = this.#stores.of(store);
    const slis = this.#bound ? undefined : new CallSlis();
    const bindings = new Bindings(this.#definitions, {
      ...rt,
      store: view,
      ...(slis !== undefined && { sli: slis.recorder }),
      // Time stands still in a query or mutation, and there are no timers.
      ...(store.capability !== "act" && { clock: stoppedClock(rt.clock) }),
    });
    const levers = leversOfCall(bindings, view);
    return {
      levers: this.#levers ?? levers,
      knobs: this.knobs,
      use: bindings.use as BoundKit<Knobs, Capability>["use"],
      sli: slis?.recorder,
      flush: async () => {
        await slis?.flush(view.slis());
        await view.settled();
      },
      snapshot: async () => {
        if (slis === undefined) return this.#snapshot(bindings);
        bindings.makeAll();
        const now = rt.clock.wall();
        const read = await sliReadings(view.slis(), now);
        const parts = { clock: bindings.rt.clock, events: rt.events, random: rt.random, store: view };
        const objectives = await judgedInCall(this.#objectives, read, parts);
        const active = await levers.active();
        return { ...(await this.#snapshot(bindings)), slis: countedSlis(read, now), objectives, levers: active };
      },
    };
  }

  attach(part: Attachable): () => void {
    return this.#attachments.add(part);
  }

  close({ drain = "10s" }: CloseOptions = {}): Promise<boolean> {
    this.#closed ??= this.#close(drain);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #overloadGuard(options: OverloadOptions<never> | undefined, rt: Runtime): OverloadGuard | undefined {
    if (this.#bound) return new OverloadGuard(this.service, options, rt, "createKit.overload");
    if (options === undefined) return undefined;
    throw new ConfigError("createKit.overload", options, "nothing: what lives for one call can't be overloaded");
  }

  get [PARTS](): KitParts {
    return {
      rt: this.#here.rt,
      limiter: (name, options) => this.limiter(name, options) as LimiterUse,
      serve: ({ surface, ...way }) => {
        this.#router.add(way);
        if (surface !== undefined) this.#surfaces.push({ surface });
      },
      onClosing: (listener) => void this.#onClosing.push(listener),
    };
  }

  async #close(drain: NonNullable<CloseOptions["drain"]>): Promise<boolean> {
    for (const listener of this.#onClosing) listener();
    const inTime = await drained(this.#here, this.#work, drain);
    this.#leverWatch?.close();
    await this.#watch.close();
    this.#slis.close();
    this.#overload?.close();
    this.knobSet.close();
    try {
      await this.#attachments.close(this.clock);
    } finally {
      await this.#ownStore?.close();
    }
    return inTime;
  }

  #define<N extends keyof Kinds>(
    kind: N,
    name: string,
    store: Store | undefined,
    make: Make<Kinds[N]>,
    face: object = {},
  ): Definition {
    const placed: Make<Kinds[N]> =
      store === undefined ? make : (rt, place) => make({ ...rt, store: this.#stores.of(store) }, place);
    // Made even where it can't be used yet, so that a wrong option is found when it is given.
    const made = placed(this.#here.rt);
    const definition: Definition = this.#bound ? (made as Definition) : Object.freeze({ name, ...face });
    this.#definitions.add(kind, name, definition, placed);
    if (this.#bound) {
      this.#here.keep(definition, made);
      this.#levers?.refresh();
    }
    return definition;
  }

  #promise(kind: SliKind, name: string, slo: Promised["slo"], where: string): void {
    if (slo === undefined) return;
    if (this.#objectives.some((one) => one.kind === kind && one.name === name))
      throw new ConfigError(where, name, "one objective for what has that name");
    const objectives = objectivesOf(kind, name, slo, where);
    this.#objectives.push(...objectives);
    // What lives for one call has nothing that watches: it is judged when it is looked at.
    if (this.#bound) this.#watch.add(objectives);
  }

  async #snapshot(bindings: Bindings): Promise<Snapshot> {
    const { clock } = bindings.rt;
    await storesAsked(bindings, this.#watch.watches ? [() => this.#watch.look()] : []);
    this.#bootId ??= crypto.randomUUID();
    return snapshotOf(bindings, {
      service: this.service,
      bootId: this.#bootId,
      at: clock.wall(),
      // Where time stands still, only the wall clock can be asked.
      uptimeMs: this.#bound
        ? clock.monotonic() - this.#started.monotonic
        : Math.max(0, clock.wall() - this.#started.wall),
      knobs: this.knobSet.snapshot(),
      overload: this.#overload?.snapshot() ?? null,
      slis: this.#slis.snapshot(),
      objectives: this.#watch.snapshot(),
      levers: this.#levers?.effects.active() ?? [],
      surface: this.surface(),
    });
  }
}

function unbound(what: string): TypeError {
  return new TypeError(`kit.${what}: this kit has no store until it is bound to a call: kit.using(store)`);
}

/**
 * Makes a kit: what a service builds in.
 *
 * @example
 * const kit = createKit({ service: "shop", knobs: { CHAT_MAX: knob.int({ default: 20, min: 1 }) } });
 * const chatTurns = kit.limiter("chat", { algorithm: "gcra", limit: (k) => k.CHAT_MAX, per: "1m" });
 *
 * @throws {KnobError} naming every environment variable that is missing or bad
 * @throws {ConfigError} when an option is not what it may be
 */
export function createKit<const K extends Knobs = Record<never, never>, C extends Capability = "act", Ctx = undefined>(
  options: KitOptions<K, C, Ctx>,
): Kit<K, C, Ctx> {
  return new KitOfParts(options as KitOptions<Knobs, Capability, unknown>) as unknown as Kit<K, C, Ctx>;
}
