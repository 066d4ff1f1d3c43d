import { integer } from "../../core/config.js";
import { Deadlines } from "../../core/deadlines.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { KeelsonError } from "../../core/errors.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import type { CallOutcome } from "../outcome.js";
import { Drain } from "./drain.js";
import type { BulkheadOptions } from "./options.js";
import { SlotCalls, type SlotFunction } from "./slot-calls.js";
import { type LimitChange, SlotLimit } from "./slot-limit.js";
import { type Rejection, rejectionOf, type SlotRequest } from "./slot-request.js";
import type { BulkheadSnapshot } from "./snapshot.js";
import { type GiveUp, Waiter, WaitingLine } from "./waiting-line.js";

const NO_REQUEST: SlotRequest = {};
const GRANTED: Promise<void> = Promise.resolve();

/**
 * Keeps one callee from taking all of a service's resources: so many calls run at a time, so many wait, and the rest
 * is told at once. (The pattern is Michael Nygard's, "Release It!".)
 *
 * A slot that is given back goes to the next waiter in the same instant, so a newcomer can never get ahead of those
 * who wait. A limit that is lowered takes no slot away from a call that has it.
 *
 * @example
 * const bulkhead = new Bulkhead("pdf", { maxConcurrent: 4, maxQueue: 100, queueTimeout: "2s" });
 * const pdf = await bulkhead.run(() => render(page));
 */
export class Bulkhead {
  readonly name: string;
  readonly #rt: Runtime;
  readonly #where: string;
  readonly #slots: SlotLimit;
  readonly #line = new WaitingLine();
  readonly #deadlines: Deadlines | undefined;
  readonly #calls: SlotCalls;
  #running = 0;
  #rejected = 0;
  #closed = false;
  readonly #drain = new Drain();

  /**
   * @param where how the options' names begin in errors
   * @throws {ConfigError} naming the option that is wrong
   */
  constructor(
    name: string,
    options: BulkheadOptions<never>,
    rt: Runtime = runtime(),
    where = `bulkhead(${JSON.stringify(name)})`,
  ) {
    this.name = name;
    this.#rt = rt;
    this.#where = where;
    this.#slots = new SlotLimit(where, options, rt.knobs, (from, reason) => this.#resized(from, reason));
    const { queueTimeoutMs, adaptive } = this.#slots.config;
    this.#deadlines = queueTimeoutMs === Infinity ? undefined : new Deadlines(rt.clock, queueTimeoutMs);
    this.#calls = new SlotCalls(this, rt.clock, adaptive);
  }

