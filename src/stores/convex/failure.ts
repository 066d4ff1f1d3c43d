import { type Capability, StoreFailure } from "../../core/store.js";

/** What Convex says of a mutation that others' writes got in the way of, again and again. */
const CONFLICT = /OptimisticConcurrencyControlFailure|changed while this mutation was being run/;

/**
 * Whether Convex gave up on a mutation because others kept writing the same documents. It shows when the transaction is to
 * be committed, so only who called it from outside can tell: an action, an HTTP action, a client.
 * https://docs.convex.dev/database/advanced/occ
 */
export function isConflict(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  return CONFLICT.test(`${String(code)} ${String(message)}`);
}

/**
 * What a call of the component threw, as a failure. Conflicts show when a transaction commits, so only an action's call
 * can fail with one: there the mutation is a transaction of its own.
 * https://docs.convex.dev/database/advanced/occ
 */
export function failureOf(error: unknown, capability: Capability): StoreFailure {
  if (isConflict(error)) return new StoreFailure("contention", "no", error);
  // Within a query or mutation what failed was undone; an action can't tell whether the answer was lost, or the write.
  return new StoreFailure("unavailable", capability === "act" ? "unknown" : "no", error);
}
