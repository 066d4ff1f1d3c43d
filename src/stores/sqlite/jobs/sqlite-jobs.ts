import type {
  Cancelled,
  Claim,
  ClaimRequest,
  Enqueued,
  Extended,
  Finish,
  Finished,
  JobListener,
  JobRecord,
  JobRetention,
  JobStore,
  NewJob,
  ToolStats,
} from "../../../core/jobs.js";
import { type Outcome, StoreFailure } from "../../../core/store.js";
import type { Connection } from "../database.js";
import type { Tables } from "../schema.js";
import { claimed } from "./claiming.js";
import { enqueued } from "./enqueuing.js";
import { cancelled, finished, heldBy } from "./finishing.js";
import { JobTable } from "./job-table.js";

/** What a queue's jobs need of the store that they are in. */
export interface JobRoom {
  readonly db: Connection;
  readonly tables: Tables;
  /** Does something in a transaction; a failure is undone and answered. */
  write<T extends object>(act: (now: number) => Outcome<T>): Outcome<T>;
  /** Only looks. */
  read<T extends object>(look: (now: number) => T): Outcome<T>;
}

/** The jobs of one queue in a SQLite database. */
export class SqliteJobs implements JobStore {
  readonly #room: JobRoom;
  readonly #queue: string;
  readonly #listeners = new Set<JobListener>();

  constructor(room: JobRoom, queue: string) {
    this.#room = room;
    this.#queue = queue;
  }

  enqueue(jobs: readonly NewJob[]): Outcome<Enqueued> {
    return this.#write((table, now) => enqueued(table, jobs, now));
  }

  claim(request: ClaimRequest): Outcome<Claim> {
    return this.#write((table, now) => claimed(table, request, now));
  }

  finish(
    ends: readonly Finish[],
    retention: JobRetention,
    next?: ClaimRequest,
  ): Outcome<{ readonly finished: readonly Finished[]; readonly claim: Claim | undefined }> {
    return this.#write((table, now) => {
      const told = ends.map((end) => finished(table, end, retention, now));
      return { finished: told, claim: next === undefined ? undefined : claimed(table, next, now) };
    });
  }

  extend(
    leases: readonly { readonly id: string; readonly fence: number }[],
    leaseMs: number,
  ): Outcome<readonly Extended[]> {
    return this.#write((table, now) =>
      leases.map((lease): Extended => {
        const job = heldBy(table, lease);
        if (job === undefined) return "lost";
        job.at = now + leaseMs;
        table.save(job);
        return job.cancelling ? "cancelled" : "kept";
      }),
    );
  }

  cancel(id: string, retention: JobRetention): Cancelled | StoreFailure {
    const outcome = this.#write((table, now) => ({ is: cancelled(table, id, retention, now) }));
    return outcome instanceof StoreFailure ? outcome : outcome.is;
  }

  get(id: string): Outcome<JobRecord | { readonly state: "unknown" }> {
    return this.#room.read(() => this.#table().find(id)?.record() ?? { state: "unknown" });
  }

  stats(): Outcome<{ readonly tools: Readonly<Record<string, ToolStats>> }> {
    return this.#room.read((now) => ({ tools: this.#table().stats(now) }));
  }

  cleanup(max: number): Outcome<{ readonly removed: number }> {
    return this.#write((table, now) => ({ removed: table.forget(max, now) }));
  }

  requeueDead(tool: string | undefined, max: number): Outcome<{ readonly requeued: number }> {
    return this.#write((table, now) => {
      const dead = table.dead(tool, max);
      for (const job of dead) {
        const counts = table.counts(job.tool);
        counts.kept--;
        counts.waiting++;
        job.attempt = job.fence = job.startedAt = job.endedAt = job.deadlineAt = 0;
        job.dueAt = now;
        job.result = job.error = null;
        table.push(job);
      }
      return { requeued: dead.length };
    });
  }

  dropDead(tool: string | undefined, max: number): Outcome<{ readonly dropped: number }> {
    return this.#write((table) => {
      const dead = table.dead(tool, max);
      table.forgetThese(dead);
      return { dropped: dead.length };
    });
  }

  pause(tool: string, paused: boolean): Outcome<{ readonly paused: boolean }> {
    return this.#write((table) => {
      table.counts(tool).paused = paused ? 1 : 0;
      table.ready = !paused;
      return { paused };
    });
  }

  /** Tells what happens through this store; other processes look now and then. */
  listen(listener: JobListener): () => void {
    // One of its own for each call: what is given twice is ended twice.
    const own = { ...listener };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Tells nobody any more. */
  close(): void {
    this.#listeners.clear();
  }

  /** Does something in a transaction, and then tells: listeners find everything in its place. */
  #write<T extends object>(act: (table: JobTable, now: number) => Outcome<T>): Outcome<T> {
    const table = this.#table();
    const outcome = this.#room.write((now) => {
      const answer = act(table, now);
      table.flush();
      return answer;
    });
    if (outcome instanceof StoreFailure) return outcome;
    for (const { ready, ended } of this.#listeners) {
      for (const note of table.notes) ended?.(note);
      if (table.ready) ready?.();
    }
    return outcome;
  }

  #table(): JobTable {
    return new JobTable(this.#room.db, this.#room.tables, this.#queue);
  }
}