  /**
   * Takes `weight` slots if they are free and nobody waits for them.
   *
   * @throws {ConfigError} when the weight is no whole number of at least 1
   */
  tryEnter(weight = 1): boolean {
    this.#slots.refresh();
    if (weight !== 1) integer(weight, `${this.#where}: weight`, 1);
    if (this.#line.size > 0 || !this.#fits(weight) || weight > this.#slots.ceiling || this.#closed) return false;
    this.#running += weight;
    return true;
  }

  /**
   * Waits for a slot. Whoever gets it must {@link leave}, even if it is no longer wanted.
   *
   * @throws {KeelsonError} `upstream_bulkhead_full` when there is no place to wait, none came free in time, or the call
   * is too heavy; `unavailable` when the bulkhead is closed; what the signal was aborted with
   * @throws {ConfigError} when the weight is no whole number of at least 1
   */
  wait(request: SlotRequest = NO_REQUEST): Promise<void> {
    const { weight = 1, signal, deadline = Infinity } = request;
    if (signal?.aborted === true) return this.#refuse("aborted", signal);
    try {
      if (this.tryEnter(weight)) return GRANTED;
    } catch (wrong) {
      return Promise.reject(wrong);
    }
    if (this.#closed) return this.#refuse("closed");
    if (weight > this.#slots.ceiling) return this.#refuse("too_heavy");
    if (this.#line.size >= this.#slots.config.maxQueue) return this.#refuse("full");
    const timed = this.#deadlines !== undefined || deadline !== Infinity;
    const now = timed ? this.#rt.clock.monotonic() : 0;
    if (deadline <= now) return this.#refuse("timeout");
    return new Promise((grant, reject) => {
      const waiter = new Waiter(weight, request.priority ?? "normal", signal, grant, reject, this.#giveUp);
      this.#line.join(waiter);
      signal?.addEventListener("abort", waiter);
      if (deadline < now + this.#slots.config.queueTimeoutMs)
        waiter.timer = this.#rt.clock.alarm(deadline - now, () => this.#giveUp(waiter, "timeout"), "held");
      else if (this.#deadlines !== undefined) {
        waiter.timer = this.#deadlines;
        this.#deadlines.add(waiter, now);
      }
      if (this.#rt.events.wants("bulkhead.queued"))
        this.#rt.events.emit("bulkhead.queued", { name: this.name, queued: this.#line.size });
    });
  }

  /**
   * Gives slots back, and hands them to the next in line. How the call ended tells an adaptive limit what to do.
   *
   * @param outcome default: one that says nothing
   * @param durationMs how long the callee took; not looked at without `adaptive.dropOver`
   * @param dropped whether the callee had too much to do: it timed out, or answered 429
   * @throws {TypeError} when so many slots weren't taken
   * @throws {ConfigError} when the weight is no whole number of at least 1
   */
  leave(weight = 1, outcome: CallOutcome = "ignored", durationMs = 0, dropped = false): void {
    if (weight !== 1) integer(weight, `${this.#where}: weight`, 1);
    const inFlight = this.#running;
    if (inFlight < weight) throw new TypeError(`${this.#where}: leave() without a slot`);
    this.#running = inFlight - weight;
    this.#slots.sample(outcome, inFlight, durationMs, dropped, weight);
    if (this.#line.size > 0) this.#admit();
    else if (this.#closed) this.#checkEmpty();
  }

  /** The error for a call that gets no slot; counts and tells it. */
  rejection(reason: Rejection = "full"): KeelsonError {
    this.#count(reason);
    return rejectionOf(this.name, reason);
  }

  /**
   * Calls `fn` once there is a slot, and gives the slot back when it has settled.
   *
   * @throws {KeelsonError} as {@link wait}
   */
  run<T>(fn: SlotFunction<T>, request?: SlotRequest): Promise<T> {
    return this.#calls.run(fn, request);
  }

  /**
   * Sets the number of slots, until a knob changes it. Waiters are let in as far as it allows; calls that run keep
   * their slots.
   *
   * @throws {ConfigError} when it is not a whole number of at least 1
   */
  resize(maxConcurrent: number): void {
    this.#slots.set(integer(maxConcurrent, `${this.#where}.resize`, 1), "manual");
  }

  /** Takes a {@link resize} back: as many slots as the options, or a knob, say. */
  restore(): void {
    this.#slots.refresh();
    this.#slots.set(this.#slots.config.maxConcurrent, "manual");
  }

  /**
   * Lets nobody in any more and waits until all calls have settled, those in line included. After `drain`, those still
   * in line are rejected and the rest is no longer waited for.
   *
   * @returns whether all calls have settled
   * @throws {ConfigError} when `drain` is no duration
   */
  async close(options: { readonly drain?: Duration } = {}): Promise<boolean> {
    const drainMs = options.drain === undefined ? undefined : milliseconds(options.drain, `${this.#where}.close.drain`);
    this.#closed = true;
    const emptied = this.#drain.wait(this.#rt.clock, drainMs, () => {
      this.#dismiss();
      return this.#running === 0;
    });
    this.#checkEmpty();
    return emptied;
  }

  /** The bulkhead as plain data. */
  snapshot(): BulkheadSnapshot {
    this.#slots.refresh();
    return {
      limit: this.#slots.limit,
      running: this.#running,
      queued: this.#line.size,
      maxQueue: this.#slots.config.maxQueue,
      rejected: this.#rejected,
      closed: this.#closed,
    };
  }

  /** A call that became heavier than the limit while it waited, for the limit was lowered, runs alone. */
  #fits(weight: number): boolean {
    return this.#running + weight <= this.#slots.limit || this.#running === 0;
  }

  #admit(): void {
    this.#slots.refresh();
    const { order, maxQueue } = this.#slots.config;
    while (this.#running < this.#slots.limit) {
      const next = this.#line.peek(order !== "fifo" && this.#line.size > maxQueue / 2);
      if (next === undefined || !this.#fits(next.weight)) return;
      this.#running += next.weight;
      this.#line.granted(next);
      next.detach();
      next.grant();
    }
  }

  readonly #giveUp = (waiter: Waiter, reason: GiveUp): void => {
    // A knob may just have made room: then the grant wins over the time-out.
    if (reason === "timeout") this.#slots.refresh();
    if (waiter.rank < 0) return;
    this.#line.leave(waiter);
    waiter.detach();
    if (reason === "aborted") {
      this.#count(reason);
      waiter.reject(waiter.signal?.reason);
    } else waiter.reject(this.rejection(reason));
    // It may have been too heavy for the slots that were free, and the next one is not.
    this.#admit();
    this.#checkEmpty();
  };

  #resized(from: number, reason: LimitChange): void {
    const to = this.#slots.limit;
    if (this.#rt.events.wants("bulkhead.resized"))
      this.#rt.events.emit("bulkhead.resized", { name: this.name, from, to, reason });
    if (to > from) this.#admit();
  }

  #refuse(reason: Rejection, signal?: AbortSignal): Promise<never> {
    if (signal === undefined) return Promise.reject(this.rejection(reason));
    this.#count(reason);
    return Promise.reject(signal.reason);
  }

  #count(reason: Rejection): void {
    this.#rejected++;
    if (this.#rt.events.wants("bulkhead.rejected"))
      this.#rt.events.emit("bulkhead.rejected", {
        name: this.name,
        reason,
        running: this.#running,
        queued: this.#line.size,
      });
  }

  /** Sends away all who wait. */
  #dismiss(): void {
    for (let next = this.#line.peek(false); next !== undefined; next = this.#line.peek(false)) {
      this.#line.leave(next);
      next.detach();
      next.reject(this.rejection("closed"));
    }
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#running === 0 && this.#line.size === 0) this.#drain.emptied();
  }
}
