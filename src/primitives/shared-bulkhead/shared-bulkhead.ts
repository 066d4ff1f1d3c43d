import type { BulletinSource, Bulletins } from "../../core/bulletins.js";
import type { Alarm } from "../../core/clock.js";
import { Deadlines } from "../../core/deadlines.js";
import { KeelsonError } from "../../core/errors.js";
import { Derived, type Runtime, runtime } from "../../core/runtime.js";
import { type Cells, type Outcome, StoreFailure } from "../../core/store.js";
import { broken, StoreWait } from "../../core/store-wait.js";
import { type LeaseConfig, type LeaseDecision, type LeaseInput, leaseKernel } from "../../kernel/leases/leases.js";
import { type Rejection, rejectionOf } from "../bulkhead/slot-request.js";
import { Lease, type Slot } from "./lease.js";
import { type Left, Line, Waiting } from "./line.js";
import { type SharedBulkheadConfig, type SharedBulkheadOptions, sharedBulkheadConfig } from "./options.js";

/** How a call asks for a slot. */
export interface SharedSlotRequest {
  /** What the slots are of, a tenant say: each key has `maxConcurrent`. Default: one for all. */
  readonly key?: string;
  /** Ends the waiting, and aborts the call's own signal. */
  readonly signal?: AbortSignal;
}

/** A shared bulkhead as plain data, for the snapshot. */
export interface SharedBulkheadSnapshot {
  /** In all processes together, for each key. */
  readonly limit: number;
  /** Calls of this process that run in slots. */
  readonly running: number;
  /** Calls of this process that run without one, for the store failed. */
  readonly degraded: number;
  readonly queued: number;
  readonly rejected: number;
  /** Slots that were lost, for their lease could not be renewed. */
  readonly lost: number;
  readonly storeFailures: number;
}

/** How often in the time of a lease it is renewed. */
const RENEWALS = 3;
/** Where the same acquisition is asked for again, for its answer was lost. */
const ATTEMPTS = 2;
/** The part of its time after which a lease that was not renewed is given up. */
const HELD = 0.9;
const NONCES = 2 ** 48;

/**
 * So many calls at a time, in all processes together: a semaphore of leases in the store. A process that dies gives its
 * slots back by being silent; one that can't renew a lease in time is told so, and what it then writes can be told by the
 * fence from what its successor does (Kleppmann, "How to do distributed locking", 2016).
 *
 * @example
 * const gpu = kit.sharedBulkhead("gpu", { maxConcurrent: 4, maxQueue: 100, queueTimeout: "10s" });
 * const image = await gpu.run(({ signal, fence }) => render(page, { signal, fence }));
 */
