import type { CacheConfig } from "./options.js";

/** A value that is held. Times are those of the clock's `monotonic()`. */
export interface Entry<V> {
  readonly value: V;
  readonly freshUntil: number;
  readonly swrUntil: number;
  readonly graceUntil: number;
  /** Loading failed: not tried again before. */
  retryAt: number;
}

/** How long a value that was just loaded is fresh, in milliseconds. */
export function freshMsOf(id: string, value: unknown, config: CacheConfig): number {
  const full = value === null ? config.negativeTtlMs : config.ttlMs;
  return full * (1 - config.jitter * spread(id));
}

/** A value as it is held from `now` on. */
export function entryOf<V>(id: string, value: V, config: CacheConfig, now: number): Entry<V> {
  const freshUntil = now + freshMsOf(id, value, config);
  return {
    value,
    freshUntil,
    swrUntil: freshUntil + config.swrMs,
    graceUntil: freshUntil + Math.max(config.graceMs, config.swrMs),
    retryAt: 0,
  };
}

/** A value that is held elsewhere, too: for so long here, then it is to be looked at again. */
export function sharedEntryOf<V>(
  value: V,
  freshMs: number,
  graceMs: number,
  localTtlMs: number,
  config: CacheConfig,
  now: number,
): Entry<V> {
  const freshUntil = now + Math.min(freshMs, localTtlMs);
  // What may have been changed elsewhere is not handed out before somebody looked, unless nobody can.
  const swrUntil = localTtlMs < freshMs ? freshUntil : now + freshMs + config.swrMs;
  return { value, freshUntil, swrUntil, graceUntil: Math.max(swrUntil, now + graceMs), retryAt: 0 };
}

/** From 0 up to 1, the same for the same key: FNV-1a (draft-eastlake-fnv), its upper bits mixed in. */
function spread(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) / 4_294_967_296;
}
