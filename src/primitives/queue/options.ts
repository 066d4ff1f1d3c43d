import { ConfigError, integer, oneOf, onlyKnown } from "../../core/config.js";
import { bytes, type Duration, milliseconds, type Size } from "../../core/duration.js";
import type { JobEnd, JobRetention } from "../../core/jobs.js";
import type { ReadTunable, Tunable } from "../../core/runtime.js";
import type { AnyJobOptions, JobRetry, JobSet } from "./job.js";

/** Options of a {@link Queue}. */
export interface QueueOptions<J extends JobSet, K = Record<string, never>> {
  /** What it can do, by name. */
  readonly jobs: J;
  /** How long a worker may be silent until its jobs go to others. It says twice a lease that it lives. Default `"30s"`. */
  readonly lease?: Tunable<K, Duration>;
  /** How often a job may be tried. Default 3. */
  readonly attempts?: Tunable<K, number>;
  /** Waits between attempts. */
  readonly retry?: JobRetry<K>;
  /** The deadline of jobs that are enqueued without one: what didn't run by then expires. Default 0: none. */
  readonly ttl?: Tunable<K, Duration>;
  /** How long jobs that have ended are kept, by how they ended. 0: not at all. */
  readonly retention?: { readonly [E in JobEnd]?: Tunable<K, Duration> };
  /** How many jobs that are due, lost or expired one claim looks after on its way. Default 100. */
  readonly claimScan?: Tunable<K, number>;
  /** Jobs that one worker runs at a time. Default 10. */
  readonly concurrency?: Tunable<K, number>;
  /** How long an idle worker, or one who waits for a result, goes without asking at most. Default `"1s"`. */
  readonly poll?: Tunable<K, Duration>;
  /** Jobs that one `processQueue()` runs at most. Default 25. */
  readonly maxPerRun?: Tunable<K, number>;
  /** The largest envelope: the input as JSON, and some 200 bytes. Default `"256kb"`. */
  readonly maxPayload?: Size;
  /** The largest result as JSON. Default `"256kb"`. */
  readonly maxResult?: Size;
  /** How long the store may take that doesn't answer at once; then it has failed. Default `"5s"`. */
  readonly deadline?: Duration;
}

/** A job's options, checked. */
export interface ToolConfig {
  readonly maxRunning: number;
  readonly maxQueued: number;
  readonly attempts: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  /** 0: none. */
  readonly timeoutMs: number;
  /** The HTTP status of a refusal. */
  readonly saturatedStatus: number;
  readonly maxPayload: number;
  readonly maxResult: number;
}

/** A queue's options, checked. */
export interface QueueConfig {
  readonly tools: ReadonlyMap<string, ToolConfig>;
  readonly leaseMs: number;
  readonly ttlMs: number;
  readonly retention: JobRetention;
  readonly scan: number;
  readonly concurrency: number;
  readonly pollMs: number;
  readonly maxPerRun: number;
  readonly deadlineMs: number;
}

/** How long the ends of jobs are kept. */
const RETENTION: Readonly<Record<JobEnd, Duration>> = {
  succeeded: "1h",
  failed: "7d",
  dead: "14d",
  expired: "1d",
  cancelled: "1d",
};
const ENDS = Object.keys(RETENTION) as JobEnd[];
/** A worker of more would hold all of a queue. */
const MOST_CONCURRENT = 10_000;
const MOST_ATTEMPTS = 1_000;
/** Below it a lease is lost to any pause of the process. */
const LEAST_LEASE_MS = 1_000;
/** Names are parts of keys in stores. */
const NAME = /^[\w.:-]{1,100}$/;
const NAMES = "letters, digits, dots, colons, dashes and underscores, 100 at most";

/** How options and errors name a queue. */
export function whereOf(name: string): string {
  return `queue(${JSON.stringify(name)})`;
}

/**
 * Checks the options.
 *
 * @throws {ConfigError} naming the option that is wrong
 */
