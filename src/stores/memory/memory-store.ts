import type { BulletinSource } from "../../core/bulletins.js";
import { type Alarm, type Clock, systemClock } from "../../core/clock.js";
import { integer, onlyKnown } from "../../core/config.js";
import type { JobSource } from "../../core/jobs.js";
import type { Kernel } from "../../core/kernel.js";
import {
  type CellStep,
  type Cells,
  type Outcome,
  type Store,
  StoreFailure,
  type StoreStats,
} from "../../core/store.js";
import { PlainTable, type Table } from "../../kernel/cells/table.js";
import { MemoryJobs } from "./jobs/memory-jobs.js";
import { MemoryBulletins } from "./memory-bulletins.js";
import { BoundStep, MemoryCells } from "./memory-cells.js";
import { PackedTable } from "./packed-table.js";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * Cells held at most, over all primitives. When all of them are live, a new one is refused with a `capacity`
   * failure, and the primitive's policy decides: nothing live is ever evicted, so cycling keys resets no limit.
   * Default 250,000, some 25 MB of limiter state.
   */
  readonly maxCells?: number;
  /**
   * Jobs that each queue holds at most, those included that have ended and are still remembered. In a full queue what
   * has ended gives way, soonest to be forgotten first, but for dead jobs; where there is nothing to give way,
   * enqueueing is refused with a `capacity` failure. Default 100,000.
   */
  readonly maxJobs?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** How often expired cells are looked for, while there are cells at all. */
const SWEEP_EVERY_MS = 1_000;
/** Cells looked at in one sweep, so that it never holds the thread for more than a millisecond or so. */
const SWEEP_BUDGET = 10_000;
/** Cells looked at when a new one finds the store full: enough to find room in time, too few to be an attack's lever. */
const FULL_BUDGET = 64;

/** What is asked of the cells of a kernel that nothing more is known of. */
interface Space {
  readonly kernel: Pick<Kernel<never, never, never, never>, "name" | "version">;
  readonly table: Pick<Table<unknown, unknown>, "size" | "sweep" | "clear" | "live">;
  outdated: boolean;
}

/** The store within this process: decides at once, and forgets everything with the process. */
export class MemoryStore implements Store<"act", undefined>, JobSource, BulletinSource {
  readonly capability = "act";
  readonly ctx = undefined;
  readonly kind = "memory";
  readonly bulletins = new MemoryBulletins();
  readonly #clock: Clock;
  readonly #maxCells: number;
  /** See {@link MemoryStoreOptions.maxJobs}. */
  readonly maxJobs: number;
  readonly #spaces = new Map<string, Space>();
  readonly #queues = new Map<string, MemoryJobs>();
  /** Which of the spaces is being swept. */
  #turn = 0;
  #sweeper: Alarm | undefined;
  #cells = 0;
  /** Whether {@link close} was called. */
  closed = false;

  constructor(options: MemoryStoreOptions = {}) {
    onlyKnown(options, "memoryStore", ["maxCells", "maxJobs", "clock"]);
    this.#clock = options.clock ?? systemClock;
    this.#maxCells = integer(options.maxCells ?? 250_000, "memoryStore.maxCells", 1);
    this.maxJobs = integer(options.maxJobs ?? 100_000, "memoryStore.maxJobs", 1);
  }

