import { integer, onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { Cancelled, EnqueuedJob, Extended, Finished, ToolStats } from "../../core/jobs.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import { StoreFailure } from "../../core/store.js";
import { HERE, type JobPlace, QueueCore } from "./core.js";
import { type EnqueueOptions, Enqueuing } from "./enqueuing.js";
import { type HeldJob, HeldJobs } from "./held-jobs.js";
import type { JobHandlers, JobInput, JobMade, JobResult, JobSet, JobWire, ToolName } from "./job.js";
import { type JobInfo, jobInfo } from "./job-info.js";
import { concurrencyOf, type QueueOptions } from "./options.js";
import { type QueueSnapshot, queueSnapshot } from "./snapshot.js";
import type { Handlers } from "./tool.js";
import { Waiting, type WaitOptions } from "./waiting.js";
import { CLEANED_AT_ONCE, Worker } from "./worker.js";

/** A job of a set to be enqueued, as {@link Queue.enqueueMany} takes it. */
export type NewJobOf<J extends JobSet> = {
  [N in ToolName<J>]: { readonly tool: N; readonly input: JobWire<J[N]> } & EnqueueOptions;
}[ToolName<J>];

/** A job of a set that was claimed by hand. */
export type HeldJobOf<J extends JobSet> = { [N in ToolName<J>]: HeldJob<N, JobInput<J[N]>> }[ToolName<J>];

/** See {@link Queue.process}. */
export interface ProcessOptions {
  /** Jobs that it runs at a time. Default: the queue's. */
  readonly concurrency?: number;
  /** Jobs that one claim asks for at most. Default: half of what it runs or holds ready, so that some run while others are fetched. */
  readonly batch?: number;
  /** How long it goes without asking at most when there is nothing to do. Default: the queue's. */
  readonly poll?: Duration;
  /** When it aborts, the worker drains. */
  readonly signal?: AbortSignal;
}

/** See {@link Queue.processQueue}. */
export interface RunOptions {
  /** Jobs that it runs at most. Default: the queue's. */
  readonly maxPerRun?: number;
  /** It begins no more after this; what runs is waited for. Default: no bound. */
  readonly maxMs?: Duration;
  /** Jobs that it runs at a time. Default: the queue's. */
  readonly concurrency?: number;
}

/** What a {@link Queue.processQueue} did. */
export interface RunReport {
  /** Jobs that were begun. */
  readonly ran: number;
  /** Ended jobs that were forgotten, for their retention had passed. */
  readonly removed: number;
}

const MOST_HELD = 1_000;

/**
 * Work that is done later, elsewhere, or in its turn: jobs are enqueued here and run by whatever process has their
 * handlers. At least once: a worker that dies in the middle leaves its jobs to others.
 *
 * @example
 * const tools = new Queue("tools", { jobs: { search: job({ input: Query, run: ({ q }) => search(q) }) } }, runtime({ store }));
 * await tools.enqueue("search", { q: "keel" });
 * await using worker = tools.process({ concurrency: 50 });
 */
export class Queue<J extends JobSet, Ctx = undefined> implements AsyncDisposable {
  readonly name: string;
  readonly #core: QueueCore;
  readonly #enqueuing: Enqueuing;
  readonly #waiting: Waiting;
  readonly #held: HeldJobs;
  readonly #workers = new Set<Worker>();

  /**
   * @param handlers those of another place that the same queue is bound to
   * @param place what handlers get as `ctx` and `use`
   * @throws {ConfigError} naming the option that is wrong
   */
  constructor(
    name: string,
    options: QueueOptions<J, never>,
    rt: Runtime = runtime(),
    handlers?: Handlers,
    place: JobPlace = HERE,
  ) {
    this.name = name;
    this.#core = new QueueCore(name, options, rt, handlers, place);
    this.#enqueuing = new Enqueuing(this.#core);
    this.#waiting = new Waiting(this.#core, this.#enqueuing);
    this.#held = new HeldJobs(this.#core);
  }

  /**
   * Says what does the jobs that were defined without `run`: all of them, once.
   *
   * @throws {ConfigError} when one is missing, has its handler already, or isn't the queue's
   */
  handle(handlers: JobHandlers<J, Ctx>): void {
    this.#core.handlers.add(handlers);
  }

  /**
   * Takes a job in.
   *
   * @returns its id; where it is a duplicate, that of the job that stands in for it
   * @throws {QueueSaturatedError} when as many of its kind as may be are queued
   * @throws {KeelsonError} `validation` or `payload_too_large` for a wrong input; `unavailable` when the store failed:
   * where it isn't known whether the job was taken in, enqueueing it once more with the same `id` is safe
   */
  async enqueue<N extends ToolName<J>>(
    tool: N,
    input: JobWire<J[N]>,
    options: EnqueueOptions = {},
  ): Promise<EnqueuedJob> {
    const job = await this.#enqueuing.job(tool, input, options);
    const [enqueued] = await this.#enqueuing.enqueue([job], options.context);
    return enqueued ?? { id: job.id, duplicate: false };
  }

  /**
   * Takes jobs in, all or none.
   *
   * @throws {KeelsonError} as {@link enqueue}
   */
  async enqueueMany(jobs: readonly NewJobOf<J>[]): Promise<readonly EnqueuedJob[]> {
    const given = jobs as readonly ({ readonly tool: string; readonly input: unknown } & EnqueueOptions)[];
    const made = await Promise.all(given.map((one) => this.#enqueuing.job(one.tool, one.input, one)));
    return made.length === 0 ? [] : this.#enqueuing.enqueue(made, jobs[0]?.context);
  }

  /**
   * Takes a job in and waits for its result, but no longer than `wait`.
   *
   * @throws {JobError} `job_failed`, `job_dead`, `job_expired`, `job_cancelled`; `job_timeout` when it hasn't ended in time
   * @throws {KeelsonError} as {@link enqueue}; otherwise what a signal was aborted with
   */
  async enqueueAndWait<N extends ToolName<J>>(
    tool: N,
    input: JobWire<J[N]>,
    options: WaitOptions,
  ): Promise<JobResult<J[N]>> {
    return (await this.#waiting.run(tool, input, options)) as JobResult<J[N]>;
  }

  /**
   * Runs the jobs that have handlers until it is told to stop.
   *
   * @throws {ConfigError} when no job has a handler, or an option is wrong
   */
  process(options: ProcessOptions = {}): Worker {
    const { where, config } = this.#core;
    onlyKnown(options, `${where}.process`, ["concurrency", "batch", "poll", "signal"]);
    const { concurrency, batch, poll, signal } = options;
    const fixed = concurrency === undefined ? undefined : concurrencyOf(concurrency, `${where}.process.concurrency`);
    const pollMs = poll === undefined ? undefined : milliseconds(poll, `${where}.process.poll`, 10);
    if (batch !== undefined) integer(batch, `${where}.process.batch`, 1);
    const atATime = () => fixed ?? config.value.concurrency;
    const engine = {
      concurrency: atATime,
      batch: (capacity: number) => batch ?? Math.ceil(capacity / 2),
      pollMs: () => pollMs ?? config.value.pollMs,
      budget: Infinity,
      once: false,
    };
    this.#core.ready("process");
    const worker = new Worker(this.#core, engine, signal, (ended) => this.#workers.delete(ended));
    this.#workers.add(worker);
    return worker;
  }

  /**
   * Runs what is due, and ends: for runtimes that are woken by a clock.
   *
   * @throws {ConfigError} when no job has a handler, or an option is wrong
   */
  async processQueue(options: RunOptions = {}): Promise<RunReport> {
    const { where, config } = this.#core;
    onlyKnown(options, `${where}.processQueue`, ["maxPerRun", "maxMs", "concurrency"]);
    const { maxPerRun = config.value.maxPerRun, maxMs, concurrency = config.value.concurrency } = options;
    concurrencyOf(concurrency, `${where}.processQueue.concurrency`);
    const engine = {
      concurrency: () => concurrency,
      batch: () => concurrency,
      pollMs: () => config.value.pollMs,
      budget: integer(maxPerRun, `${where}.processQueue.maxPerRun`, 1),
      once: true,
    };
    const ms = maxMs === undefined ? Infinity : milliseconds(maxMs, `${where}.processQueue.maxMs`, 1);
    this.#core.ready("processQueue");
    const worker = new Worker(this.#core, engine, undefined, (ended) => this.#workers.delete(ended));
    this.#workers.add(worker);
    const ran = await worker.once(ms);
    const cleaned = await this.#core.ask("cleanup", (jobs, call) => jobs.cleanup(CLEANED_AT_ONCE, call));
    return { ran, removed: cleaned instanceof StoreFailure ? 0 : cleaned.removed };
  }

  /**
   * Claims jobs by hand, for workers of another make. Each is to be completed or failed, and extended meanwhile.
   *
   * @param options `tools`: default all; `max`: jobs at most, default 1; `lease`: default the queue's
   * @throws {KeelsonError} `unavailable` when the store failed
   */
  async claim(
    options: { readonly tools?: readonly ToolName<J>[]; readonly max?: number; readonly lease?: Duration } = {},
  ): Promise<HeldJobOf<J>[]> {
    const { tools = [...this.#core.tools.keys()], max = 1, lease } = options;
    integer(max, `${this.#core.where}.claim.max`, 1, MOST_HELD);
    for (const tool of tools) this.#core.tool(tool);
    return (await this.#held.claim(tools, max, lease)) as HeldJobOf<J>[];
  }

  /**
   * Ends a job that was claimed by hand, with its result.
   *
   * @returns `lost` where its lease has passed to somebody else: then nothing was changed
   * @throws {KeelsonError} `internal` when the result is too large, is no JSON or doesn't match its schema;
   * `unavailable` when the store failed
   */
  complete<N extends ToolName<J>>(job: HeldJob<N>, result: JobMade<J[N]>): Promise<Finished> {
    return this.#held.complete(job, result);
  }

  /**
   * Ends an attempt that was claimed by hand: the job is tried again later, or never, as the error and the attempts say.
   *
   * @returns as {@link complete}
   */
  fail(job: HeldJob<ToolName<J>>, error: unknown): Promise<Finished> {
    return this.#held.fail(job, error);
  }

  /** Gives a job back that was claimed by hand: it costs no attempt. */
  release(job: HeldJob<ToolName<J>>): Promise<Finished> {
    return this.#held.release(job);
  }

  /**
   * Renews the lease of a job that was claimed by hand, from now on.
   *
   * @returns `cancelled` where it is still held and is to be given up
   */
  extend(job: HeldJob<ToolName<J>>, lease?: Duration): Promise<Extended> {
    return this.#held.extend(job, lease);
  }

  /** Cancels a job. One that runs hears of it with its next heartbeat, half a lease from now at most or so. */
  cancel(id: string): Promise<Cancelled> {
    const { retention } = this.#core.config.value;
    return this.#core.need("cancel", (jobs, call) => jobs.cancel(id, retention, call));
  }

  /** A job as it stands; `undefined` where there is none, or not any more. */
  async get(id: string): Promise<JobInfo | undefined> {
    const record = await this.#core.need("get", (jobs, call) => jobs.get(id, call));
    return record.state === "unknown" ? undefined : jobInfo(record);
  }

  /** The kinds of job that are defined here. */
  kinds(): readonly ToolName<J>[] {
    return [...this.#core.tools.keys()] as ToolName<J>[];
  }

  /** How full each kind of job is, in all processes. */
  async stats(): Promise<Readonly<Record<ToolName<J>, ToolStats>>> {
    return (await this.#core.refresh()) as Record<ToolName<J>, ToolStats>;
  }

  /** Forgets up to `max` (default 1000) ended jobs whose retention has passed. Workers do this by themselves. */
  async cleanupExpired({
    max = CLEANED_AT_ONCE,
  }: {
    readonly max?: number;
  } = {}): Promise<{ readonly removed: number }> {
    integer(max, `${this.#core.where}.cleanupExpired.max`, 1);
    return this.#core.need("cleanup", (jobs, call) => jobs.cleanup(max, call));
  }

  /** Queues up to `max` (default 100) dead jobs anew, oldest first, with all their attempts before them. */
  async requeueDead({
    tool,
    max = 100,
  }: {
    readonly tool?: ToolName<J>;
    readonly max?: number;
  } = {}): Promise<{ readonly requeued: number }> {
    integer(max, `${this.#core.where}.requeueDead.max`, 1);
    return this.#core.need("requeueDead", (jobs, call) => jobs.requeueDead(tool, max, call));
  }

  /** Forgets up to `max` (default 100) dead jobs, oldest first, before their retention has passed. */
  async dropDead({
    tool,
    max = 100,
  }: {
    readonly tool?: ToolName<J>;
    readonly max?: number;
  } = {}): Promise<{ readonly dropped: number }> {
    integer(max, `${this.#core.where}.dropDead.max`, 1);
    return this.#core.need("dropDead", (jobs, call) => jobs.dropDead(tool, max, call));
  }

  /** Gives out no job of a kind, in any process, until it is resumed. Left out: of every kind that is defined here. */
  pause(tool?: ToolName<J>): Promise<void> {
    return this.#pause(tool, true);
  }

  /**
   * Takes in no more jobs of a kind through this process, so that those there are get done and none comes after:
   * enqueueing is refused with `unavailable` until {@link admit}.
   *
   * @throws {ConfigError} when the queue has no such job
   */
  turnAway(tool: ToolName<J>): void {
    this.#core.turnedAway.add(this.#core.tool(tool).name);
  }

  /** Takes jobs in again. */
  admit(tool: ToolName<J>): void {
    this.#core.turnedAway.delete(this.#core.tool(tool).name);
  }

  /** Ends a pause. */
  resume(tool?: ToolName<J>): Promise<void> {
    return this.#pause(tool, false);
  }

  /** What is known without asking: what this process did, and what the store said when last asked for {@link stats}. */
  snapshot(): QueueSnapshot {
    const workers = [...this.#workers];
    return queueSnapshot(
      this.#core,
      workers.length,
      workers.reduce((sum, { running }) => sum + running, 0),
    );
  }

  /**
   * Drains all its workers.
   *
   * @param options `drain`: how long to wait for what runs, default `"10s"`
   * @returns whether everything ended in time
   */
  async close({ drain }: { readonly drain?: Duration } = {}): Promise<boolean> {
    const timeout = drain === undefined ? {} : { timeout: drain };
    const ended = await Promise.all([...this.#workers].map((worker) => worker.drain(timeout)));
    this.#waiting.close();
    return ended.every(Boolean);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #pause(tool: string | undefined, paused: boolean): Promise<void> {
    const tools = tool === undefined ? [...this.#core.tools.keys()] : [this.#core.tool(tool).name];
    for (const one of tools) await this.#core.need("pause", (jobs, call) => jobs.pause(one, paused, call));
  }
}
