import { ConfigError, integer, onlyKnown } from "../../core/config.js";
import type { JobSource } from "../../core/jobs.js";
import type { Kernel } from "../../core/kernel.js";
import type { SliSource, SliStore } from "../../core/slis.js";
import {
  type Capability,
  type CellStep,
  type Cells,
  type Outcome,
  type Store,
  StoreFailure,
  type StoreStats,
} from "../../core/store.js";
import { BoundStep, ConvexCells } from "./convex-cells.js";
import { ConvexJobs } from "./convex-jobs.js";
import type { ActionPlace, KeelsonComponent, MutationPlace, QueryPlace } from "./ctx.js";
import { failureOf } from "./failure.js";
import { kernels } from "./server/kernels.js";
import type { StepsAnswer, WireStep } from "./server/wire.js";

/** Options of {@link convexStore}. */
export interface ConvexStoreOptions {
  /**
   * Limiters, by name, whose keys are so hot that writes to one document would conflict: how many documents each of
   * their keys is spread over, 2 to 64. More than the limit is still never allowed. In return a call may be refused while
   * other documents have units left: with `n` documents a key is sure to be allowed `limit / n` units, and on average
   * almost all; a call may cost `limit / n` at most; refunds are dropped; `remaining` is what is left in one document.
   * Default: one document a key.
   */
  readonly shards?: Readonly<Record<string, number>>;
}

/** Documents that a key's limit may be spread over. */
const MOST_SHARDS = 64;