  /** Whole milliseconds of this store's clock: wall time, as in every other store. Kernels cope when it jumps. */
  now(): number {
    return Math.floor(this.#clock.wall());
  }

  /** @throws {TypeError} when the space is open for another kernel */
  open<S, Config, Input, D extends object>(
    kernel: Kernel<S, Config, Input, D>,
    space: string,
  ): Cells<Config, Input, D> {
    const known = this.#spaces.get(space);
    if (known !== undefined && known.kernel.name !== kernel.name) {
      throw new TypeError(`memoryStore: "${space}" is open for ${known.kernel.name}, not for ${kernel.name}`);
    }
    if (known?.kernel.version === kernel.version) return known as Space & Cells<Config, Input, D>;
    const table = kernel.width === undefined ? new PlainTable<S>() : new PackedTable(kernel.width);
    const cells = new MemoryCells(this, kernel, table as Table<S, unknown>);
    if (known !== undefined && known.kernel.version > kernel.version) {
      cells.outdated = true;
      return cells;
    }
    if (known !== undefined) this.#migrate(known, cells);
    this.#spaces.set(space, cells);
    return cells;
  }

  jobs(queue: string): MemoryJobs {
    let jobs = this.#queues.get(queue);
    if (jobs === undefined) {
      jobs = new MemoryJobs(this);
      this.#queues.set(queue, jobs);
    }
    return jobs;
  }

  together(steps: readonly CellStep<object>[]): boolean {
    return steps.every((step) => this.#owns(step));
  }

  /** @throws {TypeError} when a cell is named twice: one step at the sum of both costs says what is meant */
  stepAll<D extends object>(steps: readonly CellStep<D>[]): Outcome<readonly D[]> {
    const now = this.now();
    const own: BoundStep<unknown, unknown, unknown, D>[] = [];
    for (const step of steps) {
      if (!this.#owns(step)) throw new TypeError(`stepAll: the cell "${step.key}" is another store's`);
      if (own.some((other) => other.cells === step.cells && other.key === step.key))
        throw new TypeError(`stepAll: the cell "${step.key}" is named twice`);
      if (step.cells.outdated) return new StoreFailure("version", "no");
      own.push(step as BoundStep<unknown, unknown, unknown, D>);
    }
    const decided = own.map((step) => step.decide(now));
    const all = decided.every(({ step }) => step.granted);
    const kept = decided.filter(({ step }) => all || !step.granted);
    // Room for all that is new, or nothing is written. What a sweep drops isn't among the cells read: those are live.
    const failure = this.reserve(kept.filter((one) => one.adds).length, now);
    if (failure !== undefined) return failure;
    for (const one of kept) one.keep(now);
    return decided.map(({ step }) => step.decision);
  }

  stats(): StoreStats {
    return { cells: this.#cells, capacity: this.#maxCells };
  }

  /** Forgets everything. From now on nothing is kept: what would need to be is answered with `unavailable`. */
  close(): void {
    this.closed = true;
    this.#sweeper?.cancel();
    this.#sweeper = undefined;
    for (const { table } of this.#spaces.values()) table.clear();
    for (const queue of this.#queues.values()) queue.clear();
    this.#cells = 0;
  }

  /** Counts new cells in, for which it drops expired ones if need be. With the failure to answer if there is no room. */
  reserve(count: number, now: number): StoreFailure | undefined {
    if (count === 0) return undefined;
    if (this.closed) return new StoreFailure("unavailable", "no");
    if (this.#cells + count > this.#maxCells) this.#sweep(now, FULL_BUDGET);
    if (this.#cells + count > this.#maxCells) return new StoreFailure("capacity", "no");
    this.#cells += count;
    if (this.#sweeper === undefined) this.#watch();
    return undefined;
  }

  /** Notes that a cell is gone. */
  released(): void {
    this.#cells--;
  }

  #owns(step: CellStep<object>): step is BoundStep<unknown, unknown, unknown, object> {
    return step instanceof BoundStep && step.cells.store === this;
  }

  /** A newer version of the kernel takes a space over: two copies of the package share the store. */
  #migrate<S, Config, Input, D extends object>(from: Space, to: MemoryCells<S, Config, Input, D, unknown>): void {
    const { kernel, table } = to;
    from.outdated = true;
    for (const [key, older, expiresAt] of from.table.live(this.now())) {
      const state = from.kernel.version === kernel.version - 1 ? kernel.upgrade?.(older) : undefined;
      if (state !== undefined) table.insert(key, state, expiresAt);
    }
    this.#cells += table.size - from.table.size;
    from.table.clear();
  }

  #watch(): void {
    this.#sweeper = this.#clock.alarm(
      SWEEP_EVERY_MS,
      () => {
        this.#sweeper = undefined;
        this.#sweep(this.now(), SWEEP_BUDGET);
        if (this.#cells > 0) this.#watch();
      },
      "background",
    );
  }

  /** Goes on where the last sweep ended, and round once at most: at last to what it began in the middle of. */
  #sweep(now: number, budget: number): void {
    const spaces = [...this.#spaces.values()];
    let left = budget;
    for (let done = 0; done <= spaces.length && left > 0; done++) {
      const { table } = spaces[this.#turn % spaces.length] as Space;
      const before = table.size;
      const looked = table.sweep(now, left);
      this.#cells -= before - table.size;
      left -= looked;
      // It came to the end of that one.
      if (left > 0) this.#turn++;
    }
  }
}

/** Makes a {@link MemoryStore}. */
export function memoryStore(options?: MemoryStoreOptions): MemoryStore {
  return new MemoryStore(options);
}
