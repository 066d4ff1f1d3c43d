import type { Claim, ClaimedJob, ClaimRequest } from "../../../core/jobs.js";
import { type Sharer, shareOut } from "../../../kernel/jobs/share.js";
import type { JobRow } from "./job-row.js";
import type { JobTable } from "./job-table.js";

/** A tool that a claim may take jobs of. */
interface Open extends Sharer {
  readonly tool: string;
  most: number;
  /** How many more may run. */
  free: number;
}

/** Jobs that a claim passes over at most, for their deadline has passed. */
const MOST_EXPIRED = 1_000;

/** Gives jobs out. */
export function claimed(table: JobTable, request: ClaimRequest, now: number): Claim {
  const { tools, max, leaseMs, retention } = request;
  lookAfter(table, request, now);
  const jobs: ClaimedJob[] = [];
  const { head } = table;
  head.fence = Math.max(head.fence, now - 1);
  let open = openTools(table, tools);
  let expired = 0;
  while (jobs.length < max && open.length > 0 && expired <= MOST_EXPIRED) {
    for (const one of open) one.most = Math.min(one.free, table.counts(one.tool).queued);
    shareOut(max - jobs.length, open);
    const again: Open[] = [];
    for (const one of open) {
      const { tool, share } = one;
      const counts = table.counts(tool);
      const before = jobs.length;
      for (const job of share === 0 ? [] : table.queued(tool, share)) {
        counts.queued--;
        if (job.attempt === 0) counts.waiting--;
        if (job.deadlineAt > 0 && job.deadlineAt <= now) table.end(job, "expired", retention, now);
        else {
          counts.running++;
          jobs.push(given(table, job, ++head.fence, leaseMs, now));
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
  const soonest = jobs.length < max ? table.soonest() : undefined;
  return { now, jobs, nextMs: soonest === undefined ? null : Math.max(0, soonest - now) };
}

/** What is due is queued; whose lease ran out is queued again, or is dead. */
function lookAfter(table: JobTable, { scan, retention }: ClaimRequest, now: number): void {
  for (const job of table.due("delayed", now, scan)) {
    table.counts(job.tool).delayed--;
    table.push(job);
  }
  for (const job of table.due("running", now, scan)) {
    table.counts(job.tool).running--;
    if (job.cancelling) table.end(job, "cancelled", retention, now);
    else if (job.attempt >= job.attempts) {
      job.error = "the lease ran out";
      table.end(job, "dead", retention, now);
    } else {
      job.dueAt = now;
      table.push(job);
    }
  }
}

/** The tools that may be given out, beginning with another each time. */
function openTools(table: JobTable, tools: ClaimRequest["tools"]): Open[] {
  const turn = tools.length > 1 ? ++table.head.turn : 0;
  const open: Open[] = [];
  for (let i = 0; i < tools.length; i++) {
    const { name, maxRunning } = tools[(turn + i) % tools.length] as ClaimRequest["tools"][number];
    const { paused, queued, running } = table.counts(name);
    if (paused === 1 || queued === 0) continue;
    const free = maxRunning > 0 ? maxRunning - running : Number.POSITIVE_INFINITY;
    if (free > 0) open.push({ tool: name, free, most: 0, share: 0 });
  }
  return open;
}

function given(table: JobTable, job: JobRow, fence: number, leaseMs: number, now: number): ClaimedJob {
  job.state = "running";
  job.attempt++;
  job.fence = fence;
  job.startedAt = now;
  job.at = now + leaseMs;
  table.save(job);
  return job.claimed();
}
