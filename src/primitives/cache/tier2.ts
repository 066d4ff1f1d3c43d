import type { Runtime } from "../../core/runtime.js";
import { StoreFailure } from "../../core/store.js";
import { longer } from "../../core/utf8.js";
import type { CacheEntryDecision } from "../../kernel/cache/entry.js";
import { freshMsOf } from "./entry.js";
import { News } from "./news.js";
import type { CacheConfig } from "./options.js";
import { type EntryQuestion, SharedEntries } from "./shared-entries.js";
import type { Tier2Config } from "./tier2-options.js";

/** How much longer a value that is in the store is good for. */
export interface Life {
  readonly freshMs: number;
  readonly graceMs: number;
}

/** What came of looking in the store, or of loading. */
export interface Found<V> {
  readonly value: V;
  /** Left out: it was just loaded. */
  readonly life?: Life;
  /** Whether it must not be kept here either: it was changed while it was loaded. */
  readonly refused?: boolean;
  /** Why it could not be loaded, and an old one stands in. */
  readonly failure?: unknown;
}

/** What a second tier asks of its cache. */
export interface Tier2Target<V> {
  /** What was read, or `undefined` where it is none that may be handed out. */
  parsed(text: string): { readonly value: V } | undefined;
  /** Drops one value here, and doesn't keep what is being loaded of it. */
  drop(id: string): void;
  /** The same for all: the namespace was cleared. */
  dropAll(): void;
  /** The same for all, for news may have been missed. */
  forget(): void;
  /** Holds a value here that was loaded while an old one was handed out. */
  keep(id: string, found: Found<V>): void;
  event(key: string): { readonly name: string; readonly key: string };
}

/** The second tier as a snapshot shows it. */
export interface Tier2Snapshot {
  /** Reads that found a fresh value there. */
  readonly hits: number;
  readonly misses: number;
  /** Reads that waited for another process's load. */
  readonly waits: number;
  /** Loads whose value was not kept, for it was changed meanwhile, or another process had taken over. */
  readonly refused: number;
  readonly failures: number;
  /** Whether the store is left alone, for it has just failed. */
  readonly cooling: boolean;
  /** Whether changes by other processes are heard of at once. */
  readonly hearing: boolean;
  readonly epoch: number;
}

/** Values in a store that all processes share: one loads for all, and what one changes is changed for all. */
export class Tier2<V> {
  readonly #rt: Runtime;
  readonly #config: Tier2Config;
  readonly #target: Tier2Target<V>;
  readonly #entries: SharedEntries;
  readonly #news: News;
  #hits = 0;
  #misses = 0;
  #waits = 0;
  #refused = 0;

