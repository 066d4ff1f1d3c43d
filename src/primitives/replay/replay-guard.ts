import { KeelsonError } from "../../core/errors.js";
import type { EventMap } from "../../core/events.js";
import { Derived, type Runtime, runtime } from "../../core/runtime.js";
import { type MaybePromise, type Outcome, StoreFailure } from "../../core/store.js";
import type { IdempotencyConfig, IdempotencyDecision } from "../../kernel/idempotency/idempotency.js";
import { OnceCells, type Permit } from "../idempotency/once-cells.js";
import { type ReplayGuardOptions, replayConfig } from "./options.js";

/** The right to handle one item. */
export interface ReplayPermit extends Permit {
  readonly source: string;
  readonly id: string;
}

/** What whoever claims an item is told. */
export type Claimed =
  /** It is to be handled, and the permit marked done or released. */
  | { readonly outcome: "first"; readonly permit: ReplayPermit }
  /** It has been handled: nothing is left to do. */
  | { readonly outcome: "duplicate" }
  /** It is being handled, or it isn't known whether it was. */
  | { readonly outcome: "in_flight"; readonly retryAfterMs: number }
  /** The store could not say. Nothing may be handled. */
  | { readonly outcome: "failed"; readonly failure: StoreFailure };

/** What came of one item of a batch. */
export interface ItemOutcome {
  readonly id: string;
  /** `done`: handled now. `failed`: `error` says why; it may be sent again. */
  readonly outcome: "done" | "duplicate" | "in_flight" | "failed";
  readonly error?: unknown;
}

/** A replay guard as a snapshot shows it. */
export interface ReplayGuardSnapshot {
  readonly first: number;
  readonly duplicate: number;
  readonly inFlight: number;
  /** Items that were handled when another had taken over. */
  readonly lost: number;
  /** Times that the store could not say. */
  readonly failed: number;
}

/**
 * Handles what is sent more than once, a webhook's items, only once. An item is claimed, handled and then marked done;
 * one whose handling fails is released, so that it is handled when it is sent again.
 *
 * @example
 * const results = await guard.each("whatsapp", messages, (m) => m.id, (m) => answer(m));
 */
