import type { JobEnd, JobEndNote, JobRetention, JobState, NewJob, ToolStats } from "../../../core/jobs.js";
import type { Connection, Row } from "../database.js";
import type { Tables } from "../schema.js";
import { stored, unstored } from "../text.js";
import { JobRow } from "./job-row.js";

/** One tool's numbers. */
type Counts = Record<"paused" | "queued" | "delayed" | "running" | "waiting" | "kept" | JobEnd, number>;

const COUNTS = [
  "paused",
  "queued",
  "delayed",
  "running",
  "waiting",
  "kept",
  "succeeded",
  "failed",
  "dead",
  "expired",
  "cancelled",
] as const satisfies readonly (keyof Counts)[];

/** What all jobs of a queue share: the number of the latest, the place before all others, the latest fence, whose turn it is. */
type Head = Record<"number" | "front" | "fence" | "turn", number>;

/** A queue's rows within one transaction. What was changed of its numbers is written at the end. */
export class JobTable {
  /** Jobs that ended in it. */
  readonly notes: JobEndNote[] = [];
  /** Whether something was queued that somebody may claim. */
  ready = false;
  readonly #db: Connection;
  readonly #tables: Tables;
  readonly #queue: string;
  readonly #counts = new Map<string, Counts>();
  /** As they were when they were read. */
  readonly #before = new Map<string, string>();
  #head: Head | undefined;

  constructor(db: Connection, tables: Tables, queue: string) {
    this.#db = db;
    this.#tables = tables;
    this.#queue = stored(queue);
  }

  get head(): Head {
    if (this.#head !== undefined) return this.#head;
    const row = this.#db.get(`SELECT * FROM ${this.#tables.queues} WHERE queue = ?`, this.#queue);
    const number = (name: string) => Number(row?.[name] ?? 0);
    this.#head = { number: number("number"), front: number("front"), fence: number("fence"), turn: number("turn") };
    return this.#head;
  }

  /** A tool's numbers; they begin when it is first enqueued to, or paused. */
  counts(tool: string): Counts {
    let counts = this.#counts.get(tool);
    if (counts === undefined) {
      const row = this.#db.get(
        `SELECT * FROM ${this.#tables.tools} WHERE queue = ? AND tool = ?`,
        this.#queue,
        stored(tool),
      );
      counts = countsOf(row);
      this.#counts.set(tool, counts);
      this.#before.set(tool, Object.values(counts).join());
    }
    return counts;
  }

