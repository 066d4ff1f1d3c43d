import { ConfigError } from "../core/config.js";
import type { Store } from "../core/store.js";
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
import type { Definition } from "./capabilities.js";
import type { Ground } from "./ground.js";
import { Bindings, Definitions, type Kinds, type Make } from "./registry.js";
import type { Placed } from "./types.js";

type Options<T> = T & Placed;

/** The part of a kit that defines primitives. */
export abstract class Definer {
  protected readonly definitions = new Definitions();
  /** What was defined, bound to the kit's own place. */
  protected readonly here: Bindings;
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.here = new Bindings(this.definitions, ground.rt);
  }

  limiter(name: string, { store, ...options }: Options<LimiterOptions<never>>): Definition {
    return this.#define("limiters", name, store, (rt) => new Limiter(name, options, rt));
  }

  upstream(name: string, options: UpstreamOptions<never, never>): Definition {
    return this.#define("upstreams", name, undefined, (rt) =>
      this.#ground.bound ? new Upstream(name, options, rt) : new StoredUpstream(name, options, rt),
    );
  }

  breaker(name: string, options: BreakerOptions<never> = {}): Definition {
    return this.#define("breakers", name, undefined, (rt) =>
      this.#ground.bound ? new Breaker(name, options, rt) : new StoredBreaker(name, options, rt),
    );
  }

  bulkhead(name: string, options: BulkheadOptions<never>): Definition {
    if (!this.#ground.bound)
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

  /** Something was defined that can be used right here. */
  protected abstract defined(): void;

  #define<N extends keyof Kinds>(
    kind: N,
    name: string,
    store: Store | undefined,
    make: Make<Kinds[N]>,
    face: object = {},
  ): Definition {
    const { bound, stores } = this.#ground;
    const placed: Make<Kinds[N]> =
      store === undefined ? make : (rt, place) => make({ ...rt, store: stores.of(store) }, place);
    // Made even where it can't be used yet, so that a wrong option is found when it is given.
    const made = placed(this.here.rt);
    const definition: Definition = bound ? (made as Definition) : Object.freeze({ name, ...face });
    this.definitions.add(kind, name, definition, placed);
    if (bound) {
      this.here.keep(definition, made);
      this.defined();
    }
    return definition;
  }
}
