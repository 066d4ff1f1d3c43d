import { type Sharer, shareOut } from "../../../../kernel/jobs/share.js";
import type { JobDoc, JobTable } from "./job-table.js";
import type { WireClaim, WireClaimedJob, WireClaimRequest } from "./validators.js";

/** A tool that a claim may take jobs of. */
interface Open extends Sharer {
  readonly tool: string;
  most: number;
  /** How many more may run. */
  free: number;
}

/** The latest lease's number and whose turn it is: what claims of a queue share. */
export interface Head {
  fence: number;
  turn: number;
}

/** Jobs that a claim passes over at most, for their deadline has passed. */
const MOST_EXPIRED = 1_000;

/** Gives jobs out. */
export async function claimed(table: JobTable, head: Head, request: WireClaimRequest, now: number): Promise<WireClaim> {
  const { tools, max, leaseMs, retention } = request;
  await lookAfter(table, request, now);
  const jobs: WireClaimedJob[] = [];
  // Microseconds, so that a queue whose document is gone goes on with greater ones.
  head.fence = Math.max(head.fence, now * 1000);
  let open = await openTools(table, head, tools);
  let expired = 0;
  while (jobs.length < max && open.length > 0 && expired <= MOST_EXPIRED) {
    for (const one of open) one.most = Math.min(one.free, (await table.tool(one.tool)).queued);
    shareOut(max - jobs.length, open);
    const again: Open[] = [];
    for (const one of open) {
      const { tool: name, share } = one;
      const tool = await table.tool(name);
      const before = jobs.length;
      for (const job of share === 0 ? [] : await table.queued(name, share)) {
        tool.queued--;
        if (job.attempt === 0) tool.waiting--;
        if (job.deadlineAt > 0 && job.deadlineAt <= now) await table.end(job, "expired", retention, now);
        else {
          tool.running++;
          jobs.push(await given(table, job, ++head.fence, leaseMs, now));
        }
      }
      const taken = jobs.length - before;
      expired += share - taken;
      one.free -= taken;
      // Only where some were not to be had is it worth another look.
      if (taken < share && one.free > 0) again.push(one);
    }
    open = again;
  }
  const soonest = jobs.length < max ? await table.soonest() : undefined;
  return { now, jobs, nextMs: soonest === undefined ? null : Math.max(0, soonest - now) };
}

/** What is due is queued; whose lease ran out is queued again, or is dead. */
async function lookAfter(table: JobTable, { scan, retention }: WireClaimRequest, now: number): Promise<void> {
  for (const job of await table.due("delayed", now, scan)) {
    (await table.tool(job.tool)).delayed--;
    await table.push(job);
  }
  for (const job of await table.due("running", now, scan)) {
    (await table.tool(job.tool)).running--;
    if (job.cancelling) await table.end(job, "cancelled", retention, now);
    else if (job.attempt >= job.attempts) {
      job.error = "the lease ran out";
      await table.end(job, "dead", retention, now);
    } else {
      job.dueAt = now;
      await table.push(job);
    }
  }
}

/** The tools that may be given out, beginning with another each time. */
async function openTools(table: JobTable, head: Head, tools: WireClaimRequest["tools"]): Promise<Open[]> {
  if (tools.length > 1) head.turn = (head.turn + 1) % tools.length;
  const open: Open[] = [];
  for (let i = 0; i < tools.length; i++) {
    const { name, maxRunning } = tools[(head.turn + i) % tools.length] as WireClaimRequest["tools"][number];
    const { paused, queued, running } = await table.tool(name);
    if (paused || queued === 0) continue;
    const free = maxRunning > 0 ? maxRunning - running : Number.POSITIVE_INFINITY;
    if (free > 0) open.push({ tool: name, free, most: 0, share: 0 });
  }
  return open;
}

async function given(
  table: JobTable,
  job: JobDoc,
  fence: number,
  leaseMs: number,
  now: number,
): Promise<WireClaimedJob> {
  job.state = "running";
  job.attempt++;
  job.fence = fence;
  job.startedAt = now;
  job.at = now + leaseMs;
  await table.save(job);
  const { id, tool, attempt, attempts, payload, enqueuedAt, dueAt, deadlineAt } = job;
  return { id, tool, attempt, attempts, fence, payload, enqueuedAt, dueAt, deadlineAt };
}
