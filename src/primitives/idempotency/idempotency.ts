import type { EventMap } from "../../core/events.js";
import { Derived, type Runtime, runtime } from "../../core/runtime.js";
import { type MaybePromise, type Outcome, StoreFailure } from "../../core/store.js";
import type { IdempotencyDecision } from "../../kernel/idempotency/idempotency.js";
import { digest } from "./fingerprint.js";
import { OnceCells, type Permit } from "./once-cells.js";
import { type IdempotencyOptions, type IdempotencySettings, idempotencySettings } from "./options.js";

/** An answer, to be given again. */
export interface StoredResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly bodyEncoding: "utf8" | "base64";
}

/** What is kept of an answer: all of it, or of one that was too large only what it was. */
export type StoredRecord = ({ readonly kind: "response" } & StoredResponse) | LargeResponse;

/** What an answer was that was too large to be kept. Of one that was streamed there is no digest. */
export interface LargeResponse {
  readonly kind: "digest";
  readonly status: number;
  readonly bytes: number;
  readonly sha256?: string;
}

/** What a request that asks to begin is told. */
export type Begun =
  /** It is to be carried out, and the permit completed or released. `resumed`: an earlier try may have done part of it. */
  | { readonly outcome: "first"; readonly permit: Permit; readonly resumed: boolean }
  /** It was carried out: here is its answer. */
  | { readonly outcome: "replay"; readonly record: StoredRecord }
  /** It is being carried out. */
  | { readonly outcome: "in_flight"; readonly retryAfterMs: number }
  /** The key was used for another request. */
  | { readonly outcome: "mismatch" }
  /** Whether it was carried out isn't known. */
  | { readonly outcome: "unknown" }
  /** The store could not say. */
  | { readonly outcome: "failed"; readonly failure: StoreFailure };

/** An idempotency guard as a snapshot shows it. */
export interface IdempotencySnapshot {
  readonly first: number;
  readonly replayed: number;
  readonly inFlight: number;
  readonly mismatch: number;
  readonly unknown: number;
  /** Answers that came when another had taken over, and that were not kept. */
  readonly lost: number;
  /** Times that the store could not say. */
  readonly failed: number;
}

const COUNTERS = {
  first: "first",
  replay: "replayed",
  in_flight: "inFlight",
  mismatch: "mismatch",
  unknown: "unknown",
  failed: "failed",
} as const satisfies Record<Begun["outcome"], keyof IdempotencySnapshot>;

const TOLD = {
  first: "first",
  replay: "replayed",
  in_flight: "in_flight",
  mismatch: "mismatch",
  unknown: "unknown",
} as const satisfies Record<Exclude<Begun["outcome"], "failed">, EventMap["idempotency.settled"]["outcome"]>;

/**
 * Makes a request that is sent twice happen once: the second gets the first one's answer
 * (draft-ietf-httpapi-idempotency-key-header).
 */
