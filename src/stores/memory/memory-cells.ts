import type { Kernel, Step } from "../../core/kernel.js";
import { type CellStep, type Cells, type Outcome, StoreFailure } from "../../core/store.js";
import type { Table } from "../../kernel/cells/table.js";

/** What cells ask of the store that they are in. */
export interface CellRoom {
  /** Whole milliseconds of the store's clock. */
  now(): number;
  /** Counts new cells in; the failure to answer where there is no room for all of them. */
  reserve(count: number, now: number): StoreFailure | undefined;
  /** Notes that a cell is gone. */
  released(): void;
}

/** The cells of one space of a memory store. */
export class MemoryCells<S, Config, Input, D extends object, Handle> implements Cells<Config, Input, D> {
  /** Set when a newer version of the kernel has taken the space over. */
  outdated = false;

  constructor(
    readonly store: CellRoom,
    readonly kernel: Kernel<S, Config, Input, D>,
    readonly table: Table<S, Handle>,
  ) {}

  step(key: string, config: Config, input: Input): Outcome<D> {
    if (this.outdated) return new StoreFailure("version", "no");
    const { table, store } = this;
    const now = store.now();
    const cell = table.find(key);
    const step = this.kernel.step(cell === undefined ? undefined : table.read(cell, now), now, config, input);
    const { state } = step;
    if (state === undefined) return step.decision;
    // An expired cell that hasn't been swept yet has room already.
    if (state !== null && cell !== undefined) table.write(cell, state, now + step.ttlMs);
    else {
      const failure = state === null ? undefined : store.reserve(1, now);
      if (failure !== undefined) return failure;
      this.keep(key, state, now + step.ttlMs);
    }
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

  /** The live state. A cell that has expired is dropped: a sweep must find none that was read. */
  read(key: string, now: number): S | undefined {
    const cell = this.table.find(key);
    if (cell === undefined) return undefined;
    const state = this.table.read(cell, now);
    if (state === undefined && this.table.delete(key)) this.store.released();
    return state;
  }
}

/** One of several steps that are taken together. */
export class BoundStep<S, Config, Input, D extends object> implements CellStep<D> {
  constructor(
    readonly cells: MemoryCells<S, Config, Input, D, unknown>,
    readonly key: string,
    readonly config: Config,
    readonly input: Input,
  ) {}

  decide(now: number): DecidedStep<S, D> {
    const state = this.cells.read(this.key, now);
    return new DecidedStep(
      this.cells,
      this.key,
      this.cells.kernel.step(state, now, this.config, this.input),
      state === undefined,
    );
  }
}

/** What one of several steps came to, before it is known whether it is kept. */
export class DecidedStep<S, D extends object> {
  constructor(
    readonly cells: { keep(key: string, state: S | null, expiresAt: number): void },
    readonly key: string,
    readonly step: Step<S, D>,
    readonly isNew: boolean,
  ) {}

  /** Whether keeping it takes room for one more cell. */
  get adds(): boolean {
    return this.isNew && this.step.state !== undefined && this.step.state !== null;
  }

  keep(now: number): void {
    const { state, ttlMs } = this.step;
    if (state !== undefined) this.cells.keep(this.key, state, now + ttlMs);
  }
}
