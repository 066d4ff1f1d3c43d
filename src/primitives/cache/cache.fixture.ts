import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { Cache } from "./cache.js";
import type { CacheOptions } from "./options.js";

/** A cache in virtual time, and what it tells. */
export function make<V = unknown>(options: Partial<CacheOptions<V, never>> = {}) {
  const clock = new ManualClock();
  const events = new Events();
  const told: string[] = [];
  events.onAny((type) => told.push(type));
  const cache = new Cache<V>("search", { ttl: "10s", jitter: 0, ...options }, runtime({ clock, events }));
  return { cache, clock, told };
}

/** A loader whose calls are ended by hand. */
export function loader<T>() {
  const calls: { signal: () => AbortSignal; resolve: (value: T) => void; reject: (error: unknown) => void }[] = [];
  const load = (call: { signal: AbortSignal }) =>
    new Promise<T>((resolve, reject) => calls.push({ signal: () => call.signal, resolve, reject }));
  return { calls, load };
}

/** A loader that answers with these, one after the other; errors it throws. */
export const counted = (values: readonly unknown[]) => {
  let at = 0;
  const load = async () => {
    const next = values[at++];
    if (next instanceof Error) throw next;
    return next;
  };
  return { load, count: () => at };
};
