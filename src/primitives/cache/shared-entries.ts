import { Deadlines } from "../../core/deadlines.js";
import { KeelsonError } from "../../core/errors.js";
import type { Runtime } from "../../core/runtime.js";
import { type Cells, type MaybePromise, type Outcome, type StoreCall, StoreFailure } from "../../core/store.js";
import { StoreWait } from "../../core/store-wait.js";
import {
  type CacheEntryConfig,
  type CacheEntryDecision,
  type CacheEntryInput,
  cacheEntryKernel,
} from "../../kernel/cache/entry.js";
import {
  type NamespaceConfig,
  type NamespaceDecision,
  type NamespaceInput,
  namespaceKernel,
} from "../../kernel/namespace/namespace.js";
import type { Tier2Config } from "./tier2-options.js";

type WithoutEpoch<T> = T extends unknown ? Omit<T, "epoch"> : never;
/** What is asked of an entry, in whatever epoch the namespace is. */
export type EntryQuestion = WithoutEpoch<CacheEntryInput>;

/** An epoch that nobody asks for is forgotten after so long: its values are gone long before. */
const KEEP_MS = 366 * 86_400_000;
/** How often it is renewed. */
const RENEW_MS = 86_400_000;
/** Epochs and fences: whole numbers that every store can carry. */
const NONCES = 2 ** 48;
/** How often a question is asked again because the namespace was cleared meanwhile. */
const MOST_ROUNDS = 5;

/** The entries of one namespace in a store, always asked in the namespace's present epoch. */
export class SharedEntries {
  /** Answers that were none. */
  failures = 0;
  readonly #name: string;
  readonly #rt: Runtime;
  readonly #config: Tier2Config;
  readonly #deadlines: Deadlines;
  readonly #call: StoreCall;
  readonly #changed: () => void;
  #cells: Cells<CacheEntryConfig, CacheEntryInput, CacheEntryDecision> | undefined;
  #spaces: Cells<NamespaceConfig, NamespaceInput, NamespaceDecision> | undefined;
  #version: string;
  #epoch = 0;
  #renewAt = 0;
  #downUntil = 0;

  /** @param changed the namespace was cleared elsewhere: everything held under its former epoch is gone */
  constructor(name: string, version: string, config: Tier2Config, rt: Runtime, changed: () => void) {
    this.#name = name;
    this.#version = version;
    this.#rt = rt;
    this.#config = config;
    this.#deadlines = new Deadlines(rt.clock, config.deadlineMs);
    this.#call = { deadlineMs: config.deadlineMs };
    this.#changed = changed;
  }

  /** 0: not known yet. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether the store is left alone, for it has just failed. */
  get cooling(): boolean {
    return this.#rt.clock.monotonic() < this.#downUntil;
  }

