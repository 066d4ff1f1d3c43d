import { type Alarm, type Clock, systemClock } from "../../core/clock.js";
import { integer, onlyKnown } from "../../core/config.js";
import type { Kernel, Step } from "../../core/kernel.js";
import {
  type CellStep,
  type Cells,
  type Outcome,
  type Store,
  StoreFailure,
  type StoreStats,
} from "../../core/store.js";
import { PackedTable, PlainTable, type Table } from "./table.js";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * Cells held at most, over all primitives. When all of them are live, a new one is refused with a `capacity`
   * failure, and the primitive's policy decides: nothing live is ever evicted, so cycling keys resets no limit.
   * Default 250,000, some 25 MB of limiter state.
   */
  readonly maxCells?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** How often expired cells are looked for, while there are cells at all. */
const SWEEP_EVERY_MS = 1_000;
/** Cells looked at in one sweep, so that it never holds the thread for more than a millisecond or so. */
const SWEEP_BUDGET = 10_000;
/** Cells looked at when a new one finds the store full: enough to find room in time, too few to be an attack's lever. */
const FULL_BUDGET = 64;

/** The store within this process: decides at once, and forgets everything with the process. */
export class MemoryStore implements Store<"act", undefined> {
  readonly capability = "act";
  readonly ctx = undefined;
  readonly kind = "memory";
  readonly #clock: Clock;
  readonly #maxCells: number;
  readonly #tables = new Map<
    string,
    { kernel: string; version: number; table: Table<unknown, unknown>; cells: unknown }
  >();
  #sweeper: Alarm | undefined;
  #cells = 0;

  constructor(options: MemoryStoreOptions = {}) {
    onlyKnown(options, "memoryStore", ["maxCells", "clock"]);
    this.#clock = options.clock ?? systemClock;
    this.#maxCells = integer(options.maxCells ?? 250_000, "memoryStore.maxCells", 1);
  }

  /**
   * Whole milliseconds of this store's clock: wall time, as in every other store. Kernels cope when it jumps.
   */
  now(): number {
    return this.#clock.wall();
  }

