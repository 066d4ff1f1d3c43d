import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AnyEndpointOptions } from "../boundary/endpoint/any-options.js";
import type { Endpoint } from "../boundary/endpoint/endpoint.js";
import { type FetchHandler, toFetch } from "../boundary/endpoint/fetch.js";
import type { Outgoing, Pass } from "../boundary/endpoint/incoming.js";
import type { LimiterUse } from "../boundary/endpoint/parts.js";
import type { BoundaryOptions, FunctionCall } from "../boundary/function-boundary.js";
import type { Knobs, KnobValues } from "../boundary/knobs/knob.js";
import type { KnobSet } from "../boundary/knobs/knob-set.js";
import type { Surface } from "../boundary/surface/surface.js";
import { type Clock, stoppedClock } from "../core/clock.js";
import type { Events } from "../core/events.js";
import type { Levers, Shedding } from "../core/levers.js";
import type { Capability, Store } from "../core/store.js";
import { CallSlis, countedSlis, sliReadings } from "../observe/call-slis.js";
import type { Promised } from "../observe/slo/slo.js";
import type { Snapshot } from "../observe/snapshot.js";
import type { OverloadGuard } from "../primitives/overload/overload-guard.js";
import type { UpstreamOptions } from "../primitives/upstream/options.js";
import { type Attachable, Attachments } from "./attachments.js";
import type { Definition } from "./capabilities.js";
import { Definer } from "./definer.js";
import { drained } from "./drain.js";
import { type Ground, groundOf } from "./ground.js";
import { KeyHash } from "./key-hash.js";
import type { KitLevers } from "./levers/kit-levers.js";
import { LeverWatch } from "./levers/lever-watch.js";
import { leversOfCall, leversOfKit } from "./levers/levers-of.js";
import { Objectives } from "./objectives.js";
import { type KitParts, PARTS } from "./parts.js";
import { Bindings } from "./registry.js";
import { limitersRead, snapshotOf, storesAsked } from "./snapshot.js";
import type { BoundKit, CloseOptions, DoorRequest, Kit, KitOptions } from "./types.js";
import { WaysIn } from "./ways-in.js";

class KitOfParts extends Definer {
  readonly service: string;
  readonly events: Events;
  readonly clock: Clock;
  readonly knobSet: KnobSet;
  readonly fetch: FetchHandler;
  readonly #ground: Ground;
  readonly #attachments = new Attachments();
  readonly #objectives: Objectives;
  readonly #ways: WaysIn;
  readonly #levers: KitLevers | undefined;
  readonly #leverWatch: LeverWatch | undefined;
  /** Made when first asked for: some platforms have no randomness while modules load. */
  #bootId: string | undefined;
  readonly #keyHash = new KeyHash();
  readonly #started: { readonly monotonic: number; readonly wall: number };
  #closed: Promise<boolean> | undefined;
  readonly #onClosing: (() => void)[] = [];

