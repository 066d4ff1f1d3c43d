import type { Use } from "../core/binding.js";
import { ConfigError } from "../core/config.js";
import type { Runtime } from "../core/runtime.js";
import type { Breaker } from "../primitives/breaker/breaker.js";
import type { StoredBreaker } from "../primitives/breaker/stored-breaker.js";
import type { Bulkhead } from "../primitives/bulkhead/bulkhead.js";
import type { Cache } from "../primitives/cache/cache.js";
import type { Idempotency } from "../primitives/idempotency/idempotency.js";
import type { Limiter } from "../primitives/limiter/limiter.js";
import type { JobPlace } from "../primitives/queue/core.js";
import type { JobSet } from "../primitives/queue/job.js";
import type { Queue } from "../primitives/queue/queue.js";
import type { ReplayGuard } from "../primitives/replay/replay-guard.js";
import type { SharedBulkhead } from "../primitives/shared-bulkhead/shared-bulkhead.js";
import type { StoredUpstream } from "../primitives/upstream/stored-upstream.js";
import type { Upstream } from "../primitives/upstream/upstream.js";
import type { Definition } from "./capabilities.js";

/** Every kind of primitive that a kit makes and its snapshot shows, by the snapshot's name for it. */
export interface Kinds {
  readonly limiters: Limiter;
  readonly upstreams: Upstream | StoredUpstream;
  readonly breakers: Breaker | StoredBreaker;
  readonly bulkheads: Bulkhead;
  readonly sharedBulkheads: SharedBulkhead;
  readonly caches: Cache<unknown>;
  readonly idempotency: Idempotency;
  readonly replayGuards: ReplayGuard;
  readonly queues: Queue<JobSet, unknown>;
}

type Kind = keyof Kinds;
/** How to make a primitive; `place` is what its user code gets as `ctx` and `use`, where it isn't right here. */
export type Make<T> = (rt: Runtime, place?: JobPlace) => T;

/** What a kit was asked to define: names, each once a kind, and how to make the thing for a place. */
export class Definitions {
  readonly #makers = new WeakMap<Definition, { readonly kind: Kind; readonly make: Make<Kinds[Kind]> }>();
  readonly #names = new Map<Kind, Set<string>>();
  readonly #all: Definition[] = [];

  /** @throws {ConfigError} when the name is empty or taken */
  add<K extends Kind>(kind: K, name: string, definition: Definition, make: Make<Kinds[K]>): void {
    const names = this.#names.get(kind) ?? new Set();
    this.#names.set(kind, names);
    if (typeof name !== "string" || name === "" || names.has(name)) {
      throw new ConfigError(`kit.${kind}: name`, name, "a name that no other of its kind has");
    }
    names.add(name);
    this.#makers.set(definition, { kind, make: make as Make<Kinds[Kind]> });
    this.#all.push(definition);
  }

  /** Everything that was defined. */
  get all(): readonly Definition[] {
    return this.#all;
  }

  /** How to make what was defined. */
  maker(definition: Definition): { readonly kind: Kind; readonly make: Make<Kinds[Kind]> } {
    const maker = this.#makers.get(definition);
    if (maker === undefined) throw new TypeError(`use(): ${String(definition?.name)} was not defined by this kit`);
    return maker;
  }
}

/** What was made of the definitions for one place: made when first used, and once. */
export class Bindings {
  readonly rt: Runtime;
  readonly #definitions: Definitions;
  readonly #made = new Map<Definition, Kinds[Kind]>();
  readonly #kinds: { readonly [K in Kind]: Map<string, Kinds[K]> } = {
    limiters: new Map(),
    upstreams: new Map(),
    breakers: new Map(),
    bulkheads: new Map(),
    sharedBulkheads: new Map(),
    caches: new Map(),
    idempotency: new Map(),
    replayGuards: new Map(),
    queues: new Map(),
  };

  constructor(definitions: Definitions, rt: Runtime) {
    this.#definitions = definitions;
    this.rt = rt;
  }

  /** Binds a definition to this place. */
  readonly use = ((definition: Definition) =>
    this.#made.get(definition) ?? this.keep(definition, undefined)) as Use<never> as Use<"act">;

  /** Notes what a definition is in this place; makes it where it is not given. */
  keep(definition: Definition, given: Kinds[Kind] | undefined): Kinds[Kind] {
    const { kind, make } = this.#definitions.maker(definition);
    const made = given ?? make(this.rt, { ctx: this.rt.store?.ctx, use: this.use });
    this.#made.set(definition, made);
    (this.#kinds[kind] as Map<string, Kinds[Kind]>).set(made.name, made);
    return made;
  }

  /** Makes whatever was defined and hasn't been used here yet. */
  makeAll(): void {
    for (const definition of this.#definitions.all) this.use(definition as never);
  }

  /** All that was made, of one kind. */
  all<K extends Kind>(kind: K): ReadonlyMap<string, Kinds[K]> {
    return this.#kinds[kind];
  }

  /** The snapshots of all of one kind, by name. */
  snapshots<K extends Kind>(kind: K): Record<string, ReturnType<Kinds[K]["snapshot"]>> {
    const entries = [...this.#kinds[kind]].map(([name, made]) => [name, made.snapshot()] as const);
    return Object.fromEntries(entries) as Record<string, ReturnType<Kinds[K]["snapshot"]>>;
  }
}