  constructor(name: string, version: string, config: Tier2Config, rt: Runtime, target: Tier2Target<V>) {
    this.#rt = rt;
    this.#config = config;
    this.#target = target;
    this.#entries = new SharedEntries(name, version, config, rt, () => target.dropAll());
    this.#news = new News(name, rt, {
      changed: (id) => target.drop(id),
      cleared: () => {
        this.#entries.forgetEpoch();
        target.dropAll();
      },
      missed: () => target.forget(),
    });
  }

  useVersion(version: string): void {
    this.#entries.useVersion(version);
  }

  /** The next read finds out which epoch it is. */
  forgetEpoch(): void {
    this.#entries.forgetEpoch();
  }

  /** How long a value may be held here without looking. */
  localTtlMs(): number {
    return this.#config.localTtlMs ?? (this.#news.hearing ? Number.POSITIVE_INFINITY : 30_000);
  }

  /** A value that is there, loading none. */
  async peek(id: string, config: CacheConfig): Promise<Found<V> | undefined> {
    this.#news.listen();
    const look = await this.#ask(id, { op: "read", fence: 0 });
    const found = look === undefined ? undefined : this.#found(look);
    return found?.life !== undefined && found.life.freshMs > -config.swrMs ? found : undefined;
  }

  /**
   * The value that is there, or what `source` gets, once for all processes.
   *
   * @throws what `source` throws, where no older value may stand in
   */
  async load(id: string, config: CacheConfig, source: () => Promise<V>): Promise<Found<V>> {
    this.#news.listen();
    const { clock } = this.#rt;
    const until = clock.monotonic() + this.#config.waitMs;
    const fence = this.#entries.nonce();
    for (let attempt = 0; ; attempt++) {
      const look = await this.#ask(id, { op: "read", fence });
      if (look === undefined) return { value: await source() };
      const found = this.#found(look);
      if (found?.life !== undefined && found.life.freshMs > 0) {
        this.#hits++;
        this.#tell(id, "hit");
        return found;
      }
      if (attempt === 0) this.#misses++;
      const revalidating = found?.life !== undefined && found.life.freshMs > -config.swrMs;
      // A fresh value that can't be read here, one of another release say, is nobody's to load for all.
      if (look.fence === 0 && look.waitMs === 0) return { value: await source() };
      if (look.fence !== 0 && !revalidating) return this.#fill(id, fence, config, source, found);
      if (revalidating) {
        if (look.fence !== 0) this.#refresh(id, fence, config, source);
        this.#tell(id, "stale");
        return found;
      }
      const left = until - clock.monotonic();
      if (left <= 0) return found ?? { value: await source() };
      this.#waits++;
      this.#tell(id, "waited");
      await this.#news.wait(id, Math.min(left, look.waitMs), attempt);
    }
  }

  /** @throws {KeelsonError} `unavailable` when the store could not be reached: other processes go on with the older value */
  async set(id: string, value: V, config: CacheConfig): Promise<void> {
    const text = this.#text(id, value);
    const question: EntryQuestion =
      text === undefined ? { op: "delete" } : { op: "set", text, ...lifetimes(id, value, config) };
    await this.#change(id, text === undefined ? "delete" : "set", question);
  }

  /** Whether there was a value. @throws {KeelsonError} as {@link set} */
  async delete(id: string): Promise<boolean> {
    return this.#change(id, "delete", { op: "delete" });
  }

  /** @throws {KeelsonError} as {@link set} */
  async clear(): Promise<void> {
    const outcome = await this.#entries.clear();
    if (outcome instanceof StoreFailure) throw this.#entries.unavailable("clear", outcome);
    this.#news.tell("cleared");
  }

  snapshot(): Tier2Snapshot {
    const { failures, cooling, epoch } = this.#entries;
    const { hearing } = this.#news;
    const counts = { hits: this.#hits, misses: this.#misses, waits: this.#waits, refused: this.#refused };
    return { ...counts, failures, cooling, hearing, epoch };
  }

  async #change(id: string, operation: string, question: EntryQuestion): Promise<boolean> {
    const outcome = await this.#entries.ask(id, question);
    if (outcome instanceof StoreFailure) throw this.#entries.unavailable(operation, outcome);
    this.#news.tell("changed", id);
    return outcome.kept;
  }

  /** Loads while an old value is handed out. */
  #refresh(id: string, fence: number, config: CacheConfig, source: () => Promise<V>): void {
    this.#fill(id, fence, config, source, undefined).then(
      (found) => {
        if (found.refused !== true) this.#target.keep(id, found);
      },
      // Its failure has been counted and told by the source, and the old value has been handed out.
      () => undefined,
    );
  }

  /** Loads for all. */
  async #fill(
    id: string,
    fence: number,
    config: CacheConfig,
    source: () => Promise<V>,
    stale: Found<V> | undefined,
  ): Promise<Found<V>> {
    let value: V;
    try {
      value = await source();
    } catch (failure) {
      await this.#settle(id, { op: "release", fence });
      if (stale === undefined) throw failure;
      return { ...stale, failure };
    }
    const text = value === undefined ? undefined : this.#text(id, value);
    if (text === undefined) {
      await this.#settle(id, { op: "release", fence });
      return { value };
    }
    const decision = await this.#settle(id, { op: "commit", fence, text, ...lifetimes(id, value, config) });
    if (decision === undefined || decision.kept) return { value };
    this.#refused++;
    this.#tell(id, "refused");
    return { value, refused: true };
  }

  /** Ends a load, and tells those who wait for it. */
  async #settle(id: string, question: EntryQuestion): Promise<CacheEntryDecision | undefined> {
    const decision = await this.#ask(id, question);
    if (decision?.waited === true) this.#news.tell("settled", id);
    return decision;
  }

  async #ask(id: string, question: EntryQuestion): Promise<CacheEntryDecision | undefined> {
    if (this.#entries.cooling) return undefined;
    const outcome = await this.#entries.ask(id, question);
    return outcome instanceof StoreFailure ? undefined : outcome;
  }

  #found({ text, freshMs, graceMs }: CacheEntryDecision): Found<V> | undefined {
    const parsed = text === null ? undefined : this.#target.parsed(text);
    return parsed === undefined ? undefined : { ...parsed, life: { freshMs, graceMs } };
  }

  /** A value as text; `undefined` where it can't be shared. */
  #text(id: string, value: V): string | undefined {
    let text: string | undefined;
    let error: unknown;
    try {
      text = JSON.stringify(value);
    } catch (thrown) {
      error = thrown;
    }
    if (text !== undefined && !longer(text, this.#config.maxBytes)) return text;
    const { events } = this.#rt;
    if (events.wants("cache.not_shared")) {
      const reason = text === undefined ? "no_json" : "too_large";
      events.emit("cache.not_shared", { ...this.#target.event(id), reason, error });
    }
    return undefined;
  }

  #tell(id: string, outcome: "hit" | "stale" | "waited" | "refused"): void {
    const { events } = this.#rt;
    if (events.wants("cache.tier2")) events.emit("cache.tier2", { ...this.#target.event(id), outcome });
  }
}

function lifetimes(id: string, value: unknown, config: CacheConfig) {
  const freshMs = Math.max(1, Math.floor(freshMsOf(id, value, config)));
  return { freshMs, keepMs: Math.floor(Math.max(config.graceMs, config.swrMs)) };
}