  /** Every tool's numbers. */
  stats(now: number): Record<string, ToolStats> {
    const tools: Record<string, ToolStats> = {};
    for (const row of this.#db.all(`SELECT * FROM ${this.#tables.tools} WHERE queue = ?`, this.#queue)) {
      const { paused, queued, delayed, running, kept, waiting: _, ...ended } = countsOf(row);
      const oldest = this.#db.get(
        `SELECT due FROM ${this.#tables.jobs} WHERE queue = ? AND tool = ? AND state = 'queued' ORDER BY place LIMIT 1`,
        this.#queue,
        row.tool as string,
      );
      const oldestMs = oldest === undefined ? 0 : Math.max(0, now - Number(oldest.due));
      tools[unstored(String(row.tool))] = {
        queued,
        delayed,
        running,
        paused: paused === 1,
        oldestMs,
        ended,
        dead: kept,
      };
    }
    return tools;
  }

  find(id: string): JobRow | undefined {
    const [job] = this.#select("id = ?", stored(id));
    return job;
  }

  /** The job that stands in for others with its value. */
  standIn(tool: string, value: string): string | undefined {
    const sql = `SELECT id FROM ${this.#tables.jobs} WHERE queue = ? AND tool = ? AND dedupe = ? AND dedupe <> ''`;
    const row = this.#db.get(sql, this.#queue, stored(tool), stored(value));
    return row === undefined ? undefined : unstored(String(row.id));
  }

  has(id: string): boolean {
    const sql = `SELECT 1 AS one FROM ${this.#tables.jobs} WHERE queue = ? AND id = ?`;
    return this.#db.get(sql, this.#queue, stored(id)) !== undefined;
  }

  queued(tool: string, most: number): JobRow[] {
    return this.#select("tool = ? AND state = 'queued' ORDER BY place LIMIT ?", stored(tool), most);
  }

  /** Those whose time has come, soonest first. */
  due(state: "delayed" | "running", now: number, most: number): JobRow[] {
    return this.#select(`state = '${state}' AND at <= ? ORDER BY at, number LIMIT ?`, now, most);
  }

  /** When the first delayed or running job needs looking after. */
  soonest(): number | undefined {
    const first = (state: JobState) => {
      const sql = `SELECT min(at) AS at FROM ${this.#tables.jobs} WHERE queue = ? AND state = '${state}'`;
      return this.#db.get(sql, this.#queue)?.at ?? undefined;
    };
    const times = [first("delayed"), first("running")].filter((at) => at !== undefined && at !== null).map(Number);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  dead(tool: string | undefined, most: number): JobRow[] {
    const order = "ORDER BY ended, number LIMIT ?";
    return tool === undefined
      ? this.#select(`state = 'dead' ${order}`, most)
      : this.#select(`state = 'dead' AND tool = ? ${order}`, stored(tool), most);
  }

  add({ id, tool, payload, attempts, delayMs, deadlineMs, dedupe }: NewJob, now: number): void {
    const counts = this.counts(tool);
    const number = ++this.head.number;
    const delayed = delayMs > 0;
    counts.waiting++;
    counts[delayed ? "delayed" : "queued"]++;
    if (!delayed) this.ready = true;
    this.#db.run(
      `INSERT INTO ${this.#tables.jobs} (number, queue, id, tool, payload, attempts, enqueued, state, place, at, cancelling,
        attempt, fence, due, deadline, started, ended, dedupe) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, 0, 0, ?)`,
      number,
      this.#queue,
      stored(id),
      stored(tool),
      stored(payload),
      attempts,
      now,
      delayed ? "delayed" : "queued",
      number,
      now + delayMs,
      now + delayMs,
      deadlineMs > 0 ? now + deadlineMs : 0,
      stored(dedupe),
    );
  }

  /** Queues a job that was taken out of where it was; `first`: before all others. */
  push(job: JobRow, first = false): void {
    job.state = "queued";
    job.place = first ? --this.head.front : ++this.head.number;
    this.counts(job.tool).queued++;
    this.ready = true;
    this.save(job);
  }

  delay(job: JobRow): void {
    job.state = "delayed";
    job.at = job.dueAt;
    this.counts(job.tool).delayed++;
    this.save(job);
  }

  /** Ends a job that was taken out of where it was. */
  end(job: JobRow, state: JobEnd, retention: JobRetention, now: number): void {
    const keptMs = retention[state];
    const counts = this.counts(job.tool);
    counts[state]++;
    job.end(state, now, keptMs);
    if (keptMs <= 0) this.#drop(job);
    else {
      if (state === "dead") counts.kept++;
      this.save(job);
    }
    this.notes.push({ id: job.id, state, result: job.result, error: job.error });
  }

  /** Forgets up to so many whose time has passed. */
  forget(most: number, now: number): number {
    const old = this.#select("ended > 0 AND at <= ? ORDER BY at LIMIT ?", now, most);
    this.forgetThese(old);
    return old.length;
  }

  /** Forgets jobs that have ended. */
  forgetThese(jobs: readonly JobRow[]): void {
    for (const job of jobs) {
      if (job.state === "dead") this.counts(job.tool).kept--;
      this.#drop(job);
    }
  }

  save(job: JobRow): void {
    this.#db.run(
      `UPDATE ${this.#tables.jobs} SET state = ?, place = ?, at = ?, cancelling = ?, attempt = ?, fence = ?, due = ?,
        deadline = ?, started = ?, ended = ?, result = ?, error = ?, dedupe = ? WHERE rowid = ?`,
      job.state,
      job.place,
      job.at,
      job.cancelling ? 1 : 0,
      job.attempt,
      job.fence,
      job.dueAt,
      job.deadlineAt,
      job.startedAt,
      job.endedAt,
      job.result === null ? null : stored(job.result),
      job.error === null ? null : stored(job.error),
      job.dedupe,
      job.rowid,
    );
  }

  /** Writes the numbers that have changed. */
  flush(): void {
    if (this.#head !== undefined) {
      const { number, front, fence, turn } = this.#head;
      const sql = `INSERT OR REPLACE INTO ${this.#tables.queues} (queue, number, front, fence, turn) VALUES (?, ?, ?, ?, ?)`;
      this.#db.run(sql, this.#queue, number, front, fence, turn);
    }
    const columns = COUNTS.join(", ");
    const sql = `INSERT OR REPLACE INTO ${this.#tables.tools} (queue, tool, ${columns}) VALUES (?, ?${", ?".repeat(COUNTS.length)})`;
    for (const [tool, counts] of this.#counts)
      if (Object.values(counts).join() !== this.#before.get(tool))
        this.#db.run(sql, this.#queue, stored(tool), ...COUNTS.map((name) => counts[name]));
  }

  #select(where: string, ...values: (string | number)[]): JobRow[] {
    const sql = `SELECT rowid, * FROM ${this.#tables.jobs} WHERE queue = ? AND ${where}`;
    return this.#db.all(sql, this.#queue, ...values).map((row) => new JobRow(row));
  }

  #drop({ rowid }: JobRow): void {
    this.#db.run(`DELETE FROM ${this.#tables.jobs} WHERE rowid = ?`, rowid);
  }
}

function countsOf(row: Row | undefined): Counts {
  return Object.fromEntries(COUNTS.map((name) => [name, Number(row?.[name] ?? 0)])) as Counts;
}
