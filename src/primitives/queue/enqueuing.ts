import { ConfigError } from "../../core/config.js";
import type { Context } from "../../core/context.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import { KeelsonError } from "../../core/errors.js";
import type { EnqueuedJob, NewJob } from "../../core/jobs.js";
import { longer } from "../../core/utf8.js";
import { validate } from "../../core/validation.js";
import type { QueueCore } from "./core.js";
import { seal } from "./envelope.js";
import { QueueSaturatedError } from "./errors.js";
import type { Tool } from "./tool.js";

/** What may be said of a job when it is enqueued. */
export interface EnqueueOptions {
  /** How long until it may run. Default 0. */
  readonly delay?: Duration;
  /** While a job with the same value is queued or runs, it stands in for this one. */
  readonly dedupe?: string;
  /** What doesn't run by then expires, and what runs is told to stop. Counts from now. Default: the queue's `ttl`, from when it is due. */
  readonly deadline?: Duration;
  /** Default: a new one. With an id of one's own, enqueueing once more after an answer was lost does nothing. */
  readonly id?: string;
  /** Trace id, tenant, principal and priority travel with the job; deadline and signal are the caller's own. */
  readonly context?: Context;
}

/** Longer ones are data, and belong into the input. */
const LONGEST_ID = 200;
const MOST_AT_ONCE = 10_000;

/** Checks jobs and hands them to the store. */
export class Enqueuing {
  readonly #core: QueueCore;
  /** What the ids made here begin with; the rest is a number. */
  #prefix = "";
  #made = 0;

  constructor(core: QueueCore) {
    this.#core = core;
  }

  /**
   * A job as the store takes it.
   *
   * @throws {KeelsonError} `validation` when the input doesn't match its schema or can't be written as JSON;
   * `payload_too_large`
   * @throws {ConfigError} when an option is wrong
   */
  async job(name: string, input: unknown, options: EnqueueOptions): Promise<NewJob> {
    const core = this.#core;
    const tool = core.tool(name);
    const { maxQueued, attempts, maxPayload } = core.settings(name);
    const { delay = 0, dedupe = "", deadline, id = this.#newId(), context = core.rt.currentContext?.() } = options;
    const delayMs = delay === 0 ? 0 : milliseconds(delay, `${core.where}: delay`);
    const text = json(input, name);
    // What is checked is what the handler will get: a Date has become a string by then.
    const checked = validate(tool.options.input, text === undefined ? undefined : JSON.parse(text), "args");
    if (checked instanceof Promise) await checked;
    const payload = seal(core.rt.service, text, context);
    if (longer(payload, maxPayload))
      throw new KeelsonError("payload_too_large", `${core.where}: a ${name} job has more than ${maxPayload} bytes`);
    return {
      id: this.#text(id, "id", 1),
      tool: name,
      payload,
      delayMs,
      deadlineMs: this.#deadline(deadline, delayMs),
      attempts,
      maxQueued,
      dedupe: this.#text(dedupe, "dedupe", 0),
    };
  }

  /**
   * Hands jobs to the store, all or none.
   *
   * @throws {QueueSaturatedError} when there is no room
   * @throws {KeelsonError} `unavailable` when the store failed, or jobs of the kind are turned away
   */
  async enqueue(jobs: readonly NewJob[], context: Context | undefined): Promise<readonly EnqueuedJob[]> {
    const core = this.#core;
    const { name, rt, tools } = core;
    if (jobs.length > MOST_AT_ONCE)
      throw new ConfigError(`${this.#core.where}: enqueueMany`, jobs.length, `${MOST_AT_ONCE} jobs at most`);
    core.admits(jobs);
    const answer = await this.#core.need("enqueue", (store, call) => store.enqueue(jobs, call));
    if (!answer.accepted) {
      const { tool, depth, maxQueued } = answer;
      (tools.get(tool) as Tool).counts.saturated++;
      if (rt.events.wants("job.saturated"))
        rt.events.emit("job.saturated", { name, context, tool, depth, limit: maxQueued });
      throw new QueueSaturatedError(name, tool, depth, maxQueued, core.settings(tool).saturatedStatus);
    }
    for (const [i, { id, duplicate }] of answer.jobs.entries()) {
      const { tool } = jobs[i] as NewJob;
      const { counts } = tools.get(tool) as Tool;
      if (duplicate) counts.duplicates++;
      else counts.enqueued++;
      if (rt.events.wants("job.enqueued")) rt.events.emit("job.enqueued", { name, context, tool, id, duplicate });
    }
    return answer.jobs;
  }

  #newId(): string {
    // Not before it is needed: some runtimes have no randomness while modules load.
    this.#prefix ||= crypto.randomUUID().replaceAll("-", "").slice(0, 20);
    return `${this.#prefix}${(this.#made++).toString(36)}`;
  }

  #deadline(given: Duration | undefined, delayMs: number): number {
    if (given === undefined) {
      const { ttlMs } = this.#core.config.value;
      return ttlMs === 0 ? 0 : delayMs + ttlMs;
    }
    const option = `${this.#core.where}: deadline`;
    const ms = milliseconds(given, option, 1);
    if (ms <= delayMs) throw new ConfigError(option, given, "longer than the delay");
    return ms;
  }

  #text(given: string, option: string, least: number): string {
    if (typeof given === "string" && given.length >= least && given.length <= LONGEST_ID) return given;
    throw new ConfigError(`${this.#core.where}: ${option}`, given, `text of ${least} to ${LONGEST_ID} characters`);
  }
}

function json(input: unknown, tool: string): string | undefined {
  try {
    const text: string | undefined = JSON.stringify(input);
    if (text !== undefined || input === undefined) return text;
  } catch (cause) {
    throw new KeelsonError("validation", `${tool}: the input can't be written as JSON`, { cause });
  }
  throw new KeelsonError("validation", `${tool}: the input can't be written as JSON`);
}
