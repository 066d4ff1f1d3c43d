import { type Clock, systemClock } from "../../core/clock.js";
import { ConfigError, integer, oneOf, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
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
import { Connection, type SqliteDatabase } from "./database.js";
import { failureOf } from "./failure.js";
import { SqliteJobs } from "./jobs/sqlite-jobs.js";
import { prepareSchema, type Tables, tablesOf } from "./schema.js";
import { BoundStep, type DecidedStep, SqliteCells } from "./sqlite-cells.js";

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** What the names of its tables begin with: letters, digits and underscores. Default `"keelson_"`. */
  readonly prefix?: string;
  /**
   * Cells held at most, over all primitives and processes. When all of them are live, a new one is refused with a
   * `capacity` failure: nothing live is ever evicted. Default 1,000,000.
   */
  readonly maxCells?: number;
  /**
   * How long a call waits, holding the thread, while another process writes; then it answers with a `contention`
   * failure. Default `"1s"`.
   */
  readonly busyTimeout?: Duration;
  /**
   * `"normal"`: what was answered survives the process, kill -9 too; when the machine loses its power the last moments
   * may be missing, but the database is whole. `"full"`: that is survived as well, at the cost of waiting for the disk
   * in every call. Default `"normal"`. https://www.sqlite.org/pragma.html#pragma_synchronous
   */
  readonly synchronous?: "normal" | "full";
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const PREFIX = /^[A-Za-z_]\w{0,40}$/;
/** Expired cells that go with each new one: more than come, so that they don't pile up. */
const SWEPT_WITH_EACH = 4;
/** And when there is no room. */
const SWEPT_WHEN_FULL = 64;

/** A store in a SQLite database, for the processes of one machine. It answers at once. */
export class SqliteStore implements Store<"act", undefined>, JobSource {
  readonly capability = "act";
  readonly ctx = undefined;
  readonly kind = "sqlite";
  /** The connection that it was made of. */
  readonly db: Connection;
  readonly tables: Tables;
  /** Whether {@link close} was called. */
  closed = false;
  readonly #clock: Clock;
  readonly #maxCells: number;
  readonly #spaces = new Map<string, SqliteCells<unknown, unknown, unknown, object>>();
  readonly #queues = new Map<string, SqliteJobs>();

  /** @throws {ConfigError} when an option is wrong, or the tables are of a newer version */
  constructor(db: SqliteDatabase, options: SqliteStoreOptions = {}) {
    onlyKnown(options, "sqliteStore", ["prefix", "maxCells", "busyTimeout", "synchronous", "clock"]);
    const { prefix = "keelson_", maxCells = 1_000_000, busyTimeout = "1s", synchronous = "normal" } = options;
    if (typeof db?.prepare !== "function" || typeof db.exec !== "function")
      throw new ConfigError("sqliteStore.db", db, "a database of better-sqlite3, libsql or node:sqlite");
    if (typeof prefix !== "string" || !PREFIX.test(prefix))
      throw new ConfigError("sqliteStore.prefix", prefix, "a letter or underscore, then letters, digits, underscores");
    this.#clock = options.clock ?? systemClock;
    this.#maxCells = integer(maxCells, "sqliteStore.maxCells", 1);
    const busyMs = milliseconds(busyTimeout, "sqliteStore.busyTimeout");
    const how = oneOf(synchronous, "sqliteStore.synchronous", ["normal", "full"]);
    this.db = new Connection(db);
    this.tables = tablesOf(prefix);
    this.db.exec(`PRAGMA busy_timeout = ${Math.ceil(busyMs)}`);
    this.db.exec("PRAGMA journal_mode = WAL");
    this.db.exec(`PRAGMA synchronous = ${how}`);
    prepareSchema(this.db, this.tables);
  }

  /** The name of the table of cells. */
  get cells(): string {
    return this.tables.cells;
  }

  /** Whole milliseconds of wall time: the processes of one machine have the same. */
  now(): number {
    return Math.floor(this.#clock.wall());
  }

  /** @throws {TypeError} when the space is open for another kernel */
  open<S, Config, Input, D extends object>(
    kernel: Kernel<S, Config, Input, D>,
    space: string,
  ): Cells<Config, Input, D> {
    const known = this.#spaces.get(space);
    if (known !== undefined && known.kernel.name !== kernel.name)
      throw new TypeError(`sqliteStore: "${space}" is open for ${known.kernel.name}, not for ${kernel.name}`);
    if (known?.kernel.version === kernel.version) return known as unknown as SqliteCells<S, Config, Input, D>;
    const cells = new SqliteCells(this, kernel, space);
    this.#spaces.set(space, cells as never);
    return cells;
  }

  jobs(queue: string): SqliteJobs {
    let jobs = this.#queues.get(queue);
    if (jobs === undefined) {
      jobs = new SqliteJobs(this, queue);
      this.#queues.set(queue, jobs);
    }
    return jobs;
  }

  together(steps: readonly CellStep<object>[]): boolean {
    return steps.every((step) => this.#owns(step));
  }

  /** @throws {TypeError} when a cell is named twice, or is another store's */
  stepAll<D extends object>(steps: readonly CellStep<D>[]): Outcome<readonly D[]> {
    const own: BoundStep<unknown, unknown, D>[] = [];
    for (const step of steps) {
      if (!this.#owns(step)) throw new TypeError(`stepAll: the cell "${step.key}" is another store's`);
      if (own.some((other) => other.cells === step.cells && other.key === step.key))
        throw new TypeError(`stepAll: the cell "${step.key}" is named twice`);
      own.push(step as unknown as BoundStep<unknown, unknown, D>);
    }
    return this.write((now) => {
      const decided: DecidedStep<D>[] = [];
      for (const step of own) {
        const one = step.decide(now);
        if (one instanceof StoreFailure) return one;
        decided.push(one);
      }
      const all = decided.every(({ step }) => step.granted);
      const kept = decided.filter(({ step }) => all || !step.granted);
      const failure = this.reserve(kept.filter(({ adds }) => adds).length, now);
      if (failure !== undefined) return failure;
      for (const one of kept) one.keep(now);
      return decided.map(({ step }) => step.decision);
    });
  }

  /** Does something in a transaction; a failure is undone and answered. */
  write<T extends object>(act: (now: number) => Outcome<T>): Outcome<T> {
    if (this.closed) return new StoreFailure("unavailable", "no");
    const now = this.now();
    let failure: StoreFailure | undefined;
    try {
      return this.db.transaction(() => {
        const outcome = act(now);
        if (!(outcome instanceof StoreFailure)) return outcome;
        failure = outcome;
        throw outcome;
      });
    } catch (error) {
      return failure !== undefined && error === failure ? failure : failureOf(error);
    }
  }

  /** Only looks. */
  read<T extends object>(look: (now: number) => T): Outcome<T> {
    if (this.closed) return new StoreFailure("unavailable", "no");
    try {
      return look(this.now());
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Makes room for new cells, for which expired ones go. */
  reserve(count: number, now: number): StoreFailure | undefined {
    if (count === 0) return undefined;
    this.#sweep(count * SWEPT_WITH_EACH, now);
    const room = () => this.#maxCells - this.#held();
    if (room() < count) this.#sweep(SWEPT_WHEN_FULL, now);
    return room() < count ? new StoreFailure("capacity", "no") : undefined;
  }

  stats(): StoreStats {
    return { cells: this.closed ? null : this.#held(), capacity: this.#maxCells };
  }

  /** From now on everything is answered with `unavailable`. The database is the caller's to close. */
  close(): void {
    this.closed = true;
    for (const queue of this.#queues.values()) queue.close();
  }

  #held(): number {
    return Number(this.db.get(`SELECT value FROM ${this.tables.meta} WHERE name = 'cells'`)?.value);
  }

  #sweep(most: number, now: number): void {
    const { cells } = this.tables;
    for (const { space, key } of this.db.all(`SELECT space, key FROM ${cells} WHERE until <= ? LIMIT ?`, now, most))
      this.db.run(`DELETE FROM ${cells} WHERE space = ? AND key = ?`, space as string, key as string);
  }

  #owns(step: CellStep<object>): step is BoundStep<unknown, unknown, object> {
    return step instanceof BoundStep && step.cells.room === this;
  }
}

/**
 * Makes a {@link SqliteStore}.
 *
 * @param db a database of better-sqlite3, libsql or node:sqlite; its own settings of journal, waiting and syncing change
 */
export function sqliteStore(db: SqliteDatabase, options?: SqliteStoreOptions): SqliteStore {
  return new SqliteStore(db, options);
}