  constructor(ground: Ground) {
    super(ground);
    const { rt, knobs, overload, sharedStore, bound } = ground;
    this.service = rt.service;
    this.events = rt.events;
    this.clock = rt.clock;
    this.knobSet = knobs;
    this.#ground = ground;
    this.#started = { monotonic: rt.clock.monotonic(), wall: rt.clock.wall() };
    this.#objectives = new Objectives(ground);
    this.#ways = new WaysIn(rt, (name, options) => this.limiter(name, options) as LimiterUse);
    if (rt.store !== undefined) {
      const sheddings = new Map<string, Shedding>(overload && [["endpoints", overload]]);
      this.#levers = leversOfKit(this.here, rt.store, knobs, sheddings, {
        shared: sharedStore !== undefined,
        changed: (byUs) => this.#leverWatch?.changed(byUs),
      });
      this.#leverWatch = new LeverWatch(this.#levers, rt, sharedStore, ground.leversEveryMs);
      this.#leverWatch.start();
    }
    const serve = toFetch(this.#ways.router);
    this.fetch = bound
      ? (...asked) => {
          this.#leverWatch?.start();
          return serve(...asked);
        }
      : () => Promise.reject(unbound("fetch"));
  }

  get overload(): OverloadGuard {
    if (this.#ground.overload === undefined) throw unbound("overload");
    return this.#ground.overload;
  }

  door(request: DoorRequest): Pass | Outgoing | undefined {
    return this.#ways.door(request);
  }

  get knobs(): KnobValues<Knobs> {
    return this.knobSet.values;
  }

  get levers(): Levers {
    if (this.#levers === undefined) throw unbound("levers");
    this.#leverWatch?.start();
    return this.#levers;
  }

  override upstream(name: string, { slo, ...options }: UpstreamOptions<never, never> & Promised): Definition {
    const definition = super.upstream(name, options);
    this.#objectives.promise("upstream", "upstream", name, slo);
    return definition;
  }

  endpoint({ slo, ...options }: AnyEndpointOptions & Promised): Endpoint {
    const endpoint = this.#ways.endpoint(options);
    this.#objectives.promise("endpoint", "endpoint", endpoint.name, slo);
    return endpoint;
  }

  boundary(
    { slo, ...options }: BoundaryOptions<StandardSchemaV1, unknown, unknown> & Promised,
    handler: (input: unknown, call: FunctionCall<unknown, unknown>) => unknown,
  ): unknown {
    const guarded = this.#ways.boundary(options, handler);
    this.#objectives.promise("endpoint", "boundary", options.name, slo);
    return guarded;
  }

  surface(): readonly Surface[] {
    return this.#ways.surface();
  }

  async snapshot(): Promise<Snapshot> {
    if (!this.#ground.bound) throw unbound("snapshot");
    return this.#snapshot(this.here);
  }

  keyHash(key: string): Promise<string> {
    return this.#keyHash.of(key);
  }

  using(store: Store): BoundKit<Knobs, Capability> {
    const { rt } = this.here;
    const { stores, bound } = this.#ground;
    const view = stores.of(store);
    const slis = bound ? undefined : new CallSlis();
    const bindings = new Bindings(this.definitions, {
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
        const read = await sliReadings(view.slis(), now, this.#objectives.any);
        const parts = { clock: bindings.rt.clock, events: rt.events, random: rt.random, store: view };
        const objectives = await this.#objectives.judged(read, parts);
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

  get [PARTS](): KitParts {
    return {
      rt: this.here.rt,
      limiter: (name, options) => this.limiter(name, options) as LimiterUse,
      serve: this.#ways.serve,
      onClosing: (listener) => void this.#onClosing.push(listener),
    };
  }

  protected override defined(): void {
    this.#levers?.refresh();
  }

  async #close(drain: NonNullable<CloseOptions["drain"]>): Promise<boolean> {
    const { work, slis, overload, process, ownStore } = this.#ground;
    for (const listener of this.#onClosing) listener();
    const inTime = await drained(this.here, work, drain);
    this.#leverWatch?.close();
    await this.#objectives.watch.close();
    slis.close();
    overload?.close();
    process?.stop();
    this.knobSet.close();
    try {
      await this.#attachments.close(this.clock);
    } finally {
      await ownStore?.close();
    }
    return inTime;
  }

  async #snapshot(bindings: Bindings): Promise<Snapshot> {
    const { clock } = bindings.rt;
    const { bound, overload, process, slis } = this.#ground;
    const { watch } = this.#objectives;
    await storesAsked(bindings, watch.watches ? [() => watch.look()] : []);
    this.#bootId ??= crypto.randomUUID();
    return snapshotOf(bindings, {
      service: this.service,
      bootId: this.#bootId,
      at: clock.wall(),
      // Where time stands still, only the wall clock can be asked.
      uptimeMs: bound ? clock.monotonic() - this.#started.monotonic : Math.max(0, clock.wall() - this.#started.wall),
      process: process?.read() ?? null,
      knobs: this.knobSet.snapshot(),
      limiters: await limitersRead(bindings, bound ? (key) => this.keyHash(key) : undefined),
      overload: overload?.snapshot() ?? null,
      slis: slis.snapshot(),
      objectives: watch.snapshot(),
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
  return new KitOfParts(groundOf(options as KitOptions<Knobs, Capability, unknown>)) as unknown as Kit<K, C, Ctx>;
}
