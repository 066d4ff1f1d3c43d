import pTimeout from "p-timeout";
import type { Alarm } from "../../core/clock.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import { StoreFailure } from "../../core/store.js";
import { clockTimers } from "../timeout/clock-timers.js";
import type { QueueCore } from "./core.js";
import { type EngineOptions, JobEngine } from "./engine.js";

/** How long {@link Worker.drain} waits. */
const DRAIN: Duration = "10s";
/** What runs gets so long to end after it was told to stop. */
const GRACE_MS = 1_000;
/** A worker that couldn't listen tries again after so long. */
const LISTEN_AGAIN_MS = 5_000;
/** How often a worker forgets jobs whose retention has passed, and how many in one call. */
const CLEAN_EVERY_MS = 60_000;
/** Jobs forgotten in one call. */
export const CLEANED_AT_ONCE = 1_000;

/** Runs jobs of a queue until it is told to stop. Keeps no process alive by itself. */
export class Worker implements AsyncDisposable {
  readonly #core: QueueCore;
  readonly #engine: JobEngine;
  readonly #onEnd: (worker: Worker) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = () => void this.drain();
  #cleaning: Alarm | undefined;
  #relistening: Alarm | undefined;
  #unlisten: (() => void) | undefined;
  #ended = false;

  /** Made by {@link Queue.process}. */
  constructor(
    core: QueueCore,
    options: EngineOptions,
    signal: AbortSignal | undefined,
    onEnd: (worker: Worker) => void,
  ) {
    this.#core = core;
    this.#onEnd = onEnd;
    this.#signal = signal;
    this.#engine = new JobEngine(core, options);
    if (!options.once) {
      this.#cleanLater();
      void this.#listen();
    }
    if (signal?.aborted === true) this.#aborted();
    else signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** Jobs that run now. */
  get running(): number {
    return this.#engine.running.size;
  }

  /**
   * Claims no more, waits for what runs, and gives back what has not begun. What still runs after `timeout` is told to
   * stop by its signal, and has a second to do so: a run that then fails is given back unharmed; of one that goes on
   * the lease runs out.
   *
   * @param options `timeout`: default `"10s"`
   * @returns whether everything ended by itself, in time
   */
  async drain({ timeout = DRAIN }: { readonly timeout?: Duration } = {}): Promise<boolean> {
    const ms = milliseconds(timeout, `${this.#core.where}: drain.timeout`);
    this.#retire();
    const inTime = await this.#within(ms);
    if (!inTime) await this.stop();
    this.#end();
    return inTime;
  }

  /** The same without waiting for what runs: it is told to stop at once. */
  async stop(): Promise<void> {
    this.#retire();
    this.#engine.abort(new KeelsonError("aborted", `${this.#core.where}: the worker stopped`));
    await this.#within(GRACE_MS);
    this.#end();
  }

  /** Waits until a worker that runs once has ended, and lets it begin no more after so long. How many jobs it claimed. */
  async once(maxMs: number): Promise<number> {
    const { clock } = this.#core.rt;
    const alarm = maxMs === Infinity ? undefined : clock.alarm(maxMs, () => this.#engine.finish(), "background");
    await this.#engine.idle();
    alarm?.cancel();
    this.#end();
    return this.#engine.taken;
  }

  /** Drains. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  #within(ms: number): Promise<boolean> {
    const idle = this.#engine.idle().then(() => true);
    const customTimers = clockTimers(this.#core.rt.clock);
    // (It takes no 0, which is what a kit has left that has used up its time.)
    return pTimeout(idle, { milliseconds: Math.max(1, ms), fallback: () => false, customTimers });
  }

  /** Does nothing new from now on. */
  #retire(): void {
    this.#engine.finish();
    this.#cleaning?.cancel();
    this.#relistening?.cancel();
    this.#signal?.removeEventListener("abort", this.#aborted);
    this.#unlisten?.();
    this.#unlisten = undefined;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#engine.close();
    this.#onEnd(this);
  }

  async #listen(): Promise<void> {
    const { jobs } = this.#core;
    if (jobs.listen === undefined) return;
    const listening = (async () => jobs.listen?.({ ready: () => this.#engine.wake() }))();
    // Tells when that fails. Until it hears, it polls.
    await this.#core.ask("listen", () => listening);
    try {
      // What took too long may come yet.
      const unlisten = await listening;
      if (this.#engine.stopping) unlisten?.();
      else this.#unlisten = unlisten;
    } catch {
      if (!this.#engine.stopping) this.#listenLater();
    }
  }

  #listenLater(): void {
    const { clock } = this.#core.rt;
    this.#relistening = clock.alarm(LISTEN_AGAIN_MS, () => void this.#listen(), "background");
  }

  #cleanLater(): void {
    const { clock, random } = this.#core.rt;
    // By chance, so that workers don't do it at the same time.
    const ms = CLEAN_EVERY_MS * (0.5 + random());
    this.#cleaning = clock.alarm(ms, () => void this.#clean(), "background");
  }

  async #clean(): Promise<void> {
    for (let more = true; more && !this.#engine.stopping; ) {
      const answer = await this.#core.ask("cleanup", (jobs, call) => jobs.cleanup(CLEANED_AT_ONCE, call));
      more = !(answer instanceof StoreFailure) && answer.removed >= CLEANED_AT_ONCE;
    }
    if (!this.#engine.stopping) this.#cleanLater();
  }
}
