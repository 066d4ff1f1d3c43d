import { type JobTable, pastJobs, type Reader } from "./job-table.js";
import type { WireEnqueued, WireJob } from "./validators.js";

/** Takes jobs in, all or none. */
export async function enqueued(table: JobTable, jobs: readonly WireJob[], now: number): Promise<WireEnqueued> {
  const told: { id: string; duplicate: boolean }[] = [];
  const fresh = new Map<string, WireJob>();
  const values = new Map<string, string>();
  const depths = new Map<string, number>();
  for (const job of jobs) {
    const { id, tool, dedupe, maxQueued } = job;
    const value = JSON.stringify([tool, dedupe]);
    const living = dedupe === "" ? undefined : ((await table.standIn(tool, dedupe)) ?? values.get(value));
    const same = fresh.has(id) || (await table.find(id)) !== null ? id : living;
    told.push({ id: same ?? id, duplicate: same !== undefined });
    if (same !== undefined) continue;
    const depth = depths.get(tool) ?? (await table.tool(tool)).waiting;
    if (maxQueued > 0 && depth >= maxQueued) return { accepted: false, tool, depth, maxQueued };
    depths.set(tool, depth + 1);
    fresh.set(id, job);
    if (dedupe !== "") values.set(value, id);
  }
  for (const job of fresh.values()) await table.add(job, now);
  return { accepted: true, jobs: told };
}

/** Forgets up to so many of a queue's jobs whose time has passed. */
export async function forgotten(table: JobTable, db: Reader, queue: string, most: number, now: number) {
  return { removed: await table.forget(await pastJobs(db, queue, now, most)) };
}