export class SharedBulkhead {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #config: Derived<SharedBulkheadConfig>;
  readonly #deadlines: Deadlines;
  readonly #lines = new Map<string, Line>();
  readonly #held = new Set<Lease>();
  #cells: Cells<LeaseConfig, LeaseInput, LeaseDecision> | undefined;
  #renewing: Alarm | undefined;
  #listening: "no" | "asked" | "yes" = "no";
  #queued = 0;
  #degraded = 0;
  #rejected = 0;
  #lost = 0;
  #storeFailures = 0;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(name: string, options: SharedBulkheadOptions<never>, rt: Runtime = runtime()) {
    const where = `sharedBulkhead(${JSON.stringify(name)})`;
    this.name = name;
    this.#rt = rt;
    this.#config = new Derived(rt.knobs, (read) => sharedBulkheadConfig(where, options, read));
    this.#deadlines = new Deadlines(rt.clock, this.#config.value.deadlineMs);
  }

  /**
   * Calls `fn` once there is a slot, and gives the slot back when it has settled.
   *
   * @throws {KeelsonError} `upstream_bulkhead_full` when there is no place to wait, or none came free in time;
   * `unavailable` when the store failed and `onStoreFailure` is `"closed"`; what the signal was aborted with
   */
  async run<T>(fn: (slot: Slot) => T | PromiseLike<T>, request: SharedSlotRequest = {}): Promise<T> {
    const { key = "", signal } = request;
    signal?.throwIfAborted();
    this.#listen();
    const line = this.#line(key);
    line.users++;
    try {
      const lease = await this.#enter(key, line, signal);
      try {
        signal?.throwIfAborted();
        return await fn(lease);
      } finally {
        lease.detach();
        if (lease.fence === 0) this.#degraded--;
        else void this.#leave(lease);
      }
    } finally {
      line.users--;
      if (line.users === 0) this.#lines.delete(key);
      else this.#next(key);
    }
  }

  /** The bulkhead as plain data. */
  snapshot(): SharedBulkheadSnapshot {
    return {
      limit: this.#config.value.capacity,
      running: this.#held.size,
      degraded: this.#degraded,
      queued: this.#queued,
      rejected: this.#rejected,
      lost: this.#lost,
      storeFailures: this.#storeFailures,
    };
  }

  /** Gets a slot, waiting for it behind those who came before. */
  async #enter(key: string, line: Line, signal: AbortSignal | undefined): Promise<Lease> {
    const { maxQueue, queueTimeoutMs } = this.#config.value;
    const until = this.#rt.clock.monotonic() + queueTimeoutMs;
    if (line.waiting.length === 0) {
      const lease = await this.#ask(key, signal);
      if (lease !== undefined) return lease;
      signal?.throwIfAborted();
    }
    if (this.#queued >= maxQueue) throw this.#rejection("full");
    for (let tried = false; ; tried = true) {
      await this.#wait(key, line, until - this.#rt.clock.monotonic(), signal, tried);
      try {
        const lease = await this.#ask(key, signal);
        if (lease !== undefined) {
          line.progressed();
          return lease;
        }
        signal?.throwIfAborted();
      } finally {
        line.trying = false;
        this.#later(key, line);
      }
    }
  }

  /** Asks the store. `undefined`: there is no slot. */
  async #ask(key: string, signal: AbortSignal | undefined): Promise<Lease | undefined> {
    const nonce = 1 + Math.floor(this.#rt.random() * (NONCES - 1));
    let sentAt = 0;
    let outcome: Outcome<LeaseDecision> | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      sentAt = this.#rt.clock.monotonic();
      outcome = await this.#step("acquire", key, { op: "acquire", nonce });
      // The same nonce finds the lease that may have been given out unheard.
      if (!(outcome instanceof StoreFailure) || outcome.applied === "no") break;
    }
    if (outcome === undefined || outcome instanceof StoreFailure) return this.#without(key, outcome, signal);
    if (outcome.held) {
      const lease = new Lease(key, outcome.fence, signal);
      this.#holds(lease, sentAt);
      this.#held.add(lease);
      this.#watch();
      return lease;
    }
    this.#retryAfterMs = outcome.retryAfterMs;
    return undefined;
  }

  /** What the last refusal said; it only bounds how long the next try waits. */
  #retryAfterMs = 0;

  /** Runs without a slot, or not at all, as the policy says. */
  #without(key: string, failure: StoreFailure | undefined, signal: AbortSignal | undefined): Lease | undefined {
    const { onStoreFailure, localMax } = this.#config.value;
    const { name } = this;
    if (onStoreFailure === "closed") {
      throw new KeelsonError("unavailable", `bulkhead "${name}": the store failed (${failure?.reason})`, {
        cause: failure?.error,
        retryAfterMs: 1_000,
        source: `bulkhead:${name}`,
      });
    }
    if (onStoreFailure === "local" && this.#degraded >= localMax) return undefined;
    this.#degraded++;
    return new Lease(key, 0, signal);
  }

  #wait(key: string, line: Line, ms: number, signal: AbortSignal | undefined, again: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const left = (why: Left) => reject(why === "aborted" ? signal?.reason : this.#rejection(why));
      const leave = (waiting: Waiting, why: Left) => {
        this.#gone(line, waiting);
        waiting.reject(why);
        this.#later(key, line);
      };
      const waiting = new Waiting(resolve, left, this.#rt.clock, Math.max(0, ms), signal, leave);
      // Whoever has tried in vain is still the first.
      if (again) line.waiting.unshift(waiting);
      else line.waiting.push(waiting);
      this.#queued++;
      if (!again && this.#rt.events.wants("bulkhead.queued"))
        this.#rt.events.emit("bulkhead.queued", { name: this.name, queued: this.#queued });
      if (line.waiting.length === 1) this.#later(key, line);
    });
  }

  #later(key: string, line: Line): void {
    const { clock, random } = this.#rt;
    if (line.waiting.length > 0 && !line.trying)
      line.later(clock, random, this.#listening === "yes", this.#retryAfterMs, () => this.#next(key));
  }

  /** Lets the first of a line try. */
  #next(key: string): void {
    const line = this.#lines.get(key);
    const [first] = line?.waiting ?? [];
    if (line === undefined || first === undefined || line.trying) return;
    this.#gone(line, first);
    line.trying = true;
    first.go();
  }

  #gone(line: Line, waiting: Waiting): void {
    waiting.detach();
    const at = line.waiting.indexOf(waiting);
    if (at < 0) return;
    line.waiting.splice(at, 1);
    this.#queued--;
    if (line.waiting.length === 0) line.progressed();
  }

  /** Gives a slot back. One that can't be reached gets it back when the lease runs out. */
  async #leave(lease: Lease): Promise<void> {
    const { key, fence } = lease;
    this.#held.delete(lease);
    if (!lease.lost) {
      const outcome = await this.#step("release", key, { op: "release", fence });
      const { capacity } = this.#config.value;
      if (!(outcome instanceof StoreFailure) && outcome.leases + 1 >= capacity)
        this.#bulletins()?.tell(this.#topic, key);
    }
    this.#next(key);
  }

  /** Renews leases, as long as there are any. */
  #watch(): void {
    if (this.#renewing !== undefined) return;
    const ring = () => {
      this.#renewing = undefined;
      if (this.#held.size === 0) return;
      this.#watch();
      for (const lease of this.#held) if (!lease.lost) void this.#renew(lease);
    };
    this.#renewing = this.#rt.clock.alarm(this.#config.value.leaseMs / RENEWALS, ring, "background");
  }

  async #renew(lease: Lease): Promise<void> {
    const sentAt = this.#rt.clock.monotonic();
    const outcome = await this.#step("renew", lease.key, { op: "renew", fence: lease.fence });
    if (!this.#held.has(lease) || lease.lost) return;
    // Nobody answers: it is still ours until its time is over.
    if (outcome instanceof StoreFailure) return;
    if (outcome.held) this.#holds(lease, sentAt);
    else this.#lose(lease);
  }

  /** A lease ends in the store so long after it was asked for, or later: here it ends a little before. */
  #holds(lease: Lease, askedAt: number): void {
    const { leaseMs } = this.#config.value;
    lease.holds(this.#rt.clock, askedAt, leaseMs * HELD, () => this.#lose(lease));
  }

  #lose(lease: Lease): void {
    this.#lost++;
    lease.lose(this.name);
    if (this.#rt.events.wants("bulkhead.lost"))
      this.#rt.events.emit("bulkhead.lost", { name: this.name, key: lease.key, fence: lease.fence });
  }

  async #step(operation: string, key: string, input: LeaseInput): Promise<Outcome<LeaseDecision>> {
    const { capacity, leaseMs, deadlineMs } = this.#config.value;
    const { clock, events } = this.#rt;
    let outcome: Outcome<LeaseDecision>;
    try {
      const answer = this.#leases().step(key === "" ? "-" : `=${key}`, { capacity, leaseMs }, input, { deadlineMs });
      outcome =
        answer instanceof Promise ? await new StoreWait(answer, this.#deadlines, clock.monotonic()).answer : answer;
    } catch (error) {
      if (error instanceof TypeError && this.#rt.store === undefined) throw error;
      outcome = broken(error);
    }
    if (outcome instanceof StoreFailure) {
      this.#storeFailures++;
      if (events.wants("bulkhead.store_failed")) {
        const { reason, error } = outcome;
        events.emit("bulkhead.store_failed", { name: this.name, operation, reason, error });
      }
    }
    return outcome;
  }

  #rejection(reason: Rejection): KeelsonError {
    this.#rejected++;
    if (this.#rt.events.wants("bulkhead.rejected")) {
      const counts = { running: this.#held.size, queued: this.#queued };
      this.#rt.events.emit("bulkhead.rejected", { name: this.name, reason, ...counts });
    }
    return rejectionOf(this.name, reason);
  }

  #line(key: string): Line {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = new Line();
      this.#lines.set(key, line);
    }
    return line;
  }

  get #topic(): string {
    return `bulkhead:${this.name}`;
  }

  #listen(): void {
    const bulletins = this.#bulletins();
    if (bulletins === undefined || this.#listening !== "no") return;
    this.#listening = "asked";
    const all = () => {
      for (const key of this.#lines.keys()) this.#next(key);
    };
    const heard = bulletins.hear(this.#topic, (key) => this.#next(key), all);
    if (!(heard instanceof Promise)) this.#listening = "yes";
    else
      heard.then(
        () => {
          this.#listening = "yes";
        },
        () => {
          // Then it asks now and then, and tries again to listen with the next call.
          this.#listening = "no";
        },
      );
  }

  #bulletins(): Bulletins | undefined {
    return (this.#rt.store as BulletinSource | undefined)?.bulletins;
  }

  #leases() {
    const { store } = this.#rt;
    if (store === undefined)
      throw new TypeError(
        `sharedBulkhead("${this.name}") has no store: pass runtime({ store }), or define it with a kit`,
      );
    this.#cells ??= store.open(leaseKernel, `bulkhead:${this.name}`);
    return this.#cells;
  }
}