  open<S, Config, Input, D extends object>(
    kernel: Kernel<S, Config, Input, D>,
    space: string,
  ): Cells<Config, Input, D> {
    const known = this.#tables.get(space);
    if (known !== undefined) {
      if (known.kernel === kernel.name && known.version === kernel.version)
        return known.cells as Cells<Config, Input, D>;
      throw new TypeError(
        `memoryStore: "${space}" is open for kernel ${known.kernel} v${known.version}, not ${kernel.name} v${kernel.version}`,
      );
    }
    const table = (kernel.width === undefined ? new PlainTable<S>() : new PackedTable(kernel.width)) as Table<
      S,
      unknown
    >;
    const cells = new MemoryCells(this, kernel, table);
    this.#tables.set(space, {
      kernel: kernel.name,
      version: kernel.version,
      table: table as Table<unknown, unknown>,
      cells,
    });
    return cells;
  }

  together(): boolean {
    return true;
  }

  /** @throws {TypeError} when the same cell is named twice: one step with twice the cost says what is meant */
  stepAll<D extends object>(steps: readonly CellStep<D>[]): Outcome<readonly D[]> {
    const now = this.now();
    const bound = steps as readonly BoundStep<unknown, unknown, unknown, D>[];
    // Before deciding: what is swept must not be among the cells that were read.
    this.makeRoom(bound.length, now);
    const decided = bound.map((step) => step.decide(now));
    for (const [i, step] of bound.entries()) {
      if (bound.slice(0, i).some((other) => other.cells === step.cells && other.key === step.key))
        throw new TypeError(`stepAll: the cell "${step.key}" is named twice`);
    }
    const granted = decided.every((one) => one.step.granted);
    const kept = decided.filter((one) => granted || !one.step.granted);
    // Room for all of them, or nothing is written.
    if (!this.reserve(kept.filter((one) => one.adds).length)) return new StoreFailure("capacity", "no");
    for (const one of kept) one.keep(now);
    return decided.map((one) => one.step.decision);
  }

  stats(): StoreStats {
    return { cells: this.#cells, capacity: this.#maxCells };
  }

  close(): void {
    this.#sweeper?.cancel();
    this.#sweeper = undefined;
    this.#tables.clear();
    this.#cells = 0;
  }

  /** Sees to room for `count` new cells, by dropping expired ones if need be. */
  makeRoom(count: number, now: number): boolean {
    if (this.#cells + count > this.#maxCells) this.#sweep(now, FULL_BUDGET);
    return this.#cells + count <= this.#maxCells;
  }

  /** Counts new cells in; false when there is no room for all of them. */
  reserve(count: number): boolean {
    if (this.#cells + count > this.#maxCells) return false;
    this.#cells += count;
    if (count > 0 && this.#sweeper === undefined) this.#watch();
    return true;
  }

  /** Notes that a cell is gone. */
  released(): void {
    this.#cells--;
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

  #sweep(now: number, budget: number): void {
    for (const { table } of this.#tables.values()) this.#cells -= table.sweep(now, budget);
  }
}

class MemoryCells<S, Config, Input, D extends object, Handle> implements Cells<Config, Input, D> {
  constructor(
    readonly store: MemoryStore,
    readonly kernel: Kernel<S, Config, Input, D>,
    readonly table: Table<S, Handle>,
  ) {}

  step(key: string, config: Config, input: Input): Outcome<D> {
    const { table, store } = this;
    const now = store.now();
    const cell = table.find(key);
    const step = this.kernel.step(cell === undefined ? undefined : table.read(cell, now), now, config, input);
    const { state } = step;
    if (state === undefined) return step.decision;
    if (cell !== undefined && state !== null) table.write(cell, state, now + step.ttlMs);
    else if (state !== null && !(store.makeRoom(1, now) && store.reserve(1))) return new StoreFailure("capacity", "no");
    else this.keep(key, state, now + step.ttlMs);
    return step.decision;
  }

  with(key: string, config: Config, input: Input): CellStep<D> {
    return new BoundStep(this, key, config, input);
  }

  /** Writes what a step left. Room for a new cell has been reserved. */
  keep(key: string, state: S | null, expiresAt: number): void {
    const cell = this.table.find(key);
    if (state === null) {
      if (this.table.delete(key)) this.store.released();
    } else if (cell === undefined) this.table.insert(key, state, expiresAt);
    else this.table.write(cell, state, expiresAt);
  }
}

class BoundStep<S, Config, Input, D extends object> implements CellStep<D> {
  constructor(
    readonly cells: MemoryCells<S, Config, Input, D, unknown>,
    readonly key: string,
    readonly config: Config,
    readonly input: Input,
  ) {}

  decide(now: number): DecidedStep<S, Config, Input, D> {
    const { table, kernel } = this.cells;
    const cell = table.find(this.key);
    const state = cell === undefined ? undefined : table.read(cell, now);
    return new DecidedStep(this, kernel.step(state, now, this.config, this.input), cell === undefined);
  }
}

class DecidedStep<S, Config, Input, D extends object> {
  constructor(
    readonly of: BoundStep<S, Config, Input, D>,
    readonly step: Step<S, D>,
    readonly isNew: boolean,
  ) {}

  /** Whether keeping it takes room for one more cell. */
  get adds(): boolean {
    return this.isNew && this.step.state !== undefined && this.step.state !== null;
  }

  keep(now: number): void {
    const { state, ttlMs } = this.step;
    if (state !== undefined) this.of.cells.keep(this.of.key, state, now + ttlMs);
  }
}

/** Makes a {@link MemoryStore}. */
export function memoryStore(options?: MemoryStoreOptions): MemoryStore {
  return new MemoryStore(options);
}
