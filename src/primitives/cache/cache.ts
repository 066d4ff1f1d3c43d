import { LRUCache } from "lru-cache";
import type { Context } from "../../core/context.js";
import type { EventMap } from "../../core/events.js";
import { Derived, type Runtime, runtime } from "../../core/runtime.js";
import { cacheKey } from "./cache-key.js";
import { type Entry, entryOf, sharedEntryOf } from "./entry.js";
import { type Loader, Loads } from "./loads.js";
import { type CacheConfig, type CacheOptions, cacheConfig, maxEntriesOf } from "./options.js";
import { type Found, Tier2, type Tier2Snapshot } from "./tier2.js";
import { tier2Config } from "./tier2-options.js";
import { type Checker, checker } from "./value-check.js";

/** What may be said about one read. */
export interface ReadOptions {
  /** When it aborts, this caller stops waiting; the load goes on while anyone else waits. */
  readonly signal?: AbortSignal;
  readonly context?: Context;
}

/** A namespace of a cache as a snapshot shows it. */
export interface CacheSnapshot {
  readonly entries: number;
  readonly capacity: number;
  readonly version: string;
  /** Reads that got a fresh value. */
  readonly hits: number;
  /** Reads that got one past its time: while another was loaded, or because that failed. */
  readonly staleHits: number;
  /** Reads that had to wait for a load. */
  readonly misses: number;
  readonly loads: number;
  /** Loads that failed. */
  readonly failures: number;
  /** Loads whose value was not kept, for the key or the namespace was changed meanwhile. */
  readonly dropped: number;
  readonly cleared: number;
  /** Loads under way. */
  readonly loading: number;
  /** `null` where values are held in this process alone. */
  readonly tier2: Tier2Snapshot | null;
}

/**
 * Keeps what is dear to get, and gets it once for everyone who asks at the same time.
 *
 * @example
 * const search = new Cache<Hit[]>("search_web", { ttl: "5m", grace: "1h" });
 * const hits = await search.read({ q, page: 1 }, ({ signal }) => serper.search(q, signal));
 */
