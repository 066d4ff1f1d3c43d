import { ConfigError } from "../../core/config.js";
import { LATENCY_BUCKETS, latencyBucket, latencyPercentile } from "../../kernel/sli/latency.js";
import type { AnyJobOptions, JobCall, JobSet } from "./job.js";
import { whereOf } from "./options.js";

/** How long something took, over all times. */
export interface Spread {
  readonly count: number;
  /** Milliseconds, as exact as `kernel/sli/latency.ts` says; `null` where there was none. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Counts how long something takes. */
export class Histogram {
  readonly #counts = new Uint32Array(LATENCY_BUCKETS);
  #total = 0;

  add(ms: number): void {
    const bucket = latencyBucket(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
  }

  spread(): Spread {
    const at = (share: number) => latencyPercentile(this.#counts, this.#total, share);
    return { count: this.#total, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}

/** What this process did with one kind of job since it began. */
export class ToolCounts {
  enqueued = 0;
  duplicates = 0;
  saturated = 0;
  started = 0;
  succeeded = 0;
  retried = 0;
  failed = 0;
  dead = 0;
  released = 0;
  lost = 0;
}

/** What does one kind of job. */
export type Handler = (input: unknown, call: JobCall<unknown>) => unknown;

/** One kind of job of a queue, in this process. */
export class Tool {
  readonly counts = new ToolCounts();
  /** From when it was due until it began. */
  readonly wait = new Histogram();
  /** From when it began until it ended. */
  readonly run = new Histogram();

  constructor(
    readonly name: string,
    readonly options: AnyJobOptions,
  ) {}
}

/**
 * What does the jobs of a queue. One for all the places that its definition is bound to, so that handlers that are
 * given once are there in each.
 */
export class Handlers {
  readonly #where: string;
  readonly #jobs: JobSet;
  readonly #inline = new Set<string>();
  readonly #byTool = new Map<string, Handler>();
  /** Raised when there are more. */
  revision = 0;

  constructor(queue: string, jobs: JobSet) {
    this.#where = whereOf(queue);
    this.#jobs = jobs;
    for (const [tool, { options }] of Object.entries(jobs)) {
      if (options.run === undefined) continue;
      this.#inline.add(tool);
      this.#byTool.set(tool, options.run as Handler);
    }
  }

  get(tool: string): Handler | undefined {
    return this.#byTool.get(tool);
  }

  /** Jobs that have a handler. */
  tools(): readonly string[] {
    return [...this.#byTool.keys()];
  }

  /** @throws {ConfigError} when a job has none, or has one already, or isn't the queue's */
  add(given: Readonly<Record<string, unknown>>): void {
    for (const [tool, handler] of Object.entries(given)) {
      const option = `${this.#where}.handle.${tool}`;
      if (!Object.hasOwn(this.#jobs, tool) || this.#inline.has(tool))
        throw new ConfigError(option, handler, "handlers of the queue's jobs that were defined without run");
      if (typeof handler !== "function") throw new ConfigError(option, handler, "a function");
      if (this.#byTool.has(tool)) throw new ConfigError(option, handler, "none: it has its handler already");
    }
    for (const tool of Object.keys(this.#jobs)) {
      if (!this.#byTool.has(tool) && !Object.hasOwn(given, tool))
        throw new ConfigError(`${this.#where}.handle.${tool}`, undefined, "a function");
    }
    for (const [tool, handler] of Object.entries(given)) this.#byTool.set(tool, handler as Handler);
    this.revision++;
  }
}
