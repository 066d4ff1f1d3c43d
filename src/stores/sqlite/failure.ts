import { StoreFailure } from "../../core/store.js";
import { CommitError } from "./database.js";

/**
 * What a database threw, as a failure. The drivers name errors in different ways, and all have SQLite's own text.
 * https://www.sqlite.org/rescode.html
 */
export function failureOf(error: unknown): StoreFailure {
  if (error instanceof CommitError) return new StoreFailure("unavailable", "unknown", error.cause);
  const text = `${String((error as { readonly code?: unknown } | null)?.code)} ${String(error)}`;
  if (/SQLITE_BUSY|SQLITE_LOCKED|is locked/.test(text)) return new StoreFailure("contention", "no", error);
  if (/SQLITE_FULL|is full/.test(text)) return new StoreFailure("capacity", "no", error);
  return new StoreFailure("unavailable", "no", error);
}
