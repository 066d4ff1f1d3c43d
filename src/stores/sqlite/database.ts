/** What is bound to a statement's parameters, and what is in a row. */
export type SqliteValue = string | number | bigint | Uint8Array | null;

/** A prepared statement, as better-sqlite3, libsql and node:sqlite have it. */
export interface SqliteStatement {
  run(...values: SqliteValue[]): unknown;
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
}

/**
 * A database connection that answers at once: `Database` of better-sqlite3 or of libsql, `DatabaseSync` of node:sqlite.
 * It is the caller's: they open it, and close it after the store.
 */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/** A row by its columns. */
export type Row = Readonly<Record<string, SqliteValue>>;

/** The statements of a store, prepared when they are first used. */
export class Connection {
  readonly #db: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  run(sql: string, ...values: SqliteValue[]): void {
    this.#prepared(sql).run(...values);
  }

  get(sql: string, ...values: SqliteValue[]): Row | undefined {
    return (this.#prepared(sql).get(...values) ?? undefined) as Row | undefined;
  }

  all(sql: string, ...values: SqliteValue[]): readonly Row[] {
    return this.#prepared(sql).all(...values) as Row[];
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /**
   * Does something in a transaction that is a write from its start, so that what was read is still so when it is
   * written. Within a transaction of the caller's own it is a part of that, and is undone with it.
   */
  transaction<T>(act: () => T): T {
    const own = this.#begin();
    let result: T;
    try {
      result = act();
    } catch (error) {
      if (own) this.run("ROLLBACK");
      else {
        this.run("ROLLBACK TO keelson");
        this.run("RELEASE keelson");
      }
      throw error;
    }
    if (!own) {
      this.run("RELEASE keelson");
      return result;
    }
    try {
      this.run("COMMIT");
    } catch (error) {
      throw new CommitError(error);
    }
    return result;
  }

  /** With whether the transaction is this one's. */
  #begin(): boolean {
    try {
      this.run("BEGIN IMMEDIATE");
      return true;
    } catch (error) {
      if (!String(error).includes("within a transaction")) throw error;
      this.run("SAVEPOINT keelson");
      return false;
    }
  }

  #prepared(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** A transaction that failed as it was to become true: whether it did isn't known. */
export class CommitError extends Error {
  override readonly name = "CommitError";

  constructor(cause: unknown) {
    super("the transaction could not be committed", { cause });
  }
}