  /** A number that nobody else has: for a fence, or an epoch. */
  nonce(): number {
    return 1 + Math.floor(this.#rt.random() * (NONCES - 1));
  }

  /** Another version has another epoch, and entries of its own. */
  useVersion(version: string): void {
    this.#version = version;
    this.forgetEpoch();
  }

  /** The next question finds out which it is. */
  forgetEpoch(): void {
    this.#epoch = 0;
  }

  /** Asks an entry, and whether the namespace is still in its epoch: one round trip, but for the first. */
  async ask(id: string, question: EntryQuestion): Promise<Outcome<CacheEntryDecision>> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const epoch = this.#epoch === 0 ? await this.#enter("read") : this.#epoch;
      if (epoch instanceof StoreFailure) return epoch;
      const input = { ...question, epoch } as CacheEntryInput;
      const seen = question.op === "read" && round === 0 ? await this.#glance(id, input, epoch) : undefined;
      if (seen !== undefined) return seen;
      // Both in the same tick: one round trip, where the store gathers them.
      const entry = this.#step(question.op, () => this.#entries().step(this.#key(id), this.#config, input, this.#call));
      const found = await this.#enter(this.#rt.clock.monotonic() >= this.#renewAt ? "read" : "look");
      const decision = await entry;
      if (found instanceof StoreFailure) return found;
      if (decision instanceof StoreFailure || found === epoch) return decision;
      // Cleared, or forgotten: what was answered was of a time that is over.
    }
    return new StoreFailure("contention", "unknown");
  }

  /** The same for less, where that is enough: a value that is fresh, in an epoch that is still the namespace's. */
  async #glance(
    id: string,
    input: CacheEntryInput,
    epoch: number,
  ): Promise<CacheEntryDecision | StoreFailure | undefined> {
    const [cells, spaces] = [this.#entries(), this.#namespace()];
    if (cells.glance === undefined || spaces.glance === undefined) return undefined;
    const [config, look] = [{ keepMs: KEEP_MS }, { op: "look", nonce: 1 } as const];
    const entry = cells.glance(this.#key(id), this.#config, input, this.#call);
    const space = spaces.glance(this.#version === "" ? "-" : this.#version, config, look, this.#call);
    // (Both are on their way before either is waited for.)
    const [seen, known] = [await this.#step("read", () => entry), await this.#step("epoch", () => space)];
    if (seen instanceof StoreFailure) return seen;
    if (known instanceof StoreFailure) return known;
    return known.decision?.epoch === epoch ? seen.decision : undefined;
  }

  /** Makes everything that was written until now count as gone, for everybody. */
  async clear(): Promise<Outcome<NamespaceDecision>> {
    const epoch = await this.#enter("bump");
    return epoch instanceof StoreFailure ? epoch : { epoch };
  }

  /** What others need not be told of where the caller has to know: that a change did not reach the store. */
  unavailable(operation: string, { reason, error }: StoreFailure): KeelsonError {
    return new KeelsonError("unavailable", `cache("${this.#name}"): ${operation} did not reach the store (${reason})`, {
      cause: error,
      retryAfterMs: this.#config.cooldownMs,
      source: `cache:${this.#name}`,
    });
  }

  async #enter(op: NamespaceInput["op"]): Promise<number | StoreFailure> {
    const input = { op, nonce: this.nonce() };
    const version = this.#version;
    const outcome = await this.#step("epoch", () =>
      this.#namespace().step(version === "" ? "-" : version, { keepMs: KEEP_MS }, input, this.#call),
    );
    if (outcome instanceof StoreFailure) return outcome;
    if (version !== this.#version) return 0;
    if (op !== "look") this.#renewAt = this.#rt.clock.monotonic() + RENEW_MS;
    const before = this.#epoch;
    this.#epoch = outcome.epoch;
    if (op !== "bump" && before !== 0 && before !== outcome.epoch) this.#changed();
    return outcome.epoch;
  }

  async #step<D extends object>(operation: string, ask: () => MaybePromise<Outcome<D>>): Promise<Outcome<D>> {
    const { clock, events } = this.#rt;
    const answer = ask();
    const outcome =
      answer instanceof Promise ? await new StoreWait(answer, this.#deadlines, clock.monotonic()).answer : answer;
    if (outcome instanceof StoreFailure) {
      this.failures++;
      this.#downUntil = clock.monotonic() + this.#config.cooldownMs;
      if (events.wants("cache.tier2_failed")) {
        const { reason, error } = outcome;
        events.emit("cache.tier2_failed", { name: this.#name, operation, reason, error });
      }
    }
    return outcome;
  }

  #key(id: string): string {
    return this.#version === "" ? id : `${this.#version}\u0000${id}`;
  }

  #entries() {
    this.#cells ??= this.#store().open(cacheEntryKernel, `cache:${this.#name}`);
    return this.#cells;
  }

  #namespace() {
    this.#spaces ??= this.#store().open(namespaceKernel, `cache-epoch:${this.#name}`);
    return this.#spaces;
  }

  #store() {
    const { store } = this.#rt;
    if (store === undefined)
      throw new TypeError(
        `cache("${this.#name}").tier2 has no store: pass runtime({ store }), or define it with a kit`,
      );
    return store;
  }
}