/** A store in a Convex deployment, seen from one call. Every operation is one query or mutation of the component. */
export class ConvexStore<C extends Capability = Capability, Ctx = unknown>
  implements Store<C, Ctx>, JobSource, SliSource
{
  readonly capability: C;
  readonly ctx: Ctx;
  readonly kind = "convex";
  readonly #place: QueryPlace & Partial<MutationPlace>;
  readonly #component: KeelsonComponent;
  readonly #shards: ReadonlyMap<string, number>;
  readonly #spaces = new Map<string, ConvexCells<unknown, unknown, unknown, object>>();
  readonly #pending = new Set<Promise<unknown>>();
  #closed = false;

  /** @throws {ConfigError} when the ctx or the component isn't one, or an option is wrong */
  constructor(ctx: Ctx, component: KeelsonComponent, options: ConvexStoreOptions = {}) {
    onlyKnown(options, "convexStore", ["shards"]);
    const place = ctx as QueryPlace & Partial<ActionPlace>;
    if (typeof place?.runQuery !== "function")
      throw new ConfigError("convexStore.ctx", ctx, "the ctx of a query, mutation, action or HTTP action");
    if ((typeof component !== "object" && typeof component !== "function") || component === null)
      throw new ConfigError("convexStore.component", component, "components.keelson of your _generated/api");
    const shards = Object.entries(options.shards ?? {});
    this.#shards = new Map(
      shards.map(([name, count]) => [name, integer(count, `convexStore.shards.${name}`, 2, MOST_SHARDS)]),
    );
    this.capability = capabilityOf(place) as C;
    this.ctx = ctx;
    this.#place = place;
    this.#component = component;
  }

  /** @throws {TypeError} for a kernel that isn't of this package, or when the space is open for another one */
  open<S, Config, Input, D extends object>(
    kernel: Kernel<S, Config, Input, D>,
    space: string,
  ): Cells<Config, Input, D> {
    const known = this.#spaces.get(space);
    if (known !== undefined && known.kernel.name !== kernel.name)
      throw new TypeError(`convexStore: "${space}" is open for ${known.kernel.name}, not for ${kernel.name}`);
    if (known !== undefined) return known as unknown as ConvexCells<S, Config, Input, D>;
    if (!kernels.has(kernel.name))
      throw new TypeError(`convexStore: the component knows no kernel "${kernel.name}": functions can't be sent to it`);
    const cells = new ConvexCells(this, kernel, space);
    this.#spaces.set(space, cells as never);
    return cells;
  }

  jobs(queue: string): ConvexJobs {
    return new ConvexJobs(this, queue);
  }

  /** The indicators of a service. A query's are not counted: it can't write. */
  slis(service: string): SliStore {
    return {
      record: async (counts) =>
        this.#place.runMutation === undefined
          ? null
          : this.write((ctx, { slis }) =>
              ctx.runMutation(slis.record, {
                service,
                entries: counts.map((one) => ({ ...one, counts: [...one.counts] })),
              }),
            ),
      read: (since) => this.read((ctx, { slis }) => ctx.runQuery(slis.read, { service, since })),
    };
  }

  /** Resolves when nothing is under way any more: an action's unanswered calls end with it. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** One mutation may write any documents. */
  together(steps: readonly CellStep<object>[]): boolean {
    return steps.every((step) => this.#owns(step));
  }

  /** @throws {TypeError} when a cell is named twice, or is another store's */
  async stepAll<D extends object>(steps: readonly CellStep<D>[]): Promise<Outcome<readonly D[]>> {
    const wires: WireStep[] = [];
    for (const step of steps) {
      if (!this.#owns(step)) throw new TypeError(`stepAll: the cell "${step.key}" is another store's`);
      const { wire } = step;
      if (wires.some(({ space, key }) => space === wire.space && key === wire.key))
        throw new TypeError(`stepAll: the cell "${step.key}" is named twice`);
      wires.push(wire);
    }
    return this.steps(wires);
  }

  /** @internal */
  async steps<D extends object>(steps: readonly WireStep[]): Promise<Outcome<readonly D[]>> {
    const [only] = steps;
    const answer =
      this.#place.runMutation === undefined && only !== undefined && steps.length === 1
        ? await this.look(only)
        : await this.write((ctx, { cells }) => ctx.runMutation(cells.step, { steps: [...steps] }));
    if (answer instanceof StoreFailure) return answer;
    if ("failure" in answer) return new StoreFailure(answer.failure, "no");
    if (answer.changes && this.capability === "read") return notHere();
    return JSON.parse(answer.decisions) as D[];
  }

  /** @internal */
  look(step: WireStep): Promise<Outcome<StepsAnswer>> {
    return this.read((ctx, { cells }) => ctx.runQuery(cells.look, { step }));
  }

  /** @internal */
  shards(space: string): number | undefined {
    // `service:limiter:name`
    const at = space.indexOf("limiter:");
    return at < 0 ? undefined : this.#shards.get(space.slice(at + "limiter:".length));
  }

  /** @internal */
  async write<T>(call: (ctx: MutationPlace, component: KeelsonComponent) => Promise<T>): Promise<T | StoreFailure> {
    if (this.#place.runMutation === undefined) return notHere();
    return this.#asked(async () => call(this.#place as MutationPlace, this.#component));
  }

  /** @internal */
  async read<T>(call: (ctx: QueryPlace, component: KeelsonComponent) => Promise<T>): Promise<T | StoreFailure> {
    return this.#asked(async () => call(this.#place, this.#component));
  }

  stats(): StoreStats {
    return { cells: null, capacity: null };
  }

  /** From now on everything is answered with `unavailable`. */
  close(): void {
    this.#closed = true;
  }

  async #asked<T>(call: () => Promise<T>): Promise<T | StoreFailure> {
    if (this.#closed) return new StoreFailure("unavailable", "no");
    const pending = call().catch((error: unknown) => failureOf(error, this.capability));
    this.#pending.add(pending);
    try {
      return await pending;
    } finally {
      this.#pending.delete(pending);
    }
  }

  #owns(step: CellStep<object>): step is BoundStep<object> {
    return step instanceof BoundStep && step.cells.room === this;
  }
}

function notHere(): StoreFailure {
  return new StoreFailure("unavailable", "no", new TypeError("a query can't write"));
}

function capabilityOf(place: Partial<ActionPlace>): Capability {
  if (typeof place.runAction === "function") return "act";
  return typeof place.runMutation === "function" ? "write" : "read";
}

/**
 * Makes a {@link ConvexStore} for one call: cheap, for the state is in the component's tables. What it can do follows
 * the ctx: a query peeks, a mutation checks and enqueues, an action does all.
 *
 * @example
 * const { use } = kit.using(convexStore(ctx, components.keelson));
 * const { allowed } = await use(chatTurns).check(userId);
 *
 * @throws {ConfigError} when the ctx or the component isn't one, or an option is wrong
 */
export function convexStore<Ctx extends ActionPlace>(
  ctx: Ctx,
  component: KeelsonComponent,
  options?: ConvexStoreOptions,
): ConvexStore<"act", Ctx>;
export function convexStore<Ctx extends MutationPlace>(
  ctx: Ctx,
  component: KeelsonComponent,
  options?: ConvexStoreOptions,
): ConvexStore<"write", Ctx>;
export function convexStore<Ctx extends QueryPlace>(
  ctx: Ctx,
  component: KeelsonComponent,
  options?: ConvexStoreOptions,
): ConvexStore<"read", Ctx>;
export function convexStore<Ctx>(
  ctx: Ctx,
  component: KeelsonComponent,
  options?: ConvexStoreOptions,
): ConvexStore<Capability, Ctx> {
  return new ConvexStore(ctx, component, options);
}
