import type { Alarm, Clock } from "../core/clock.js";

/** How a {@link Floodgate} works. */
export interface FloodgateOptions<T> {
  readonly clock: Clock;
  /** So many of one key pass in `everyMs`. */
  readonly burst: number;
  readonly everyMs: number;
  /** So many of all keys together pass at once, and so many more in a minute. */
  readonly perMinute: number;
  /** Keys that are told apart. Others share one. */
  readonly maxKeys: number;
  /** Whether what was held back is told at the end of its time without anything new coming. */
  readonly timers: boolean;
  /** @param suppressed how many like it were held back since the last that passed */
  readonly pass: (item: T, suppressed: number) => void;
}

interface Entry<T> {
  until: number;
  passed: number;
  suppressed: number;
  last: T | undefined;
}

const OTHER = "other";
const MINUTE_MS = 60_000;

/**
 * Lets the first of each kind through and counts the others: an incident tells once what it has to tell, and then how
 * often. What is held back costs a look into a map, and builds nothing.
 */
export class Floodgate<T> {
  /** Items that did not pass. */
  suppressed = 0;
  readonly #options: FloodgateOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();
  #tokens: number;
  #refilledAt: number;
  #alarm: Alarm | undefined;

  constructor(options: FloodgateOptions<T>) {
    this.#options = options;
    this.#tokens = options.perMinute;
    this.#refilledAt = options.clock.monotonic();
  }

  /** @param make makes the item, only where it is needed */
  offer(key: string, make: () => T): void {
    const { clock, burst, everyMs, pass } = this.#options;
    const now = clock.monotonic();
    const entry = this.#entry(key, now);
    if (now >= entry.until) {
      entry.until = now + everyMs;
      entry.passed = 0;
    }
    if (entry.passed < burst && this.#token(now)) {
      entry.passed++;
      const { suppressed } = entry;
      entry.suppressed = 0;
      const item = make();
      entry.last = item;
      pass(item, suppressed);
      return;
    }
    entry.last ??= make();
    entry.suppressed++;
    this.suppressed++;
    this.#watch(entry.until - now);
  }

  /** Tells what was held back, as far as may be told, and lets go of everything. */
  close(): void {
    this.#alarm?.cancel();
    this.#sweep(Number.POSITIVE_INFINITY);
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#entries.clear();
  }

  #entry(key: string, now: number): Entry<T> {
    const { maxKeys, everyMs } = this.#options;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= maxKeys) this.#forget(now);
    if (this.#entries.size >= maxKeys && key !== OTHER) return this.#entry(OTHER, now);
    const entry: Entry<T> = { until: now + everyMs, passed: 0, suppressed: 0, last: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #forget(now: number): void {
    for (const [key, { until, suppressed }] of this.#entries)
      if (now >= until && suppressed === 0) this.#entries.delete(key);
  }

  #token(now: number): boolean {
    const { perMinute } = this.#options;
    const more = ((now - this.#refilledAt) * perMinute) / MINUTE_MS;
    this.#tokens = Math.min(perMinute, this.#tokens + more);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #watch(ms: number): void {
    if (!this.#options.timers || this.#alarm !== undefined) return;
    const { clock } = this.#options;
    this.#alarm = clock.alarm(Math.max(1, Math.ceil(ms)), () => this.#sweep(clock.monotonic()), "background");
  }

  /** Tells what was held back by those whose time is up. */
  #sweep(until: number): void {
    const { clock, everyMs, pass } = this.#options;
    const now = clock.monotonic();
    this.#alarm = undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) {
      const { suppressed, last } = entry;
      if (entry.until <= until && suppressed > 0 && last !== undefined && this.#token(now)) {
        Object.assign(entry, { until: now + everyMs, passed: 1, suppressed: 0 });
        pass(last, suppressed);
      } else if (suppressed > 0) next = Math.min(next, Math.max(entry.until, now + everyMs / 10));
    }
    if (Number.isFinite(next)) this.#watch(next - now);
  }
}
