import type { ClaimedJob, ClaimRequest, JobEnd, JobEndNote, JobRetention, NewJob } from "../../../core/jobs.js";
import { MemoryJob } from "./memory-job.js";
import { Partition } from "./partition.js";
import { TimeHeap } from "./time-heap.js";

/**
 * The jobs of one queue and where each of them stands. A job is in the list of its partition, or in one heap, or about
 * to be put into one: who takes it out of where it is says where it goes.
 */
export class JobTable {
  readonly partitions = new Map<string, Partition>();
  /** By when they are due. */
  readonly delayed = new TimeHeap<MemoryJob>();
  /** By when their lease ends. */
  readonly running = new TimeHeap<MemoryJob>();
  /** Ends that nobody has been told of yet. */
  notes: JobEndNote[] = [];
  readonly #jobs = new Map<string, MemoryJob>();
  readonly #byValue = new Map<string, MemoryJob>();
  /** By when they are forgotten: dead ones apart, for they are kept where others give way. */
  readonly #ended = new TimeHeap<MemoryJob>();
  readonly #dead = new TimeHeap<MemoryJob>();
  #number = 0;
  #fence = 0;

  get size(): number {
    return this.#jobs.size;
  }

  get(id: string): MemoryJob | undefined {
    return this.#jobs.get(id);
  }

  /** The job that stands in for others with its value. */
  standIn(value: string): MemoryJob | undefined {
    return this.#byValue.get(value);
  }

  partition(tool: string): Partition {
    let partition = this.partitions.get(tool);
    if (partition === undefined) {
      partition = new Partition();
      this.partitions.set(tool, partition);
    }
    return partition;
  }

  /** Takes a job in. With whether it can be claimed at once. */
  add(job: NewJob, now: number): boolean {
    const made = new MemoryJob(job, now, ++this.#number);
    this.#jobs.set(made.id, made);
    if (made.dedupe !== "") this.#byValue.set(dedupeKey(made), made);
    const partition = this.partition(made.tool);
    partition.waiting++;
    if (job.delayMs > 0) this.delay(made, partition);
    else partition.push(made);
    return job.delayMs === 0;
  }

  delay(job: MemoryJob, partition: Partition): void {
    job.state = "delayed";
    this.delayed.add(job, job.dueAt);
    partition.delayed++;
  }

  /** Gives a job out that is in no list any more. */
  give(job: MemoryJob, partition: Partition, leaseMs: number, now: number): ClaimedJob {
    // Greater than those of a queue of the same name that this process had before.
    this.#fence = Math.max(this.#fence, now - 1) + 1;
    job.state = "running";
    job.attempt++;
    job.fence = this.#fence;
    job.startedAt = now;
    this.running.add(job, now + leaseMs);
    partition.running++;
    const { id, tool, attempt, attempts, fence, payload, enqueuedAt, dueAt, deadlineAt } = job;
    return { id, tool, attempt, attempts, fence, payload, enqueuedAt, dueAt, deadlineAt };
  }

  /** The job of a lease, if that still holds. */
  held({ id, fence }: { readonly id: string; readonly fence: number }): MemoryJob | undefined {
    const job = this.#jobs.get(id);
    return job?.state === "running" && job.fence === fence ? job : undefined;
  }

  /** What is due is queued; whose lease ran out is queued again, or is dead. */
  lookAfter({ scan, retention }: ClaimRequest, now: number): void {
    for (let i = 0; i < scan; i++) {
      const job = this.delayed.due(now);
      if (job === undefined) break;
      this.delayed.remove(job);
      const partition = this.partition(job.tool);
      partition.delayed--;
      partition.push(job);
    }
    for (let i = 0; i < scan; i++) {
      const job = this.running.due(now);
      if (job === undefined) break;
      this.running.remove(job);
      const partition = this.partition(job.tool);
      partition.running--;
      if (job.cancelRequested) this.end(job, "cancelled", retention, now);
      else if (job.attempt >= job.attempts) {
        job.error = "the lease ran out";
        this.end(job, "dead", retention, now);
      } else {
        job.dueAt = now;
        partition.push(job);
      }
    }
  }

  /** Ends a job that waits nowhere any more. */
  end(job: MemoryJob, state: JobEnd, retention: JobRetention, now: number): void {
    job.end(state, now);
    if (job.dedupe !== "" && this.#byValue.get(dedupeKey(job)) === job) this.#byValue.delete(dedupeKey(job));
    const partition = this.partition(job.tool);
    partition.ended[state]++;
    const keptMs = retention[state];
    if (keptMs <= 0) this.#jobs.delete(job.id);
    else if (state === "dead") {
      partition.dead.add(job);
      this.#dead.add(job, now + keptMs);
    } else this.#ended.add(job, now + keptMs);
    const { id, result, error } = job;
    this.notes.push({ id, state, result, error });
  }

  /** Queues a dead job anew. */
  revive(job: MemoryJob, now: number): void {
    this.#dead.remove(job);
    const partition = this.partition(job.tool);
    partition.dead.delete(job);
    job.attempt = job.fence = job.startedAt = job.endedAt = job.deadlineAt = 0;
    job.dueAt = now;
    job.dedupe = "";
    job.result = job.error = null;
    partition.push(job);
    partition.waiting++;
  }

  /** Forgets a dead job before its time. */
  drop(job: MemoryJob): void {
    this.#dead.remove(job);
    this.partition(job.tool).dead.delete(job);
    this.#jobs.delete(job.id);
  }

  /** Forgets up to `max` ended jobs whose retention has passed. */
  forget(max: number, now: number): number {
    let removed = 0;
    for (const heap of [this.#ended, this.#dead]) {
      while (removed < max && heap.due(now) !== undefined) {
        this.#forgetFirst(heap);
        removed++;
      }
    }
    return removed;
  }

  /** Forgets so many ended jobs before their time, or none if there aren't as many: but not the dead, who wait for somebody to look. */
  giveWay(count: number): boolean {
    if (count > this.#ended.size) return false;
    for (let i = 0; i < count; i++) this.#forgetFirst(this.#ended);
    return true;
  }

  #forgetFirst(heap: TimeHeap<MemoryJob>): void {
    const job = heap.first() as MemoryJob;
    heap.remove(job);
    this.partition(job.tool).dead.delete(job);
    this.#jobs.delete(job.id);
  }
}

/** What a job is a duplicate of: its value, among the jobs of its tool. */
export function dedupeKey({ tool, dedupe }: { readonly tool: string; readonly dedupe: string }): string {
  return `${tool}\u0000${dedupe}`;
}
