import type { GenericDatabaseReader, GenericDatabaseWriter, WithoutSystemFields } from "convex/server";
import type { DataModel, Doc } from "../../component/_generated/dataModel.js";
import { upTo } from "../bounded.js";
import type { WireJob, WireRetention } from "./validators.js";

export type Reader = GenericDatabaseReader<DataModel>;
export type Writer = GenericDatabaseWriter<DataModel>;
export type JobDoc = Doc<"jobs">;

/** The ends of a job. */
export type End = keyof WireRetention;

/** One tool's numbers; without `_id` while it has no document. */
export type Tool = WithoutSystemFields<Doc<"tools">> & { _id?: Doc<"tools">["_id"] };

/** A queue's documents within one transaction. What was changed of its numbers is written at the end. */
export class JobTable {
  readonly #db: Writer;
  readonly #queue: string;
  readonly #tools = new Map<string, Tool>();
  readonly #before = new Map<string, string>();

  constructor(db: Writer, queue: string) {
    this.#db = db;
    this.#queue = queue;
  }

  /** A tool's numbers; they begin when it is first enqueued to, or paused. */
  async tool(name: string): Promise<Tool> {
    const known = this.#tools.get(name);
    if (known !== undefined) return known;
    const tool = (await toolOf(this.#db, this.#queue, name)) ?? newTool(this.#queue, name);
    this.#tools.set(name, tool);
    this.#before.set(name, JSON.stringify(tool));
    return tool;
  }

  find(id: string): Promise<JobDoc | null> {
    return jobOf(this.#db, this.#queue, id);
  }

  /** The job that stands in for others with its value. */
  async standIn(tool: string, value: string): Promise<string | undefined> {
    const job = await this.#db
      .query("jobs")
      .withIndex("by_dedupe", (q) => q.eq("queue", this.#queue).eq("tool", tool).eq("dedupe", value))
      .first();
    return job?.id;
  }

  queued(tool: string, most: number): Promise<JobDoc[]> {
    return this.#db
      .query("jobs")
      .withIndex("by_place", (q) => q.eq("queue", this.#queue).eq("tool", tool).eq("state", "queued"))
      .take(most);
  }

  /** Those whose time has come, soonest first. */
  async due(state: "delayed" | "running", now: number, most: number): Promise<JobDoc[]> {
    const due = this.#db
      .query("jobs")
      .withIndex("by_time", (q) => q.eq("queue", this.#queue).eq("state", state).lte("at", now));
    return (await upTo(due, most, jobSize)).docs;
  }

  /** When the first delayed or running job needs looking after. */
  async soonest(): Promise<number | undefined> {
    let soonest: number | undefined;
    for (const state of ["delayed", "running"] as const) {
      const first = await this.#db
        .query("jobs")
        .withIndex("by_time", (q) => q.eq("queue", this.#queue).eq("state", state))
        .first();
      if (first !== null && (soonest === undefined || first.at < soonest)) soonest = first.at;
    }
    return soonest;
  }

  async add({ id, tool: name, payload, attempts, delayMs, deadlineMs, dedupe }: WireJob, now: number): Promise<void> {
    const tool = await this.tool(name);
    tool.waiting++;
    tool[delayMs > 0 ? "delayed" : "queued"]++;
    await this.#db.insert("jobs", {
      queue: this.#queue,
      id,
      tool: name,
      payload,
      attempts,
      enqueuedAt: now,
      state: delayMs > 0 ? "delayed" : "queued",
      place: ++tool.last,
      at: now + delayMs,
      over: false,
      cancelling: false,
      attempt: 0,
      fence: 0,
      dueAt: now + delayMs,
      deadlineAt: deadlineMs > 0 ? now + deadlineMs : 0,
      startedAt: 0,
      endedAt: 0,
      result: null,
      error: null,
      dedupe,
    });
  }

  /** Queues a job that was taken out of where it was; `first`: before all others. */
  async push(job: JobDoc, first = false): Promise<void> {
    const tool = await this.tool(job.tool);
    job.state = "queued";
    job.place = first ? --tool.first : ++tool.last;
    tool.queued++;
    await this.save(job);
  }

  async delay(job: JobDoc): Promise<void> {
    job.state = "delayed";
    job.at = job.dueAt;
    (await this.tool(job.tool)).delayed++;
    await this.save(job);
  }

  /** Ends a job that was taken out of where it was. */
  async end(job: JobDoc, state: End, retention: WireRetention, now: number): Promise<void> {
    const keptMs = retention[state];
    const tool = await this.tool(job.tool);
    tool[state]++;
    job.state = state;
    job.over = true;
    job.endedAt = now;
    job.at = now + keptMs;
    job.cancelling = false;
    job.dedupe = "";
    if (keptMs <= 0) await this.#db.delete(job._id);
    else {
      if (state === "dead") tool.kept++;
      await this.save(job);
    }
  }

  /** Forgets ended jobs. */
  async forget(jobs: readonly JobDoc[]): Promise<number> {
    for (const { _id, state, tool } of jobs) {
      if (state === "dead") (await this.tool(tool)).kept--;
      await this.#db.delete(_id);
    }
    return jobs.length;
  }

  save({ _id, _creationTime, ...fields }: JobDoc): Promise<void> {
    return this.#db.replace(_id, fields);
  }

  /** Writes the numbers that have changed: what hasn't is not written, for that would get in the way of others. */
  async flush(): Promise<void> {
    for (const [name, tool] of this.#tools) {
      if (JSON.stringify(tool) === this.#before.get(name)) continue;
      const { _id, ...fields } = tool;
      if (_id === undefined) await this.#db.insert("tools", fields);
      else await this.#db.replace(_id, fields);
    }
  }
}

/** The document of a job. */
export function jobOf(db: Reader, queue: string, id: string): Promise<JobDoc | null> {
  return db
    .query("jobs")
    .withIndex("by_job", (q) => q.eq("queue", queue).eq("id", id))
    .unique();
}

/** About how many characters a job has. */
export function jobSize({ payload, result, error }: JobDoc): number {
  return payload.length + (result?.length ?? 0) + (error?.length ?? 0);
}

/** Ended jobs of a queue whose time has passed. */
export async function pastJobs(db: Reader, queue: string, now: number, most: number): Promise<JobDoc[]> {
  const past = db.query("jobs").withIndex("by_end", (q) => q.eq("queue", queue).eq("over", true).lte("at", now));
  return (await upTo(past, most, jobSize)).docs;
}

async function toolOf(db: Reader, queue: string, name: string): Promise<Tool | undefined> {
  const doc = await db
    .query("tools")
    .withIndex("by_tool", (q) => q.eq("queue", queue).eq("tool", name))
    .unique();
  if (doc === null) return undefined;
  const { _creationTime, ...tool } = doc;
  return tool;
}

function newTool(queue: string, tool: string): Tool {
  const ended = { succeeded: 0, failed: 0, dead: 0, expired: 0, cancelled: 0 };
  const counts = { queued: 0, delayed: 0, running: 0, waiting: 0, kept: 0, ...ended };
  return { queue, tool, paused: false, ...counts, last: 0, first: 0 };
}
