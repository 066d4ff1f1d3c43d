import type { Alarm } from "../../core/clock.js";
import type { Context } from "../../core/context.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { JobEnd, JobEndNote, NewJob } from "../../core/jobs.js";
import { type MaybePromise, StoreFailure } from "../../core/store.js";
import { validate } from "../../core/validation.js";
import type { QueueCore } from "./core.js";
import type { EnqueueOptions, Enqueuing } from "./enqueuing.js";
import { failureError, failureOf, JobError } from "./errors.js";
import { resultOf } from "./outcome.js";
import { type Ended, Waiter } from "./waiter.js";

/** What may be said of a job that is waited for. */
export interface WaitOptions extends EnqueueOptions {
  /** How long to wait, and no longer than the context's deadline. The job goes on without whoever waited. */
  readonly wait: Duration;
  /** Ends the wait with its reason. So does the context's. */
  readonly signal?: AbortSignal;
  /** Whether a wait that ends before the job did cancels it, unless it was somebody else's. Default false. */
  readonly cancelOnAbort?: boolean;
}

/** Codes for a job that gave no result. */
const CODES = {
  failed: "job_failed",
  dead: "job_dead",
  expired: "job_expired",
  cancelled: "job_cancelled",
} as const satisfies Record<Exclude<JobEnd, "succeeded">, string>;

/** The first wait between two looks where nobody tells; it doubles up to the queue's `poll`. */
const SHORTEST_POLL_MS = 25;
/** Where ends are told, looking is for those that went missing: so much more seldom. */
const SELDOM = 5;
/** Ends are listened to for so long after the last wait. */
const LINGER_MS = 10_000;

/** Those in this process who wait for jobs to end. */
export class Waiting {
  readonly #core: QueueCore;
  readonly #enqueuing: Enqueuing;
  readonly #byId = new Map<string, Set<Waiter>>();
  /** Whether ends are told; a promise until that is known. */
  #listening: boolean | Promise<boolean> = false;
  #unlisten: (() => void) | undefined;
  #lingering: Alarm | undefined;
  #closed = false;

  constructor(core: QueueCore, enqueuing: Enqueuing) {
    this.#core = core;
    this.#enqueuing = enqueuing;
  }

  /** Enqueues a job and waits until it has ended: listens, enqueues, reads once where it may have missed the end, and looks now and then. */
  async run(tool: string, input: unknown, options: WaitOptions): Promise<unknown> {
    const { rt, where } = this.#core;
    const { wait, signal, cancelOnAbort = false, context = rt.currentContext?.() } = options;
    const waitMs = milliseconds(wait, `${where}: wait`, 1);
    const signals = [signal, context?.signal].filter((one) => one !== undefined);
    for (const one of signals) one.throwIfAborted();
    const until = Math.min(rt.clock.monotonic() + waitMs, context?.deadline ?? Infinity);
    const job = await this.#enqueuing.job(tool, input, options);
    for (const one of signals) one.throwIfAborted();
    const onGivenUp = cancelOnAbort ? (waiter: Waiter) => this.#cancel(waiter) : () => undefined;
    const waiter = new Waiter(tool, until, signals, rt.clock, (one) => this.#look(one, waitMs), onGivenUp);
    this.#add(waiter, job.id);
    this.#begin(waiter, job, context).catch((error: unknown) => waiter.fail(error));
    try {
      return await waiter.promise;
    } finally {
      this.#remove(waiter);
    }
  }

  /** Stops listening. Those who wait still look now and then. */
  close(): void {
    this.#closed = true;
    this.#silence();
  }

  async #begin(waiter: Waiter, job: NewJob, context: Context | undefined): Promise<void> {
    const listening = this.#listen();
    const [enqueued] = await this.#enqueuing.enqueue([job], context);
    const { id, duplicate } = enqueued ?? { id: job.id, duplicate: false };
    waiter.own = !duplicate;
    if (waiter.over) {
      // It left before the job was there to be cancelled.
      waiter.onGivenUp(waiter);
      return;
    }
    if (id !== waiter.id) {
      this.#remove(waiter);
      this.#add(waiter, id);
    }
    const told = listening instanceof Promise ? await listening : listening;
    // What ended before anybody listened is told nobody.
    if (!told || listening instanceof Promise || duplicate) await this.#read(waiter);
    const { pollMs } = this.#core.config.value;
    this.#lookLater(waiter, told ? pollMs : Math.min(pollMs, SHORTEST_POLL_MS));
  }

  #lookLater(waiter: Waiter, pollMs: number): void {
    if (waiter.over) return;
    waiter.pollMs = pollMs;
    // Half of it is by chance: what was enqueued together isn't looked for together.
    waiter.arm(pollMs * (0.5 + this.#core.rt.random() / 2));
  }

  #look(waiter: Waiter, waitMs: number): void {
    const { rt, where, name, config } = this.#core;
    const { id, tool } = waiter;
    if (rt.clock.monotonic() >= waiter.until) {
      const message = `${where}: the ${tool} job ${id} did not end within ${waitMs} ms`;
      waiter.giveUp(new JobError("job_timeout", message, id, tool, undefined, { source: `queue:${name}` }));
      return;
    }
    const { pollMs } = config.value;
    const most = this.#listening === true ? pollMs * SELDOM : pollMs;
    const next = Math.min(most, waiter.pollMs * 2);
    waiter.arm(0);
    void this.#read(waiter).then(() => this.#lookLater(waiter, next));
  }

