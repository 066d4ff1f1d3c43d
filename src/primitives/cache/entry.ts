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

/** A value as it is held from `now` on. */
export function entryOf<V>(id: string, value: V, config: CacheConfig, now: number): Entry<V> {
  const full = value === null ? config.negativeTtlMs : config.ttlMs;
  const freshUntil = now + full * (1 - config.jitter * spread(id));
  return {
    value,
    freshUntil,
    swrUntil: freshUntil + config.swrMs,
    graceUntil: freshUntil + Math.max(config.graceMs, config.swrMs),
    retryAt: 0,
  };
}

/** From 0 up to 1, the same for the same key: FNV-1a (draft-eastlake-fnv), its upper bits mixed in. */
function spread(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) / 4_294_967_296;
}
