import type { Snapshot } from "../observe/snapshot.js";
import type { Bindings } from "./registry.js";

/** What a snapshot has beside what was defined. */
export type SnapshotHead = Pick<Snapshot, "service" | "bootId" | "at" | "uptimeMs" | "knobs" | "slis" | "surface">;

/** Puts a snapshot together. */
export function snapshotOf(bindings: Bindings, head: SnapshotHead): Snapshot {
  const { store } = bindings.rt;
  return {
    version: 1,
    ...head,
    store: { kind: store?.kind ?? "none", ...(store?.stats() ?? { cells: null, capacity: null }) },
    limiters: bindings.snapshots("limiters"),
    upstreams: bindings.snapshots("upstreams"),
    breakers: bindings.snapshots("breakers"),
    bulkheads: bindings.snapshots("bulkheads"),
    caches: bindings.snapshots("caches"),
    idempotency: bindings.snapshots("idempotency"),
    replayGuards: bindings.snapshots("replayGuards"),
  };
}