  async #read(waiter: Waiter): Promise<void> {
    const { where, name } = this.#core;
    const { id, tool } = waiter;
    if (waiter.over) return;
    const record = await this.#core.ask("get", (jobs, call) => jobs.get(id, call));
    // A store that is gone may come back before time is up.
    if (record instanceof StoreFailure) return;
    const { state } = record;
    if (state === "delayed" || state === "queued" || state === "running") return;
    if (state !== "unknown") {
      this.#conclude(waiter, { state, result: record.result, error: record.error });
      return;
    }
    const message = `${where}: how the ${tool} job ${id} ended is not known any more`;
    waiter.fail(new JobError("job_failed", message, id, tool, undefined, { source: `queue:${name}` }));
  }

  #conclude(waiter: Waiter, { state, result, error }: Ended): void {
    const { where, name, tools } = this.#core;
    const { id, tool } = waiter;
    if (state !== "succeeded") {
      const cause = typeof error === "string" ? failureError(failureOf(error)) : undefined;
      const message = `${where}: the ${tool} job ${id} ended as ${state}${cause === undefined ? "" : `: ${cause.message}`}`;
      const details = { source: `queue:${name}`, ...(cause !== undefined && { cause }) };
      waiter.fail(new JobError(CODES[state], message, id, tool, state, details));
      return;
    }
    const output = tools.get(tool)?.options.output;
    try {
      const value = resultOf(result);
      const checked = output === undefined ? value : validate(output, value, "result");
      if (checked instanceof Promise)
        checked.then(
          (one) => waiter.succeed(one),
          (cause: unknown) => waiter.fail(this.#mismatch(waiter, cause)),
        );
      else waiter.succeed(checked);
    } catch (cause) {
      waiter.fail(this.#mismatch(waiter, cause));
    }
  }

  /** Whoever wrote the result knows another schema than this process. */
  #mismatch({ id, tool }: Waiter, cause: unknown): JobError {
    const { where, name } = this.#core;
    const message = `${where}: the result of the ${tool} job ${id} does not match its schema`;
    return new JobError("job_failed", message, id, tool, "succeeded", { cause, source: `queue:${name}` });
  }

  #cancel({ id, own }: Waiter): void {
    if (!own) return;
    const { retention } = this.#core.config.value;
    // A failure is told as an event; the job then runs in vain.
    void this.#core.ask("cancel", (jobs, call) => jobs.cancel(id, retention, call));
  }

  #add(waiter: Waiter, id: string): void {
    waiter.id = id;
    const waiters = this.#byId.get(id);
    if (waiters === undefined) this.#byId.set(id, new Set([waiter]));
    else waiters.add(waiter);
  }

  #remove(waiter: Waiter): void {
    const waiters = this.#byId.get(waiter.id);
    waiters?.delete(waiter);
    if (waiters?.size !== 0) return;
    this.#byId.delete(waiter.id);
    if (this.#byId.size === 0 && this.#listening !== false) this.#linger();
  }

  #silence(): void {
    this.#lingering?.cancel();
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#listening = false;
  }

  #linger(): void {
    this.#lingering?.cancel();
    const end = () => {
      if (this.#byId.size === 0) this.#silence();
    };
    this.#lingering = this.#core.rt.clock.alarm(LINGER_MS, end, "background");
  }

  #listen(): boolean | Promise<boolean> {
    const { jobs } = this.#core;
    if (this.#listening !== false || jobs.listen === undefined || this.#closed) return this.#listening;
    const ended = (note: JobEndNote) => this.#heard(note);
    let pending: MaybePromise<() => void> | undefined;
    const answer = this.#core.ask("listen", () => {
      pending = jobs.listen?.({ ended }) ?? (() => undefined);
      return pending;
    });
    const settle = (unlisten: (() => void) | StoreFailure): boolean => {
      if (unlisten instanceof StoreFailure) {
        this.#listening = false;
        // What comes too late is for nobody: the next who waits listens anew. (Its failure is told already.)
        if (pending instanceof Promise)
          pending.then(
            (end) => end(),
            () => undefined,
          );
        return false;
      }
      if (this.#closed) {
        unlisten();
        return false;
      }
      this.#unlisten = unlisten;
      this.#listening = true;
      return true;
    };
    this.#listening = answer instanceof Promise ? answer.then(settle) : settle(answer);
    return this.#listening;
  }

  #heard({ id, state, result, error }: JobEndNote): void {
    const waiters = this.#byId.get(id);
    if (waiters === undefined) return;
    for (const waiter of [...waiters]) {
      // Messages have room for so much; what doesn't fit is read.
      if (state === "succeeded" ? result === undefined : error === undefined) void this.#read(waiter);
      else this.#conclude(waiter, { state, result: result ?? null, error: error ?? null });
    }
  }
}
