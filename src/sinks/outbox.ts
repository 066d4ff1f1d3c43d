import type { Alarm, Clock } from "../core/clock.js";
import type { MaybePromise } from "../core/store.js";

/** How an {@link Outbox} works. */
export interface OutboxOptions<T> {
  readonly clock: Clock;
  /** Items that may wait. What comes then is dropped. */
  readonly capacity: number;
  /** Items handed over at a time. */
  readonly batch: number;
  /** How long after the first item the hand-over begins, in milliseconds. */
  readonly everyMs: number;
  /** How long handing over one batch may take, and all of a flush. */
  readonly timeoutMs: number;
  /**
   * Hands items over. What it throws costs the items, unless it is a {@link RetryLater}.
   *
   * @param signal makes a signal that aborts when the time is up
   */
  readonly send: (items: readonly T[], signal: () => AbortSignal) => MaybePromise<unknown>;
  readonly report: (error: unknown) => void;
}

/** Thrown by `send` to keep the items, for another time. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";

  /** @param afterMs `undefined`: after a wait that doubles each time */
  constructor(
    message: string,
    readonly afterMs?: number,
  ) {
    super(message);
  }
}

/** What hands over for so long without a break has held up the process enough. */
const SLICE_MS = 5;
/** … and for each millisecond of it leaves the process alone for so many: a slow receiver gets a tenth of the time. */
const REST = 9;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Keeps items until they are handed over, away from whoever brought them. Bounded in every way: in what waits, in how
 * long one hand-over may take, in how much of the process's time a receiver that blocks may have, and in how often one
 * that fails is tried.
 */
export class Outbox<T> {
  sent = 0;
  dropped = 0;
  failed = 0;
  readonly #options: OutboxOptions<T>;
  #waiting: T[] = [];
  #alarm: Alarm | undefined;
  #draining: Promise<void> | undefined;
  #pauseMs = 0;
  #closed = false;

  constructor(options: OutboxOptions<T>) {
    this.#options = options;
  }

  /** Items that wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Takes an item, and does nothing else. */
  push(item: T): void {
    if (this.#closed || this.#waiting.length >= this.#options.capacity) {
      this.dropped++;
      return;
    }
    this.#waiting.push(item);
    if (this.#alarm === undefined && this.#draining === undefined) this.#arm(this.#options.everyMs);
  }

  /** Hands over everything that waits, now. Ends when that is done, has failed, or its time is up. */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0 && this.#draining === undefined) return;
    await this.#within(this.#flush(), "held");
  }

  /** Takes no more, hands over what waits, and drops what is left. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.dropped += this.#waiting.length;
    this.#waiting = [];
  }

  async #flush(): Promise<void> {
    await this.#draining;
    await this.#drain(true);
  }

  #arm(ms: number): void {
    this.#alarm = this.#options.clock.alarm(ms, () => void this.#drain(false), "background");
  }

  #drain(all: boolean): Promise<void> {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#draining = this.#handOver(all).finally(() => {
      this.#draining = undefined;
      if (this.#waiting.length > 0 && !this.#closed) this.#arm(Math.max(this.#options.everyMs, this.#pauseMs));
    });
    return this.#draining;
  }

  async #handOver(all: boolean): Promise<void> {
    const { clock, batch, send, report } = this.#options;
    let spent = 0;
    this.#pauseMs = all ? 0 : this.#pauseMs;
    while (this.#waiting.length > 0) {
      const items = this.#waiting.splice(0, batch);
      const began = clock.monotonic();
      const limit = new TimeLimit();
      try {
        const pending = send(items, limit.signal);
        spent += clock.monotonic() - began;
        if (pending instanceof Promise) await this.#within(pending, "background", limit);
        this.sent += items.length;
        this.#pauseMs = 0;
      } catch (error) {
        if (error instanceof RetryLater && !this.#closed) this.#waiting.unshift(...items);
        else this.failed += items.length;
        this.#pauseMs =
          (error instanceof RetryLater ? error.afterMs : undefined) ??
          Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2 || FIRST_PAUSE_MS);
        report(error);
        return;
      }
      if (spent >= SLICE_MS && !all) {
        this.#pauseMs = spent * REST;
        return;
      }
    }
  }

  /** Waits as long as one may. A flush just ends then; a hand-over has failed. */
  async #within(pending: Promise<unknown>, kind: "held" | "background", limit?: TimeLimit): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    let alarm: Alarm | undefined;
    const late = new Promise<void>((resolve, reject) => {
      const ring = () => {
        if (limit === undefined) return resolve();
        const error = new Error(`not handed over within ${timeoutMs} ms`);
        limit.pass(error);
        reject(error);
      };
      alarm = clock.alarm(timeoutMs, ring, kind);
    });
    try {
      await Promise.race([pending, late]);
    } finally {
      alarm?.cancel();
    }
  }
}

/** A signal that is only made where somebody asks for it. */
class TimeLimit {
  #controller: AbortController | undefined;

  readonly signal = (): AbortSignal => {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  };

  pass(reason: Error): void {
    this.#controller?.abort(reason);
  }
}
