import type { JobDoc, JobTable } from "./job-table.js";
import type { WireFinish, WireLease, WireRetention } from "./validators.js";

/** The job of a lease, if that still holds. */
export async function heldBy(table: JobTable, { id, fence }: WireLease): Promise<JobDoc | undefined> {
  const job = await table.find(id);
  return job !== null && job.state === "running" && job.fence === fence ? job : undefined;
}

/** Ends a run. */
export async function finished(
  table: JobTable,
  end: WireFinish,
  retention: WireRetention,
  now: number,
): Promise<"kept" | "lost"> {
  const job = await heldBy(table, end);
  if (job === undefined) return "lost";
  const tool = await table.tool(job.tool);
  tool.running--;
  if (end.kind === "succeeded") {
    job.result = end.result;
    job.error = null;
    await table.end(job, "succeeded", retention, now);
    return "kept";
  }
  if (end.kind !== "released") job.error = end.error;
  if (job.cancelling) await table.end(job, "cancelled", retention, now);
  else if (end.kind === "failed") await table.end(job, "failed", retention, now);
  else if (end.kind === "released") {
    job.attempt--;
    if (job.attempt === 0) tool.waiting++;
    await table.push(job, true);
  } else if (job.attempt >= job.attempts) await table.end(job, "dead", retention, now);
  else {
    job.dueAt = now + end.delayMs;
    await (end.delayMs > 0 ? table.delay(job) : table.push(job));
  }
  return "kept";
}

/** Ends a job that waits, or asks the worker of one that runs. */
export async function cancelled(
  table: JobTable,
  id: string,
  retention: WireRetention,
  now: number,
): Promise<"cancelled" | "requested" | "ended" | "unknown"> {
  const job = await table.find(id);
  if (job === null) return "unknown";
  if (job.state === "running") {
    job.cancelling = true;
    await table.save(job);
    return "requested";
  }
  if (job.state !== "queued" && job.state !== "delayed") return "ended";
  const tool = await table.tool(job.tool);
  tool[job.state]--;
  if (job.attempt === 0) tool.waiting--;
  await table.end(job, "cancelled", retention, now);
  return "cancelled";
}