export class Cache<V = unknown> {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #config: Derived<CacheConfig>;
  readonly #entries: LRUCache<string, Entry<V>>;
  readonly #loads: Loads<V>;
  readonly #check: Checker<V>;
  readonly #clone: boolean;
  readonly #tier2: Tier2<V> | undefined;
  #version: string;
  #epoch = 0;
  #hits = 0;
  #staleHits = 0;
  #misses = 0;
  #cleared = 0;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: CacheOptions<V, never>, rt: Runtime = runtime()) {
    const where = `cache(${JSON.stringify(name)})`;
    this.name = name;
    this.#rt = rt;
    this.#config = new Derived(rt.knobs, (read) => cacheConfig(where, options as CacheOptions<never, never>, read));
    this.#entries = new LRUCache({ max: maxEntriesOf(where, options as CacheOptions<never, never>) });
    this.#check = checker(name, options.value);
    this.#version = this.#config.value.version;
    const tier2 = options.tier2 === undefined ? undefined : this.#shared(tier2Config(`${where}.tier2`, options.tier2));
    this.#tier2 = tier2;
    this.#loads = new Loads<V>({
      rt,
      check: (value) => this.#check(value, "upstream_failed"),
      keep: (id, found, config) => this.#keep(id, found, config),
      elsewhere: tier2 === undefined ? undefined : (id, config, source) => tier2.load(id, config, source),
      event: (key, context) => this.#event(key, context),
    });
    this.#clone = options.clone === true;
  }

  /**
   * The value of a key: the one that is held, or what `load` gets. However many ask at the same time, one load serves
   * them all, and when it fails they all hear of it. `undefined` is handed on and not kept.
   *
   * @throws whatever `load` throws, where no older value may stand in for it
   * @throws {TypeError} when the key can't be one, see {@link cacheKey}
   */
  read<T extends V>(key: unknown, load: Loader<T>, options?: ReadOptions): Promise<T> {
    const config = this.#current();
    let id: string;
    try {
      id = typeof key === "string" && key.charCodeAt(0) !== 0 ? key : cacheKey(key);
    } catch (error) {
      return Promise.reject(error);
    }
    const entry = this.#entries.get(id);
    if (entry !== undefined) {
      const now = this.#rt.clock.monotonic();
      if (now < entry.freshUntil) {
        this.#hits++;
        if (this.#rt.events.wants("cache.hit")) this.#tellHit(id, entry.value === null ? "negative" : "fresh", options);
        return Promise.resolve(this.#handOut(entry.value) as T);
      }
      return this.#readStale(id, entry, now, config, load, options);
    }
    return this.#wait(id, undefined, config, load, options);
  }

  /** The value that is held, fresh or handed out while another is loaded; `undefined` where there is none. */
  async get(key: unknown): Promise<V | undefined> {
    const config = this.#current();
    const id = cacheKey(key);
    const entry = this.#entries.get(id);
    const now = this.#rt.clock.monotonic();
    if (entry !== undefined && now < entry.freshUntil) return this.#handOut(entry.value);
    // Another process may have loaded a new one.
    const found = await this.#tier2?.peek(id, config);
    if (found !== undefined) return found.value;
    return entry !== undefined && now < entry.swrUntil ? this.#handOut(entry.value) : undefined;
  }

  /**
   * Holds a value; a load of the same key that is under way is not kept.
   *
   * @throws {KeelsonError} `internal` when the value doesn't match the schema; `unavailable` when the second tier could not
   * be reached: then only this process has the new value
   */
  async set(key: unknown, value: V): Promise<void> {
    const config = this.#current();
    const id = cacheKey(key);
    const checked = this.#check(value, "internal");
    const hold = () => {
      this.#loads.supersede(id);
      this.#keep(id, { value: checked }, config);
    };
    hold();
    if (this.#tier2 === undefined) return;
    await this.#tier2.set(id, checked, config);
    // Whoever asked meanwhile may have got the older one from there.
    hold();
  }

  /**
   * Drops a value; a load of the same key that is under way is not kept.
   *
   * @throws {KeelsonError} `unavailable` when the second tier could not be reached: then only this process has dropped it
   */
  async delete(key: unknown): Promise<boolean> {
    this.#current();
    const id = cacheKey(key);
    const here = this.#drop(id);
    if (this.#tier2 === undefined) return here;
    const there = await this.#tier2.delete(id);
    // Whoever asked meanwhile may have got it from there.
    return this.#drop(id) || here || there;
  }

  /**
   * Drops everything in the namespace, what is being loaded included: whoever asks from now on gets a new load.
   *
   * @throws {KeelsonError} as {@link delete}
   */
  async clear(): Promise<void> {
    this.#current();
    this.#clear();
    if (this.#tier2 === undefined) return;
    await this.#tier2.clear();
    // Whoever asked meanwhile may have got something from there.
    this.#forget();
  }

  /** The same in this process alone, when another has cleared the namespace for all: what a second tier has got since stays. */
  clearHere(): void {
    this.#current();
    this.#tier2?.forgetEpoch();
    this.#clear();
  }

  /** The namespace as plain data. */
  snapshot(): CacheSnapshot {
    this.#current();
    return {
      entries: this.#entries.size,
      capacity: this.#entries.max,
      version: this.#name(),
      hits: this.#hits,
      staleHits: this.#staleHits,
      misses: this.#misses,
      loads: this.#loads.started,
      failures: this.#loads.failures,
      dropped: this.#loads.dropped,
      cleared: this.#cleared,
      loading: this.#loads.underWay,
      tier2: this.#tier2?.snapshot() ?? null,
    };
  }

  /** The configuration in effect; a version that a knob has changed clears the namespace first. */
  #current(): CacheConfig {
    const config = this.#config.value;
    if (config.version !== this.#version) {
      this.#version = config.version;
      this.#tier2?.useVersion(config.version);
      this.#clear();
    }
    return config;
  }

  #clear(): void {
    this.#epoch++;
    this.#cleared++;
    this.#forget();
    if (this.#rt.events.wants("cache.cleared"))
      this.#rt.events.emit("cache.cleared", { name: this.name, version: this.#name() });
  }

  #forget(): void {
    this.#entries.clear();
    this.#loads.supersedeAll();
  }

  #name(): string {
    return this.#version === "" ? String(this.#epoch) : `${this.#version}.${this.#epoch}`;
  }

  #readStale<T extends V>(
    id: string,
    entry: Entry<V>,
    now: number,
    config: CacheConfig,
    load: Loader<T>,
    options: ReadOptions | undefined,
  ): Promise<T> {
    const revalidating = now < entry.swrUntil;
    if (revalidating || (now < entry.graceUntil && now < entry.retryAt)) {
      if (now >= entry.retryAt && this.#loads.find(id) === undefined) {
        const flight = this.#loads.start(id, config, load, options?.context, entry);
        flight.keep();
        // Nobody waits: its failure has been counted and told, and the value at hand has been handed out.
        flight.promise?.catch(() => undefined);
      }
      return this.#handOutStale(id, entry, revalidating ? "stale" : "grace", options) as Promise<T>;
    }
    if (now >= entry.graceUntil) this.#entries.delete(id);
    return this.#wait(id, now < entry.graceUntil ? entry : undefined, config, load, options);
  }

  #wait<T extends V>(
    id: string,
    stale: Entry<V> | undefined,
    config: CacheConfig,
    load: Loader<T>,
    options: ReadOptions | undefined,
  ): Promise<T> {
    this.#misses++;
    const signal = options?.signal ?? options?.context?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#rt.events.wants("cache.miss")) this.#rt.events.emit("cache.miss", this.#event(id, options?.context));
    const flight = this.#loads.find(id) ?? this.#loads.start(id, config, load, options?.context, stale);
    const arrived = flight.join(flight.promise as Promise<V>, signal);
    if (stale === undefined && !this.#clone) return arrived as Promise<T>;
    return arrived.then(
      (value) => this.#handOut(value) as T,
      (error: unknown) => {
        if (stale === undefined || signal?.aborted || this.#rt.clock.monotonic() >= stale.graceUntil) throw error;
        return this.#handOutStale(id, stale, "grace", options) as Promise<T>;
      },
    );
  }

  #handOut(value: V): V {
    return this.#clone ? structuredClone(value) : value;
  }

  #handOutStale(id: string, entry: Entry<V>, state: "stale" | "grace", options: ReadOptions | undefined): Promise<V> {
    this.#staleHits++;
    if (this.#rt.events.wants("cache.hit")) this.#tellHit(id, state, options);
    return Promise.resolve(this.#handOut(entry.value));
  }

  #tellHit(id: string, state: EventMap["cache.hit"]["state"], options: ReadOptions | undefined): void {
    this.#rt.events.emit("cache.hit", { ...this.#event(id, options?.context), state });
  }

  #keep(id: string, { value, life, failure }: Found<V>, config: CacheConfig): void {
    const now = this.#rt.clock.monotonic();
    const localTtlMs = this.#tier2?.localTtlMs() ?? Number.POSITIVE_INFINITY;
    let entry = entryOf(id, value, config, now);
    if (life !== undefined) entry = sharedEntryOf(value, life.freshMs, life.graceMs, localTtlMs, config, now);
    else if (now + localTtlMs < entry.freshUntil)
      entry = sharedEntryOf(value, entry.freshUntil - now, entry.graceUntil - now, localTtlMs, config, now);
    // Loading has just failed.
    if (failure !== undefined) entry.retryAt = now + config.failureBackoffMs;
    this.#entries.set(id, entry);
  }

  #drop(id: string): boolean {
    this.#loads.supersede(id);
    return this.#entries.delete(id);
  }

  #shared(config: ReturnType<typeof tier2Config>): Tier2<V> {
    return new Tier2<V>(this.name, this.#version, config, this.#rt, {
      parsed: (text) => {
        try {
          return { value: this.#check(JSON.parse(text) as V, "internal") };
        } catch {
          // Of another release: it counts as none, and is loaded.
          return undefined;
        }
      },
      drop: (id) => this.#drop(id),
      dropAll: () => this.#clear(),
      forget: () => this.#forget(),
      keep: (id, found) => this.#keep(id, found, this.#config.value),
      event: (key) => ({ name: this.name, key }),
    });
  }

  #event(key: string, context: Context | undefined) {
    return { name: this.name, context: context ?? this.#rt.currentContext?.(), key };
  }
}
