import type { BulletinSource, Bulletins } from "../core/bulletins.js";
import type { JobSource, JobStore } from "../core/jobs.js";
import type { Kernel } from "../core/kernel.js";
import type { SliSource, SliStore } from "../core/slis.js";
import type {
  Capability,
  CellStep,
  Cells,
  MaybePromise,
  Outcome,
  Store,
  StoreCall,
  StoreStats,
} from "../core/store.js";

/** A store in which a service's cells keep apart from those of others that use it, too. */
export class ServiceStore<C extends Capability, Ctx> implements Store<C, Ctx> {
  readonly capability: C;
  readonly ctx: Ctx;
  readonly kind: string;
  readonly #store: Store<C, Ctx>;
  readonly #service: string;
  readonly bulletins: Bulletins | undefined;

  constructor(store: Store<C, Ctx>, service: string) {
    this.capability = store.capability;
    this.ctx = store.ctx;
    this.kind = store.kind;
    this.#store = store;
    this.#service = service;
    const { bulletins } = store as BulletinSource;
    this.bulletins = bulletins && {
      tell: (topic, text) => bulletins.tell(`${service}:${topic}`, text),
      hear: (topic, ...rest) => bulletins.hear(`${service}:${topic}`, ...rest),
    };
  }

  open<S, Config, Input, D extends object>(
    kernel: Kernel<S, Config, Input, D>,
    space: string,
  ): Cells<Config, Input, D> {
    return this.#store.open(kernel, `${this.#service}:${space}`);
  }

  together(steps: readonly CellStep<object>[]): boolean {
    return this.#store.together(steps);
  }

  stepAll<D extends object>(steps: readonly CellStep<D>[], call?: StoreCall): MaybePromise<Outcome<readonly D[]>> {
    return this.#store.stepAll(steps, call);
  }

  /** `undefined` where the store keeps no jobs. */
  jobs(queue: string): JobStore | undefined {
    return (this.#store as Partial<JobSource>).jobs?.(`${this.#service}:${queue}`);
  }

  /** `undefined` where the store counts nothing. */
  slis(): SliStore | undefined {
    return (this.#store as Partial<SliSource>).slis?.(this.#service);
  }

  /** Waits for everything that was asked of the store, where it lives for one call. */
  async settled(): Promise<void> {
    await (this.#store as Partial<SliSource>).settled?.();
  }

  stats(): StoreStats {
    return this.#store.stats();
  }

  close(): MaybePromise<void> {
    return this.#store.close();
  }
}

/** Makes a service's view of stores: one for each, so that what lies in the same store is known to. */
export class ServiceStores {
  readonly #service: string;
  readonly #views = new WeakMap<Store, ServiceStore<Capability, unknown>>();

  constructor(service: string) {
    this.#service = service;
  }

  of<C extends Capability, Ctx>(store: Store<C, Ctx>): ServiceStore<C, Ctx> {
    let view = this.#views.get(store);
    if (view === undefined) {
      view = new ServiceStore(store, this.#service);
      this.#views.set(store, view);
    }
    return view as ServiceStore<C, Ctx>;
  }
}
