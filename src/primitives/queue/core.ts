import { ConfigError } from "../../core/config.js";
import { Deadlines } from "../../core/deadlines.js";
import { KeelsonError } from "../../core/errors.js";
import type { JobSource, JobStore, ToolStats } from "../../core/jobs.js";
import { Derived, type Runtime } from "../../core/runtime.js";
import { type MaybePromise, type Store, type StoreCall, StoreFailure } from "../../core/store.js";
import { broken, StoreWait } from "../../core/store-wait.js";
import type { JobSet } from "./job.js";
import { type QueueConfig, type QueueOptions, queueConfig, type ToolConfig, whereOf } from "./options.js";
import { Handlers, Tool } from "./tool.js";

/** When to try again after a store's failure: soon, for stores come back. */
const RETRY_MS = 1_000;

/** A kind of job that was never enqueued. */
const NONE: ToolStats = {
  queued: 0,
  delayed: 0,
  running: 0,
  paused: false,
  oldestMs: 0,
  ended: { succeeded: 0, failed: 0, dead: 0, expired: 0, cancelled: 0 },
  dead: 0,
};

/** What handlers get as `ctx` and `use`. */
export interface JobPlace {
  readonly ctx: unknown;
  readonly use: (definition: never) => unknown;
}

/** On Node a definition is bound to where it is used already. */
export const HERE: JobPlace = { ctx: undefined, use: (definition: unknown) => definition };

/** What all parts of a queue share: its configuration, its jobs, and its store with its failures. */
export class QueueCore {
  readonly where: string;
  readonly config: Derived<QueueConfig>;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly handlers: Handlers;
  /** What the store last said, and when by the clock's `monotonic()`. */
  stats: { readonly tools: Readonly<Record<string, ToolStats>>; readonly at: number } | undefined = undefined;
  /** Why it could not the last time it was asked; `undefined` where it could. */
  statsFailure: string | undefined = undefined;
  /** Kinds of jobs that this process takes in no more of. */
  readonly turnedAway = new Set<string>();
  readonly #deadlines: Deadlines;
  readonly #call: StoreCall;
  #jobs: JobStore | undefined;

  constructor(
    readonly name: string,
    options: QueueOptions<JobSet, never>,
    readonly rt: Runtime,
    handlers: Handlers | undefined,
    readonly place: JobPlace,
  ) {
    this.where = whereOf(name);
    this.config = new Derived(rt.knobs, (read) => queueConfig(name, options, read));
    this.handlers = handlers ?? new Handlers(name, options.jobs);
    this.tools = new Map(Object.entries(options.jobs).map(([tool, { options: own }]) => [tool, new Tool(tool, own)]));
    const { deadlineMs } = this.config.value;
    this.#deadlines = new Deadlines(rt.clock, deadlineMs);
    this.#call = { deadlineMs };
  }

  /** @throws {ConfigError} when the queue has no such job */
  tool(name: string): Tool {
    const tool = this.tools.get(name);
    if (tool !== undefined) return tool;
    throw new ConfigError(`${this.where}: tool`, name, [...this.tools.keys()].join(", "));
  }

  /** @throws {KeelsonError} `unavailable` for jobs of a kind that is turned away */
  admits(jobs: readonly { readonly tool: string }[]): void {
    if (this.turnedAway.size === 0) return;
    const refused = jobs.find(({ tool }) => this.turnedAway.has(tool));
    if (refused === undefined) return;
    throw new KeelsonError("unavailable", `${this.where}: ${refused.tool} is drained and takes nothing in`, {
      retryAfterMs: RETRY_MS,
      source: `queue:${this.name}`,
    });
  }

  /**
   * Whether jobs can be run here.
   *
   * @throws {ConfigError} when none has a handler
   * @throws {TypeError} when there is no store, or it keeps no jobs
   */
  ready(operation: string): void {
    if (this.handlers.tools().length === 0)
      throw new ConfigError(`${this.where}.${operation}`, undefined, "jobs with run, or handlers given to handle()");
    void this.jobs;
  }

  /**
   * Asks the store how full it is, and keeps what it says for the snapshot.
   *
   * @throws {KeelsonError} `unavailable` when the store failed
   */
  async refresh(): Promise<Readonly<Record<string, ToolStats>>> {
    try {
      const { tools } = await this.need("stats", (jobs, call) => jobs.stats(call));
      const all: Record<string, ToolStats> = {};
      for (const name of this.tools.keys()) all[name] = NONE;
      Object.assign(all, tools);
      this.stats = { tools: all, at: this.rt.clock.monotonic() };
      this.statsFailure = undefined;
      return all;
    } catch (error) {
      this.statsFailure = error instanceof KeelsonError ? error.message : "unavailable";
      throw error;
    }
  }

  /** The options of one kind of job, as they are now. */
  settings(tool: string): ToolConfig {
    return this.config.value.tools.get(tool) as ToolConfig;
  }

  /** @throws {TypeError} when there is no store, or it keeps no jobs */
  get jobs(): JobStore {
    this.#jobs ??= jobsOf(this.rt.store, this.name, this.where);
    return this.#jobs;
  }

  /** Asks the store, no longer than the deadline, and tells when it fails. */
  ask<T>(
    operation: string,
    question: (jobs: JobStore, call: StoreCall) => MaybePromise<T | StoreFailure>,
  ): MaybePromise<T | StoreFailure> {
    const { jobs } = this;
    let answer: MaybePromise<T | StoreFailure>;
    try {
      answer = question(jobs, this.#call);
    } catch (error) {
      answer = broken(error);
    }
    if (!(answer instanceof Promise)) return this.#told(operation, answer);
    const wait = new StoreWait(answer as Promise<object>, this.#deadlines, this.rt.clock.monotonic());
    return wait.answer.then((settled) => this.#told(operation, settled as T | StoreFailure));
  }

  /**
   * The same for those who can't do without an answer.
   *
   * @throws {KeelsonError} `unavailable` when the store failed
   */
  async need<T>(
    operation: string,
    question: (jobs: JobStore, call: StoreCall) => MaybePromise<T | StoreFailure>,
  ): Promise<T> {
    const answer = await this.ask(operation, question);
    if (!(answer instanceof StoreFailure)) return answer;
    throw new KeelsonError("unavailable", `${this.where}: ${operation} failed (${answer.reason})`, {
      cause: answer.error,
      retryAfterMs: RETRY_MS,
      source: `queue:${this.name}`,
    });
  }

  #told<T>(operation: string, answer: T | StoreFailure): T | StoreFailure {
    if (answer instanceof StoreFailure && this.rt.events.wants("queue.failure")) {
      const { reason, applied, error } = answer;
      this.rt.events.emit("queue.failure", { name: this.name, operation, reason, applied, error });
    }
    return answer;
  }
}

/** Where a store keeps a queue's jobs. */
function jobsOf(store: Store | undefined, queue: string, where: string): JobStore {
  if (store === undefined)
    throw new TypeError(`${where} has no store: pass runtime({ store }), or define it with a kit`);
  const jobs = (store as Partial<JobSource>).jobs?.(queue);
  if (jobs === undefined) throw new TypeError(`${where}: the store (${store.kind}) keeps no jobs`);
  return jobs;
}