export class Idempotency {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #settings: Derived<IdempotencySettings>;
  readonly #cells: OnceCells<StoredRecord>;
  readonly #counts = { first: 0, replayed: 0, inFlight: 0, mismatch: 0, unknown: 0, lost: 0, failed: 0 };

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: IdempotencyOptions<never> = {}, rt: Runtime = runtime()) {
    const where = `idempotency(${JSON.stringify(name)})`;
    this.name = name;
    this.#rt = rt;
    this.#settings = new Derived(rt.knobs, (read) => idempotencySettings(where, options, read));
    this.#cells = new OnceCells(rt, `idempotency:${name}`);
  }

  /** Milliseconds a lease lasts: renew well before. */
  get leaseMs(): number {
    return this.#settings.value.leaseMs;
  }

  /** The largest body that is kept. */
  get maxBytes(): number {
    return this.#settings.value.maxBytes;
  }

  /** The longest key that is taken. */
  get maxKeyLength(): number {
    return this.#settings.value.maxKeyLength;
  }

  /**
   * Asks to carry out a request.
   *
   * @param scope whose key it is and for what: tenant, principal, endpoint and the key itself
   * @param fingerprint what the request is known again by
   */
  begin(scope: string, fingerprint: string): MaybePromise<Begun> {
    const outcome = this.#cells.begin(scope, fingerprint, this.#settings.value);
    return outcome instanceof Promise
      ? outcome.then((settled) => this.#begun(scope, settled))
      : this.#begun(scope, outcome);
  }

  /** Keeps the answer, to be given again; `lost`: another has taken over, or the store forgot, and it was not kept. */
  async complete(permit: Permit, response: StoredResponse | LargeResponse): Promise<"stored" | "lost" | StoreFailure> {
    const settings = this.#settings.value;
    const record = "kind" in response ? response : await stored(response, settings.maxBytes);
    const ended = await this.#cells.end(permit, settings, { op: "complete", record });
    if (ended instanceof StoreFailure) return this.#failed(ended);
    return ended === "kept" ? "stored" : this.#lost(permit);
  }

  /** Takes everything back: the request was refused before it did anything, and may come again. */
  async release(permit: Permit): Promise<"released" | "lost" | StoreFailure> {
    const ended = await this.#cells.end(permit, this.#settings.value, { op: "release" });
    if (ended instanceof StoreFailure) return this.#failed(ended);
    return ended === "kept" ? "released" : this.#lost(permit);
  }

  /** Renews the lease for as long as the request runs; the returned function stops it. */
  renewing(permit: Permit): () => void {
    return this.#cells.renewing(permit, this.#settings.value);
  }

  /** Makes the lease last anew. */
  async renew(permit: Permit): Promise<"renewed" | "lost" | StoreFailure> {
    const ended = await this.#cells.end(permit, this.#settings.value, { op: "renew" });
    if (ended instanceof StoreFailure) return this.#failed(ended);
    return ended === "kept" ? "renewed" : this.#lost(permit);
  }

  /** The guard as plain data. */
  snapshot(): IdempotencySnapshot {
    return { ...this.#counts };
  }

  #begun(key: string, outcome: Outcome<IdempotencyDecision<StoredRecord>>): Begun {
    const begun = begunOf(key, outcome);
    this.#counts[COUNTERS[begun.outcome]]++;
    if (begun.outcome === "failed") this.#failed(begun.failure, 0);
    else this.#tell(key, TOLD[begun.outcome]);
    return begun;
  }

  #lost(permit: Permit): "lost" {
    this.#counts.lost++;
    this.#tell(permit.key, "lost");
    return "lost";
  }

  #failed(failure: StoreFailure, count = 1): StoreFailure {
    this.#counts.failed += count;
    const { reason, applied, error } = failure;
    if (this.#rt.events.wants("store.failure")) {
      const name = `idempotency:${this.name}`;
      this.#rt.events.emit("store.failure", { name, reason, applied, policy: "closed", error });
    }
    return failure;
  }

  #tell(key: string, outcome: EventMap["idempotency.settled"]["outcome"]): void {
    if (this.#rt.events.wants("idempotency.settled"))
      this.#rt.events.emit("idempotency.settled", {
        name: this.name,
        context: this.#rt.currentContext?.(),
        key,
        outcome,
      });
  }
}

function begunOf(key: string, outcome: Outcome<IdempotencyDecision<StoredRecord>>): Begun {
  if (outcome instanceof StoreFailure) return { outcome: "failed", failure: outcome };
  switch (outcome.outcome) {
    case "first":
      return { outcome: "first", permit: { key, fence: outcome.fence }, resumed: outcome.resumed };
    case "replay":
    case "in_flight":
    case "mismatch":
    case "unknown":
      return outcome as Begun;
    default:
      throw new TypeError(`idempotency: a store answered "${outcome.outcome}" to begin`);
  }
}

async function stored(response: StoredResponse, maxBytes: number): Promise<StoredRecord> {
  const text = new TextEncoder().encode(response.body);
  if (text.length <= maxBytes) return { kind: "response", ...response };
  return { kind: "digest", status: response.status, sha256: await digest(text), bytes: text.length };
}