export function queueConfig(name: string, options: QueueOptions<JobSet, never>, read: ReadTunable): QueueConfig {
  const where = whereOf(name);
  onlyKnown(options, where, [
    "jobs",
    "lease",
    "attempts",
    "retry",
    "ttl",
    "retention",
    "claimScan",
    "concurrency",
    "poll",
    "maxPerRun",
    "maxPayload",
    "maxResult",
    "deadline",
  ]);
  if (typeof name !== "string" || !NAME.test(name)) throw new ConfigError("queue.name", name, NAMES);
  const duration = (option: Tunable<never, Duration> | undefined, otherwise: Duration, called: string, min = 0) =>
    milliseconds(read(option ?? otherwise), `${where}.${called}`, min);
  const { jobs, retention = {} } = options;
  if (typeof jobs !== "object" || jobs === null || Object.keys(jobs).length === 0)
    throw new ConfigError(`${where}.jobs`, jobs, "an object of jobs, one at least");
  onlyKnown(retention, `${where}.retention`, ENDS);
  const kept = ENDS.map((end) => [end, duration(retention[end], RETENTION[end], `retention.${end}`)] as const);
  const general: ToolConfig = {
    maxRunning: 0,
    maxQueued: 0,
    attempts: integer(read(options.attempts ?? 3), `${where}.attempts`, 1, MOST_ATTEMPTS),
    ...retries(options.retry, where, read, { base: 1_000, cap: 300_000 }),
    timeoutMs: 0,
    saturatedStatus: 503,
    maxPayload: bytes(options.maxPayload ?? "256kb", `${where}.maxPayload`),
    maxResult: bytes(options.maxResult ?? "256kb", `${where}.maxResult`),
  };
  return {
    tools: new Map(
      Object.entries(jobs).map(([tool, { options: own }]) => [tool, toolConfig(tool, own, where, general, read)]),
    ),
    leaseMs: duration(options.lease, "30s", "lease", LEAST_LEASE_MS),
    ttlMs: duration(options.ttl, 0, "ttl"),
    retention: Object.fromEntries(kept) as Record<JobEnd, number>,
    scan: integer(read(options.claimScan ?? 100), `${where}.claimScan`, 1),
    concurrency: concurrencyOf(read(options.concurrency ?? 10), `${where}.concurrency`),
    pollMs: duration(options.poll, "1s", "poll", 10),
    maxPerRun: integer(read(options.maxPerRun ?? 25), `${where}.maxPerRun`, 1),
    deadlineMs: duration(options.deadline, "5s", "deadline", 1),
  };
}

/** @throws {ConfigError} when it is no whole number that a worker could do */
export function concurrencyOf(value: unknown, option: string): number {
  return integer(value, option, 1, MOST_CONCURRENT);
}

function toolConfig(
  tool: string,
  options: AnyJobOptions,
  queue: string,
  general: ToolConfig,
  read: ReadTunable,
): ToolConfig {
  const where = `${queue}.jobs.${tool}`;
  if (!NAME.test(tool)) throw new ConfigError(`${queue}.jobs`, tool, NAMES);
  onlyKnown(options, where, [
    "input",
    "output",
    "run",
    "maxRunning",
    "maxQueued",
    "attempts",
    "retry",
    "retryIf",
    "timeout",
    "saturated",
    "maxPayload",
    "maxResult",
  ]);
  const { saturated = "unavailable", retryIf, timeout, maxPayload, maxResult } = options;
  if (retryIf !== undefined && typeof retryIf !== "function")
    throw new ConfigError(`${where}.retryIf`, retryIf, "a function");
  const { retryBaseMs: base, retryCapMs: cap } = general;
  return {
    maxRunning: integer(read(options.maxRunning ?? 0), `${where}.maxRunning`, 0),
    maxQueued: integer(read(options.maxQueued ?? 0), `${where}.maxQueued`, 0),
    attempts: integer(read(options.attempts ?? general.attempts), `${where}.attempts`, 1, MOST_ATTEMPTS),
    ...retries(options.retry, where, read, { base, cap }),
    timeoutMs: timeout === undefined ? 0 : milliseconds(read(timeout), `${where}.timeout`, 1),
    saturatedStatus:
      oneOf(saturated, `${where}.saturated`, ["unavailable", "rate_limit"]) === "unavailable" ? 503 : 429,
    maxPayload: maxPayload === undefined ? general.maxPayload : bytes(maxPayload, `${where}.maxPayload`),
    maxResult: maxResult === undefined ? general.maxResult : bytes(maxResult, `${where}.maxResult`),
  };
}

function retries(
  given: JobRetry<never> | undefined,
  where: string,
  read: ReadTunable,
  { base, cap }: { readonly base: number; readonly cap: number },
): Pick<ToolConfig, "retryBaseMs" | "retryCapMs"> {
  if (given !== undefined) onlyKnown(given, `${where}.retry`, ["base", "cap"]);
  return {
    retryBaseMs: milliseconds(read(given?.base ?? base), `${where}.retry.base`),
    retryCapMs: milliseconds(read(given?.cap ?? cap), `${where}.retry.cap`),
  };
}
