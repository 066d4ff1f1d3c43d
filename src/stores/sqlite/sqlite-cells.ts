import type { Kernel, Step } from "../../core/kernel.js";
import { type CellStep, type Cells, type Outcome, StoreFailure } from "../../core/store.js";
import type { Connection } from "./database.js";
import { stateOf, stateValue } from "./state.js";
import { stored } from "./text.js";

/** What cells ask of the store that they are in. */
export interface CellRoom {
  readonly db: Connection;
  readonly closed: boolean;
  /** The table's name. */
  readonly cells: string;
  now(): number;
  /** Does something in a transaction; a failure is undone and answered. */
  write<T extends object>(act: (now: number) => Outcome<T>): Outcome<T>;
  /** Makes room for new cells; the failure to answer where there is none. */
  reserve(count: number, now: number): StoreFailure | undefined;
}

/** The cells of one space of a SQLite store. */
export class SqliteCells<S, Config, Input, D extends object> implements Cells<Config, Input, D> {
  readonly room: CellRoom;
  readonly kernel: Kernel<S, Config, Input, D>;
  readonly #space: string;
  readonly #select: string;
  readonly #write: string;
  readonly #delete: string;

  constructor(room: CellRoom, kernel: Kernel<S, Config, Input, D>, space: string) {
    this.room = room;
    this.kernel = kernel;
    this.#space = stored(space);
    const { cells } = room;
    this.#select = `SELECT version, state, until FROM ${cells} WHERE space = ? AND key = ?`;
    // (A row that has expired may be swept between reading and writing, so neither insert nor update alone would do.)
    this.#write =
      `INSERT INTO ${cells} (version, state, until, space, key) VALUES (?, ?, ?, ?, ?) ` +
      "ON CONFLICT DO UPDATE SET version = excluded.version, state = excluded.state, until = excluded.until";
    this.#delete = `DELETE FROM ${cells} WHERE space = ? AND key = ?`;
  }

  step(key: string, config: Config, input: Input): Outcome<D> {
    return this.room.write((now) => {
      const decided = this.decide(key, config, input, now);
      if (decided instanceof StoreFailure) return decided;
      const failure = decided.adds ? this.room.reserve(1, now) : undefined;
      if (failure !== undefined) return failure;
      decided.keep(now);
      return decided.step.decision;
    });
  }

  with(key: string, config: Config, input: Input): CellStep<D> {
    return new BoundStep(this, key, config, input);
  }

  /** Decides upon what the cell holds, and writes nothing. */
  decide(key: string, config: Config, input: Input, now: number): DecidedStep<D> | StoreFailure {
    const name = stored(key);
    const row = this.room.db.get(this.#select, this.#space, name);
    const live = row !== undefined && Number(row.until) > now;
    let state: S | undefined;
    if (live) {
      const version = Number(row.version);
      if (version > this.kernel.version) return new StoreFailure("version", "no");
      const held = stateOf(row.state as never);
      if (version === this.kernel.version) state = held as S;
      else if (version === this.kernel.version - 1) state = this.kernel.upgrade?.(held);
    }
    const step = this.kernel.step(state, now, config, input);
    return new DecidedStep(step, row === undefined, (at) => this.#keep(name, step, at));
  }

  #keep(name: string, { state, ttlMs }: Step<S, D>, now: number): void {
    const { db } = this.room;
    if (state === undefined) return;
    if (state === null || ttlMs <= 0) db.run(this.#delete, this.#space, name);
    else {
      const until = Math.min(now + ttlMs, Number.MAX_SAFE_INTEGER);
      const value = stateValue(state, this.kernel);
      db.run(this.#write, this.kernel.version, value, Math.ceil(until), this.#space, name);
    }
  }
}

/** What one step came to, before it is known whether it is kept. */
export class DecidedStep<D extends object> {
  constructor(
    readonly step: Pick<Step<unknown, D>, "granted" | "decision" | "state" | "ttlMs">,
    readonly isNew: boolean,
    readonly keep: (now: number) => void,
  ) {}

  /** Whether keeping it takes room for one more cell. */
  get adds(): boolean {
    return this.isNew && this.step.state !== undefined && this.step.state !== null;
  }
}

/** One of several steps that are taken together. */
export class BoundStep<Config, Input, D extends object> implements CellStep<D> {
  constructor(
    readonly cells: Pick<SqliteCells<unknown, Config, Input, D>, "room" | "decide">,
    readonly key: string,
    readonly config: Config,
    readonly input: Input,
  ) {}

  decide(now: number): DecidedStep<D> | StoreFailure {
    return this.cells.decide(this.key, this.config, this.input, now);
  }
}
