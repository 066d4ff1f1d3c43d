import type { Cancelled, Finish, Finished, JobRetention } from "../../../core/jobs.js";
import type { JobRow } from "./job-row.js";
import type { JobTable } from "./job-table.js";

/** The job of a lease, if that still holds. */
export function heldBy(
  table: JobTable,
  { id, fence }: { readonly id: string; readonly fence: number },
): JobRow | undefined {
  const job = table.find(id);
  return job?.state === "running" && job.fence === fence ? job : undefined;
}

/** Ends a run. */
export function finished(table: JobTable, end: Finish, retention: JobRetention, now: number): Finished {
  const job = heldBy(table, end);
  if (job === undefined) return "lost";
  const counts = table.counts(job.tool);
  counts.running--;
  if (end.kind === "succeeded") {
    job.result = end.result;
    job.error = null;
    table.end(job, "succeeded", retention, now);
    return "kept";
  }
  if (end.kind !== "released") job.error = end.error;
  if (job.cancelling) table.end(job, "cancelled", retention, now);
  else if (end.kind === "failed") table.end(job, "failed", retention, now);
  else if (end.kind === "released") {
    job.attempt--;
    if (job.attempt === 0) counts.waiting++;
    table.push(job, true);
  } else if (job.attempt >= job.attempts) table.end(job, "dead", retention, now);
  else {
    job.dueAt = now + end.delayMs;
    if (end.delayMs > 0) table.delay(job);
    else table.push(job);
  }
  return "kept";
}

/** Ends a job that waits, or asks the worker of one that runs. */
export function cancelled(table: JobTable, id: string, retention: JobRetention, now: number): Cancelled {
  const job = table.find(id);
  if (job === undefined) return "unknown";
  if (job.state === "running") {
    job.cancelling = true;
    table.save(job);
    return "requested";
  }
  if (job.state !== "queued" && job.state !== "delayed") return "ended";
  const counts = table.counts(job.tool);
  counts[job.state]--;
  if (job.attempt === 0) counts.waiting--;
  table.end(job, "cancelled", retention, now);
  return "cancelled";
}
