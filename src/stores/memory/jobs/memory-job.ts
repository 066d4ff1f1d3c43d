import type { JobEnd, JobRecord, JobState, NewJob } from "../../../core/jobs.js";
import type { Timed } from "./time-heap.js";

/** A job in memory. Where it waits, it is a link of its tool's list, or has its place in a heap; never both. */
export class MemoryJob implements Timed {
  readonly id: string;
  readonly tool: string;
  readonly payload: string;
  readonly attempts: number;
  readonly enqueuedAt: number;
  dedupe: string;
  state: JobState = "queued";
  /** Its worker is to hear that it was cancelled. */
  cancelRequested = false;
  attempt = 0;
  fence = 0;
  dueAt: number;
  deadlineAt: number;
  startedAt = 0;
  endedAt = 0;
  result: string | null = null;
  error: string | null = null;
  // Of the list of those that are queued.
  previous: MemoryJob | undefined = undefined;
  next: MemoryJob | undefined = undefined;
  // Of Timed.
  at = 0;
  place = -1;

  constructor(
    job: NewJob,
    now: number,
    /** Greater than those of all that came before. */
    readonly number: number,
  ) {
    this.id = job.id;
    this.tool = job.tool;
    this.payload = job.payload;
    this.attempts = job.attempts;
    this.dedupe = job.dedupe;
    this.enqueuedAt = now;
    this.dueAt = now + job.delayMs;
    this.deadlineAt = job.deadlineMs > 0 ? now + job.deadlineMs : 0;
  }

  /** Ends it, as far as it itself is concerned. */
  end(state: JobEnd, now: number): void {
    this.state = state;
    this.endedAt = now;
    this.cancelRequested = false;
  }

  record(): JobRecord {
    const { id, tool, state, attempt, attempts, payload, enqueuedAt, dueAt, deadlineAt, startedAt, endedAt } = this;
    const { result, error } = this;
    return {
      id,
      tool,
      state,
      attempt,
      attempts,
      payload,
      enqueuedAt,
      dueAt,
      deadlineAt,
      startedAt,
      endedAt,
      result,
      error,
    };
  }
}
