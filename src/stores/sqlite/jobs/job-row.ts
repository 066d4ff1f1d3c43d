import type { ClaimedJob, JobEnd, JobRecord, JobState } from "../../../core/jobs.js";
import type { Row } from "../database.js";
import { unstored } from "../text.js";

/** A job as it is in the table: what changes is written back with {@link JobRows.save}. */
export class JobRow {
  readonly rowid: number;
  readonly id: string;
  readonly tool: string;
  readonly payload: string;
  readonly attempts: number;
  readonly enqueuedAt: number;
  state: JobState;
  /** Where it stands among those of its tool that are queued. */
  place: number;
  /** When it is due, its lease ends, or it is forgotten, as its state says. */
  at: number;
  cancelling: boolean;
  attempt: number;
  fence: number;
  dueAt: number;
  deadlineAt: number;
  startedAt: number;
  endedAt: number;
  result: string | null;
  error: string | null;
  dedupe: string;

  constructor(row: Row) {
    this.rowid = Number(row.rowid);
    this.id = unstored(String(row.id));
    this.tool = unstored(String(row.tool));
    this.payload = unstored(String(row.payload));
    this.attempts = Number(row.attempts);
    this.enqueuedAt = Number(row.enqueued);
    this.state = String(row.state) as JobState;
    this.place = Number(row.place);
    this.at = Number(row.at);
    this.cancelling = Number(row.cancelling) === 1;
    this.attempt = Number(row.attempt);
    this.fence = Number(row.fence);
    this.dueAt = Number(row.due);
    this.deadlineAt = Number(row.deadline);
    this.startedAt = Number(row.started);
    this.endedAt = Number(row.ended);
    this.result = text(row.result);
    this.error = text(row.error);
    this.dedupe = String(row.dedupe);
  }

  end(state: JobEnd, now: number, keptMs: number): void {
    this.state = state;
    this.endedAt = now;
    this.at = now + keptMs;
    this.cancelling = false;
    this.dedupe = "";
  }

  claimed(): ClaimedJob {
    const { id, tool, attempt, attempts, fence, payload, enqueuedAt, dueAt, deadlineAt } = this;
    return { id, tool, attempt, attempts, fence, payload, enqueuedAt, dueAt, deadlineAt };
  }

  record(): JobRecord {
    const { id, tool, state, attempt, attempts, payload, enqueuedAt, dueAt, deadlineAt, startedAt, endedAt } = this;
    const times = { enqueuedAt, dueAt, deadlineAt, startedAt, endedAt };
    return { id, tool, state, attempt, attempts, payload, ...times, result: this.result, error: this.error };
  }
}

function text(value: Row[string] | undefined): string | null {
  return value === null || value === undefined ? null : unstored(String(value));
}
