import type { Context } from "../../core/context.js";
import type { EventMap } from "../../core/events.js";
import type { Runtime } from "../../core/runtime.js";
import type { Entry } from "./entry.js";
import { Flight, type LoadCall } from "./flight.js";
import type { CacheConfig } from "./options.js";
import type { Found } from "./tier2.js";

/** Gets a value that is not there. */
export type Loader<T> = (call: LoadCall) => T | PromiseLike<T>;

/** What is told of a key. */
type Told = { readonly name: string; readonly context: Context | undefined; readonly key: string };

/** What loads need to know of their cache. */
export interface LoadTarget<V> {
  readonly rt: Runtime;
  /** The value to keep and to hand out. @throws where it is none that may be kept */
  check(value: V): V;
  keep(id: string, found: Found<V>, config: CacheConfig): void;
  /** Looks elsewhere before it asks the source; left out where there is nowhere else. */
  readonly elsewhere?: ((id: string, config: CacheConfig, source: () => Promise<V>) => Promise<Found<V>>) | undefined;
  event(key: string, context: Context | undefined): Told;
}

/** The loads under way, one for each key, and what came of those before. */
export class Loads<V> {
  started = 0;
  failures = 0;
  dropped = 0;
  readonly #flights = new Map<string, Flight<V>>();
  readonly #target: LoadTarget<V>;

  constructor(target: LoadTarget<V>) {
    this.#target = target;
  }

  get underWay(): number {
    return this.#flights.size;
  }

  /** The load of a key that may be joined: not one that everybody has left. */
  find(id: string): Flight<V> | undefined {
    const flight = this.#flights.get(id);
    return flight?.current ? flight : undefined;
  }

  /** @param stale what may stand in for the value if loading fails */
  start(
    id: string,
    config: CacheConfig,
    load: Loader<V>,
    context: Context | undefined,
    stale: Entry<V> | undefined,
  ): Flight<V> {
    const flight = new Flight<V>(context ?? this.#target.rt.currentContext?.());
    this.#flights.set(id, flight);
    flight.promise = this.#run(id, flight, config, load, stale);
    return flight;
  }

  /** What is being loaded for this key is not to be kept. */
  supersede(id: string): void {
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    flight.current = false;
    this.#flights.delete(id);
  }

  /** Nothing that is being loaded is to be kept. */
  supersedeAll(): void {
    for (const flight of this.#flights.values()) flight.current = false;
    this.#flights.clear();
  }

  async #run(
    id: string,
    flight: Flight<V>,
    config: CacheConfig,
    load: Loader<V>,
    stale: Entry<V> | undefined,
  ): Promise<V> {
    const target = this.#target;
    const source = () => this.#source(id, flight, load, config, stale);
    try {
      const { elsewhere } = target;
      const found = elsewhere === undefined ? { value: await source() } : await elsewhere(id, config, source);
      const { value, refused } = found;
      if (flight.current && refused !== true) {
        if (value !== undefined) target.keep(id, found, config);
      } else this.dropped++;
      return value;
    } finally {
      flight.settled();
      if (this.#flights.get(id) === flight) this.#flights.delete(id);
    }
  }

  /** Asks the source, and counts and tells what came of it. */
  async #source(
    id: string,
    flight: Flight<V>,
    load: Loader<V>,
    config: CacheConfig,
    stale: Entry<V> | undefined,
  ): Promise<V> {
    const target = this.#target;
    const { clock, events } = target.rt;
    const start = clock.monotonic();
    this.started++;
    try {
      const value = target.check(await this.#called(flight, load));
      if (events.wants("cache.loaded")) {
        const stored = flight.current && value !== undefined;
        const durationMs = clock.monotonic() - start;
        events.emit("cache.loaded", { ...target.event(id, flight.caller), durationMs, stored });
      }
      return value;
    } catch (error) {
      this.failures++;
      const now = clock.monotonic();
      const served: EventMap["cache.failed"]["served"] =
        stale !== undefined && now < stale.graceUntil ? "stale" : "none";
      if (stale !== undefined) stale.retryAt = now + config.failureBackoffMs;
      if (events.wants("cache.failed"))
        events.emit("cache.failed", { ...target.event(id, flight.caller), error, served });
      throw error;
    }
  }

  /** What the load calls without passing a context finds the load's, and not that of the caller who came first. */
  #called(flight: Flight<V>, load: Loader<V>): V | PromiseLike<V> {
    const { inContext } = this.#target.rt;
    const run = () => load(flight);
    if (inContext === undefined) return run();
    const { context } = flight;
    return context === undefined ? run() : inContext(context, run);
  }
}
