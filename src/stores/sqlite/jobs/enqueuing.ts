import type { Enqueued, EnqueuedJob, NewJob } from "../../../core/jobs.js";
import type { JobTable } from "./job-table.js";

/** Jobs that go with each that comes, of those whose retention has passed: nobody may work on the queue. */
const FORGOTTEN_WITH_EACH = 2;

/** Takes jobs in, all or none. */
export function enqueued(table: JobTable, jobs: readonly NewJob[], now: number): Enqueued {
  const told: EnqueuedJob[] = [];
  const fresh = new Map<string, NewJob>();
  const values = new Map<string, string>();
  const depths = new Map<string, number>();
  for (const job of jobs) {
    const { id, tool, dedupe, maxQueued } = job;
    const value = `${tool}\u0000${dedupe}`;
    const living = dedupe === "" ? undefined : (table.standIn(tool, dedupe) ?? values.get(value));
    const same = fresh.has(id) || table.has(id) ? id : living;
    told.push({ id: same ?? id, duplicate: same !== undefined });
    if (same !== undefined) continue;
    const depth = depths.get(tool) ?? table.counts(tool).waiting;
    if (maxQueued > 0 && depth >= maxQueued) return { accepted: false, tool, depth, maxQueued };
    depths.set(tool, depth + 1);
    fresh.set(id, job);
    if (dedupe !== "") values.set(value, id);
  }
  table.forget(fresh.size * FORGOTTEN_WITH_EACH, now);
  for (const job of fresh.values()) table.add(job, now);
  return { accepted: true, jobs: told };
}
