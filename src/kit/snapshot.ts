import pTimeout from "p-timeout";
import type { DeniedKey, LimiterReading, Snapshot } from "../observe/snapshot.js";
import { ENGINE, type Limiter } from "../primitives/limiter/limiter.js";
import { clockTimers } from "../primitives/timeout/clock-timers.js";
import type { Bindings } from "./registry.js";

/** Keys that a limiter names as those it denies most. */
const DENIED_SHOWN = 10;

/** How long a snapshot waits for what the stores say of their queues. */
const ASKING_MS = 1_000;

/**
 * Asks the store of each queue how full it is, and of breakers that lie in a store how they stand, and what else is to
 * be asked. What comes too late, or not at all, the snapshot says.
 */
export async function storesAsked(bindings: Bindings, more: readonly (() => Promise<unknown>)[]): Promise<void> {
  const queues = [...bindings.all("queues").values()].map((queue) => () => queue.stats());
  const stored = [...bindings.all("upstreams").values(), ...bindings.all("breakers").values()].flatMap((one) =>
    "refresh" in one ? [() => one.refresh()] : [],
  );
  const asks: readonly (() => Promise<unknown>)[] = [...queues, ...stored, ...more];
  if (asks.length === 0) return;
  // A failure is kept, and is a part of the queue's snapshot.
  const asked = Promise.allSettled(asks.map((ask) => ask()));
  const { clock, store } = bindings.rt;
  if (store?.capability !== "act") {
    await asked;
    return;
  }
  const customTimers = clockTimers(clock);
  await pTimeout(asked, { milliseconds: ASKING_MS, fallback: () => undefined, customTimers });
}

/** What a snapshot has beside what was defined. */
export type SnapshotHead = Pick<
  Snapshot,
  | "service"
  | "bootId"
  | "at"
  | "uptimeMs"
  | "process"
  | "knobs"
  | "limiters"
  | "overload"
  | "slis"
  | "objectives"
  | "levers"
  | "surface"
>;

/**
 * The limiters with the keys they deny most.
 *
 * @param hash what stands for a key; `undefined` where limiters live no longer than a call, and remember nobody
 */
export async function limitersRead(
  bindings: Bindings,
  hash: ((key: string) => Promise<string>) | undefined,
): Promise<Record<string, LimiterReading>> {
  const read = [...bindings.all("limiters")].map(async ([name, limiter]) => {
    const topDenied = hash === undefined ? [] : await denied(limiter, hash);
    return [name, { ...limiter.snapshot(), topDenied }] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

function denied(limiter: Limiter, hash: (key: string) => Promise<string>): Promise<DeniedKey[]> {
  const top = limiter[ENGINE].topDenied(DENIED_SHOWN);
  return Promise.all(
    top.map(async ({ key, count, error }) => ({ hash: await hash(key), atLeast: count - error, atMost: count })),
  );
}

/** Puts a snapshot together. */
export function snapshotOf(bindings: Bindings, head: SnapshotHead): Snapshot {
  const { store } = bindings.rt;
  return {
    version: 1,
    ...head,
    store: { kind: store?.kind ?? "none", ...(store?.stats() ?? { cells: null, capacity: null }) },
    upstreams: bindings.snapshots("upstreams"),
    breakers: bindings.snapshots("breakers"),
    bulkheads: bindings.snapshots("bulkheads"),
    sharedBulkheads: bindings.snapshots("sharedBulkheads"),
    caches: bindings.snapshots("caches"),
    idempotency: bindings.snapshots("idempotency"),
    replayGuards: bindings.snapshots("replayGuards"),
    queues: bindings.snapshots("queues"),
  };
}
