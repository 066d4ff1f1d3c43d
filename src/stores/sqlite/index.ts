/** The entry point `keelson/sqlite`. */
export type { SqliteDatabase, SqliteStatement, SqliteValue } from "./database.js";
export { SqliteStore, type SqliteStoreOptions, sqliteStore } from "./sqlite-store.js";
