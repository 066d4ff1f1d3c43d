import { createRequire } from "node:module";
import Libsql from "libsql";
import type { SqliteDatabase } from "./database.js";

/** A database that a test has opened. */
export type OpenedDatabase = SqliteDatabase & { close(): unknown };

type Opener = (path: string) => OpenedDatabase;

/** The drivers that there are here: node:sqlite came with Node 22.5. */
export const drivers: readonly (readonly [name: string, open: Opener])[] = [
  ["libsql", (path) => new Libsql(path) as unknown as OpenedDatabase],
  ...nodeSqlite(),
];

function nodeSqlite(): readonly (readonly [name: string, open: Opener])[] {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 13)) return [];
  const { DatabaseSync } = createRequire(import.meta.url)("node:sqlite") as {
    DatabaseSync: new (path: string) => OpenedDatabase;
  };
  return [["node:sqlite", (path) => new DatabaseSync(path)]];
}
