import type {
  Cancelled,
  Claim,
  ClaimedJob,
  ClaimRequest,
  Enqueued,
  EnqueuedJob,
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
import { type Sharer, shareOut } from "../../../kernel/jobs/share.js";
import { dedupeKey, JobTable } from "./job-table.js";
import type { MemoryJob } from "./memory-job.js";
import type { Partition } from "./partition.js";

/** What the queues of a store share. */
export interface JobRoom {
  readonly closed: boolean;
  /** Jobs that each of them may hold. */
  readonly maxJobs: number;
  /** Whole milliseconds of wall time. */
  now(): number;
}

/** A tool that a claim may take jobs of. */
interface Open extends Sharer {
  readonly partition: Partition;
  most: number;
  /** How many more may run. */
  free: number;
}

/** Jobs that a claim passes over at most, for their deadline has passed. */
const MOST_EXPIRED = 1_000;
/** Jobs whose retention has passed that go with each that comes: those of queues that nobody works on. */
const FORGOTTEN_WITH_EACH = 2;

/** The jobs of one queue, in this process. */
export class MemoryJobs implements JobStore {
  readonly #room: JobRoom;
  readonly #listeners = new Set<JobListener>();
  #table = new JobTable();
  #turn = 0;

  constructor(room: JobRoom) {
    this.#room = room;
  }

  enqueue(jobs: readonly NewJob[]): Outcome<Enqueued> {
    return this.#open((table, now) => {
      const told: EnqueuedJob[] = [];
      const fresh = new Map<string, NewJob>();
      const values = new Map<string, string>();
      const depths = new Map<string, number>();
      for (const job of jobs) {
        const { id, tool, maxQueued } = job;
        const value = job.dedupe === "" ? undefined : dedupeKey(job);
        const same = table.get(id) !== undefined || fresh.has(id) ? id : standIn(value, table, values);
        told.push({ id: same ?? id, duplicate: same !== undefined });
        if (same !== undefined) continue;
        const depth = depths.get(tool) ?? table.partitions.get(tool)?.waiting ?? 0;
        if (maxQueued > 0 && depth >= maxQueued) return { accepted: false, tool, depth, maxQueued };
        depths.set(tool, depth + 1);
        fresh.set(id, job);
        if (value !== undefined) values.set(value, id);
      }
      table.forget(fresh.size * FORGOTTEN_WITH_EACH, now);
      const missing = table.size + fresh.size - this.#room.maxJobs;
      if (missing > 0 && !table.giveWay(missing)) return new StoreFailure("capacity", "no");
      let ready = false;
      for (const job of fresh.values()) ready = table.add(job, now) || ready;
      if (ready) this.#tellReady();
      return { accepted: true, jobs: told };
    });
  }

  claim(request: ClaimRequest): Outcome<Claim> {
    return this.#open((table, now) => this.#claim(table, request, now));
  }

  finish(
    ends: readonly Finish[],
    retention: JobRetention,
    next?: ClaimRequest,
  ): Outcome<{ readonly finished: readonly Finished[]; readonly claim: Claim | undefined }> {
    return this.#open((table, now) => {
      let ready = false;
      const finished = ends.map((end): Finished => {
        const job = table.held(end);
        if (job === undefined) return "lost";
        ready = finishRun(table, job, end, retention, now) || ready;
        return "kept";
      });
      const claim = next === undefined ? undefined : this.#claim(table, next, now);
      if (ready) this.#tellReady();
      return { finished, claim };
    });
  }

  extend(
    leases: readonly { readonly id: string; readonly fence: number }[],
    leaseMs: number,
  ): Outcome<readonly Extended[]> {
    return this.#open((table, now) =>
      leases.map((lease): Extended => {
        const job = table.held(lease);
        if (job === undefined) return "lost";
        table.running.move(job, now + leaseMs);
        return job.cancelRequested ? "cancelled" : "kept";
      }),
    );
  }

  cancel(id: string, retention: JobRetention): Cancelled | StoreFailure {
    const outcome = this.#open((table, now) => ({ is: cancelled(table, id, retention, now) }));
    return outcome instanceof StoreFailure ? outcome : outcome.is;
  }

  get(id: string): Outcome<JobRecord | { readonly state: "unknown" }> {
    return this.#open((table) => table.get(id)?.record() ?? { state: "unknown" });
  }

  stats(): Outcome<{ readonly tools: Readonly<Record<string, ToolStats>> }> {
    return this.#open(({ partitions }, now) => {
      const tools = [...partitions].map(([name, partition]) => [name, partition.stats(now)] as const);
      return { tools: Object.fromEntries(tools) };
    });
  }

  cleanup(max: number): Outcome<{ readonly removed: number }> {
    return this.#open((table, now) => ({ removed: table.forget(max, now) }));
  }

  requeueDead(tool: string | undefined, max: number): Outcome<{ readonly requeued: number }> {
    return this.#open((table, now) => {
      const again = oldestDead(table, tool, max);
      for (const job of again) table.revive(job, now);
      if (again.length > 0) this.#tellReady();
      return { requeued: again.length };
    });
  }

  dropDead(tool: string | undefined, max: number): Outcome<{ readonly dropped: number }> {
    return this.#open((table) => {
      const gone = oldestDead(table, tool, max);
      for (const job of gone) table.drop(job);
      return { dropped: gone.length };
    });
  }

  pause(tool: string, paused: boolean): Outcome<{ readonly paused: boolean }> {
    return this.#open((table) => {
      table.partition(tool).paused = paused;
      if (!paused) this.#tellReady();
      return { paused };
    });
  }

  listen(listener: JobListener): () => void {
    // One of its own for each call: what is given twice is ended twice.
    const own = { ...listener };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Forgets everything. */
  clear(): void {
    this.#table = new JobTable();
    this.#listeners.clear();
  }

  /** Does something while the store is open, and then tells what has ended: listeners find everything in its place. */
  #open<T extends object>(act: (table: JobTable, now: number) => Outcome<T>): Outcome<T> {
    if (this.#room.closed) return new StoreFailure("unavailable", "no");
    const table = this.#table;
    const outcome = act(table, this.#room.now());
    if (table.notes.length > 0) {
      const { notes } = table;
      table.notes = [];
      for (const note of notes) for (const { ended } of this.#listeners) ended?.(note);
    }
    return outcome;
  }

  #claim(table: JobTable, request: ClaimRequest, now: number): Claim {
    const { tools, max, leaseMs, retention } = request;
    table.lookAfter(request, now);
    const jobs: ClaimedJob[] = [];
    let open = this.#tools(table, tools);
    let expired = 0;
    while (jobs.length < max && open.length > 0 && expired <= MOST_EXPIRED) {
      for (const one of open) one.most = Math.min(one.free, one.partition.queued);
      shareOut(max - jobs.length, open);
      const again: Open[] = [];
      for (const one of open) {
        const { partition, share } = one;
        const before = jobs.length;
        for (let i = 0; i < share; i++) {
          const job = partition.shift() as MemoryJob;
          if (job.attempt === 0) partition.waiting--;
          if (job.deadlineAt > 0 && job.deadlineAt <= now) table.end(job, "expired", retention, now);
          else jobs.push(table.give(job, partition, leaseMs, now));
        }
        const taken = jobs.length - before;
        expired += share - taken;
        one.free -= taken;
        // Only where some were not to be had is it worth another look.
        if (taken < share && one.free > 0) again.push(one);
      }
      open = again;
    }
    return { now, jobs, nextMs: jobs.length < max ? soonest(table, now) : null };
  }

  /** The tools that may be given out, beginning with another each time. */
  #tools(table: JobTable, tools: ClaimRequest["tools"]): Open[] {
    if (tools.length > 1) this.#turn++;
    const open: Open[] = [];
    for (let i = 0; i < tools.length; i++) {
      const { name, maxRunning } = tools[(this.#turn + i) % tools.length] as ClaimRequest["tools"][number];
      const partition = table.partitions.get(name);
      if (partition === undefined || partition.paused || partition.queued === 0) continue;
      const free = maxRunning > 0 ? maxRunning - partition.running : Number.POSITIVE_INFINITY;
      if (free > 0) open.push({ partition, free, most: 0, share: 0 });
    }
    return open;
  }

  #tellReady(): void {
    for (const { ready } of this.#listeners) ready?.();
  }
}

function oldestDead(table: JobTable, tool: string | undefined, max: number): MemoryJob[] {
  const found: MemoryJob[] = [];
  for (const [name, { dead }] of table.partitions) {
    if (tool === undefined || name === tool) found.push(...[...dead].slice(0, max));
  }
  return found.sort((a, b) => a.endedAt - b.endedAt || a.number - b.number).slice(0, max);
}

function standIn(value: string | undefined, table: JobTable, fresh: ReadonlyMap<string, string>): string | undefined {
  return value === undefined ? undefined : (table.standIn(value)?.id ?? fresh.get(value));
}

function soonest({ delayed, running }: JobTable, now: number): number | null {
  const at = Math.min(delayed.first()?.at ?? Infinity, running.first()?.at ?? Infinity);
  return at === Infinity ? null : Math.max(0, at - now);
}

/** Ends a run. With whether it queued the job. */
function finishRun(table: JobTable, job: MemoryJob, end: Finish, retention: JobRetention, now: number): boolean {
  table.running.remove(job);
  const partition = table.partition(job.tool);
  partition.running--;
  if (end.kind === "succeeded") {
    job.result = end.result;
    job.error = null;
    table.end(job, "succeeded", retention, now);
    return false;
  }
  if (end.kind !== "released") job.error = end.error;
  if (job.cancelRequested) table.end(job, "cancelled", retention, now);
  else if (end.kind === "failed") table.end(job, "failed", retention, now);
  else if (end.kind === "released") {
    job.attempt--;
    if (job.attempt === 0) partition.waiting++;
    partition.unshift(job);
    return true;
  } else if (job.attempt >= job.attempts) table.end(job, "dead", retention, now);
  else {
    job.dueAt = now + end.delayMs;
    if (end.delayMs === 0) {
      partition.push(job);
      return true;
    }
    table.delay(job, partition);
  }
  return false;
}

function cancelled(table: JobTable, id: string, retention: JobRetention, now: number): Cancelled {
  const job = table.get(id);
  if (job === undefined) return "unknown";
  if (job.state === "running") {
    job.cancelRequested = true;
    return "requested";
  }
  if (job.state !== "queued" && job.state !== "delayed") return "ended";
  const partition = table.partition(job.tool);
  if (job.state === "queued") partition.remove(job);
  else {
    table.delayed.remove(job);
    partition.delayed--;
  }
  if (job.attempt === 0) partition.waiting--;
  table.end(job, "cancelled", retention, now);
  return "cancelled";
}
