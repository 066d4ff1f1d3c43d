import { ConfigError } from "../../core/config.js";
import type { Connection } from "./database.js";

/** Of the tables. A database of a newer one is refused, one of an older one is brought up. */
const VERSION = 1;

/** The names of the tables. */
export interface Tables {
  readonly meta: string;
  readonly cells: string;
  readonly queues: string;
  readonly tools: string;
  readonly jobs: string;
}

/** The tables of a store, by the prefix of their names. */
export function tablesOf(prefix: string): Tables {
  const named = (table: string) => `${prefix}${table}`;
  return {
    meta: named("meta"),
    cells: named("cells"),
    queues: named("queues"),
    tools: named("tools"),
    jobs: named("jobs"),
  };
}

/**
 * Makes the tables where they are missing.
 *
 * @throws {ConfigError} when they are of a newer version
 */
export function prepareSchema(db: Connection, { meta, cells, queues, tools, jobs }: Tables): void {
  db.transaction(() => {
    db.exec(`CREATE TABLE IF NOT EXISTS ${meta} (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID`);
    const found = db.get(`SELECT value FROM ${meta} WHERE name = 'version'`)?.value;
    if (typeof found === "number" && found > VERSION)
      throw new ConfigError("sqliteStore.db", `tables of version ${found}`, `tables of version ${VERSION}, or none`);
    if (found === VERSION) return;
    db.exec(`
      CREATE TABLE ${cells} (
        space TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, state NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (space, key)
      ) WITHOUT ROWID;
      CREATE INDEX ${cells}_until ON ${cells} (until);
      CREATE TRIGGER ${cells}_more AFTER INSERT ON ${cells}
        BEGIN UPDATE ${meta} SET value = value + 1 WHERE name = 'cells'; END;
      CREATE TRIGGER ${cells}_less AFTER DELETE ON ${cells}
        BEGIN UPDATE ${meta} SET value = value - 1 WHERE name = 'cells'; END;

      CREATE TABLE ${queues} (
        queue TEXT PRIMARY KEY, number INTEGER NOT NULL, front INTEGER NOT NULL, fence INTEGER NOT NULL, turn INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE ${tools} (
        queue TEXT NOT NULL, tool TEXT NOT NULL, paused INTEGER NOT NULL,
        queued INTEGER NOT NULL, delayed INTEGER NOT NULL, running INTEGER NOT NULL, waiting INTEGER NOT NULL,
        succeeded INTEGER NOT NULL, failed INTEGER NOT NULL, dead INTEGER NOT NULL, expired INTEGER NOT NULL,
        cancelled INTEGER NOT NULL, kept INTEGER NOT NULL,
        PRIMARY KEY (queue, tool)
      ) WITHOUT ROWID;
      CREATE TABLE ${jobs} (
        number INTEGER NOT NULL, queue TEXT NOT NULL, id TEXT NOT NULL, tool TEXT NOT NULL, payload TEXT NOT NULL,
        attempts INTEGER NOT NULL, enqueued INTEGER NOT NULL,
        state TEXT NOT NULL, place INTEGER NOT NULL, at INTEGER NOT NULL, cancelling INTEGER NOT NULL,
        attempt INTEGER NOT NULL, fence INTEGER NOT NULL, due INTEGER NOT NULL, deadline INTEGER NOT NULL,
        started INTEGER NOT NULL, ended INTEGER NOT NULL, result TEXT, error TEXT, dedupe TEXT NOT NULL
      );
      CREATE UNIQUE INDEX ${jobs}_id ON ${jobs} (queue, id);
      CREATE INDEX ${jobs}_queued ON ${jobs} (queue, tool, place) WHERE state = 'queued';
      CREATE INDEX ${jobs}_at ON ${jobs} (queue, state, at, number) WHERE state IN ('delayed', 'running');
      CREATE INDEX ${jobs}_ended ON ${jobs} (queue, at) WHERE ended > 0;
      CREATE INDEX ${jobs}_dead ON ${jobs} (queue, ended, number) WHERE state = 'dead';
      CREATE UNIQUE INDEX ${jobs}_dedupe ON ${jobs} (queue, tool, dedupe) WHERE dedupe <> '';

      INSERT INTO ${meta} VALUES ('version', ${VERSION}), ('cells', 0);
    `);
  });
}