export class ReplayGuard {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #config: Derived<IdempotencyConfig>;
  readonly #cells: OnceCells<true>;
  readonly #counts = { first: 0, duplicate: 0, inFlight: 0, lost: 0, failed: 0 };

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: ReplayGuardOptions<never> = {}, rt: Runtime = runtime()) {
    this.name = name;
    this.#rt = rt;
    this.#config = new Derived(rt.knobs, (read) => replayConfig(`replayGuard(${JSON.stringify(name)})`, options, read));
    this.#cells = new OnceCells(rt, `replay:${name}`);
  }

  /**
   * Claims an item.
   *
   * @param source who sent it: ids are unique within a source
   */
  claim(source: string, id: string): MaybePromise<Claimed> {
    // A source's length before it: no source and id can pass for another pair.
    const key = `${source.length}:${source}:${id}`;
    const outcome = this.#cells.begin(key, "", this.#config.value);
    return outcome instanceof Promise
      ? outcome.then((settled) => this.#claimed(source, id, key, settled))
      : this.#claimed(source, id, key, outcome);
  }

  /** Notes that an item has been handled; `lost`: another had taken over meanwhile. */
  async done(permit: ReplayPermit): Promise<"done" | "lost" | StoreFailure> {
    const ended = await this.#cells.end(permit, this.#config.value, { op: "complete", record: true });
    if (ended instanceof StoreFailure) return this.#failed(ended);
    return this.#ended(permit, ended === "kept" ? "done" : "lost");
  }

  /** Gives an item back: it has not been handled, and may be sent again. */
  async release(permit: ReplayPermit): Promise<"released" | "lost" | StoreFailure> {
    const ended = await this.#cells.end(permit, this.#config.value, { op: "release" });
    if (ended instanceof StoreFailure) return this.#failed(ended);
    return this.#ended(permit, ended === "kept" ? "released" : "lost");
  }

  /**
   * Handles one item, if it has not been and is not being handled.
   *
   * @throws whatever `handle` throws, once the item has been released
   * @throws {KeelsonError} `unavailable` when the store can't say: then nothing is handled
   */
  async once<T>(
    source: string,
    id: string,
    handle: () => T | PromiseLike<T>,
  ): Promise<{ readonly outcome: "done"; readonly value: T } | { readonly outcome: "duplicate" | "in_flight" }> {
    const claimed = await this.claim(source, id);
    if (claimed.outcome === "failed") throw this.#unavailable(claimed.failure);
    if (claimed.outcome !== "first") return { outcome: claimed.outcome };
    const stop = this.#cells.renewing(claimed.permit, this.#config.value);
    let value: T;
    try {
      value = await handle();
      stop();
    } catch (error) {
      stop();
      await this.release(claimed.permit);
      throw error;
    }
    // Handled is handled: if that can't be noted, the sender will send it again and its lease decides.
    await this.done(claimed.permit);
    return { outcome: "done", value };
  }

  /**
   * Handles each item of a batch by itself, in its order: one that fails is released and keeps none of the others from
   * being handled. Answer the sender with an error if any has failed or is in flight, so that it sends them again.
   */
  async each<I>(
    source: string,
    items: Iterable<I>,
    idOf: (item: I) => string,
    handle: (item: I) => unknown,
  ): Promise<readonly ItemOutcome[]> {
    const outcomes: ItemOutcome[] = [];
    for (const item of items) {
      const id = idOf(item);
      try {
        const { outcome } = await this.once(source, id, () => handle(item));
        outcomes.push({ id, outcome });
      } catch (error) {
        outcomes.push({ id, outcome: "failed", error });
      }
    }
    return outcomes;
  }

  /** The guard as plain data. */
  snapshot(): ReplayGuardSnapshot {
    return { ...this.#counts };
  }

  #claimed(source: string, id: string, key: string, outcome: Outcome<IdempotencyDecision<true>>): Claimed {
    if (outcome instanceof StoreFailure) return { outcome: "failed", failure: this.#failed(outcome) };
    switch (outcome.outcome) {
      case "first":
        this.#counts.first++;
        this.#tell(source, id, "first");
        return { outcome: "first", permit: { key, fence: outcome.fence, source, id } };
      case "replay":
        this.#counts.duplicate++;
        this.#tell(source, id, "duplicate");
        return { outcome: "duplicate" };
      default:
        this.#counts.inFlight++;
        this.#tell(source, id, "in_flight");
        return {
          outcome: "in_flight",
          retryAfterMs: "retryAfterMs" in outcome ? outcome.retryAfterMs : this.#config.value.leaseMs,
        };
    }
  }

  #ended<O extends "done" | "released" | "lost">({ source, id }: ReplayPermit, outcome: O): O {
    if (outcome === "lost") this.#counts.lost++;
    this.#tell(source, id, outcome);
    return outcome;
  }

  #failed(failure: StoreFailure): StoreFailure {
    this.#counts.failed++;
    const { reason, applied, error } = failure;
    if (this.#rt.events.wants("store.failure"))
      this.#rt.events.emit("store.failure", { name: `replay:${this.name}`, reason, applied, policy: "closed", error });
    return failure;
  }

  #unavailable(failure: StoreFailure): KeelsonError {
    return new KeelsonError("unavailable", `replayGuard("${this.name}"): the store failed (${failure.reason})`, {
      cause: failure.error,
      source: `replay:${this.name}`,
    });
  }

  #tell(source: string, id: string, outcome: EventMap["replay.settled"]["outcome"]): void {
    if (this.#rt.events.wants("replay.settled"))
      this.#rt.events.emit("replay.settled", {
        name: this.name,
        context: this.#rt.currentContext?.(),
        source,
        id,
        outcome,
      });
  }
}
