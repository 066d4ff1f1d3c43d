import type { JobEnd, ToolStats } from "../../../core/jobs.js";
import type { MemoryJob } from "./memory-job.js";

/** The jobs of one tool: those that are queued as a list, the others as numbers. */
export class Partition {
  delayed = 0;
  running = 0;
  /** Queued or delayed before their first attempt: what a cap on enqueueing counts. */
  waiting = 0;
  paused = false;
  readonly ended: Record<JobEnd, number> = { succeeded: 0, failed: 0, dead: 0, expired: 0, cancelled: 0 };
  /** In the order in which they died. */
  readonly dead = new Set<MemoryJob>();
  #queued = 0;
  #first: MemoryJob | undefined;
  #last: MemoryJob | undefined;

  get queued(): number {
    return this.#queued;
  }

  /** Queues a job that waits nowhere. */
  push(job: MemoryJob): void {
    job.state = "queued";
    job.previous = this.#last;
    if (this.#last === undefined) this.#first = job;
    else this.#last.next = job;
    this.#last = job;
    this.#queued++;
  }

  /** Queues a job before all others. */
  unshift(job: MemoryJob): void {
    job.state = "queued";
    job.next = this.#first;
    if (this.#first === undefined) this.#last = job;
    else this.#first.previous = job;
    this.#first = job;
    this.#queued++;
  }

  shift(): MemoryJob | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** @param job one that is queued */
  remove(job: MemoryJob): void {
    const { previous, next } = job;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    job.previous = job.next = undefined;
    this.#queued--;
  }

  stats(now: number): ToolStats {
    const { delayed, running, paused, ended, dead } = this;
    const oldestMs = this.#first === undefined ? 0 : Math.max(0, now - this.#first.dueAt);
    return { queued: this.#queued, delayed, running, paused, oldestMs, ended: { ...ended }, dead: dead.size };
  }
}
