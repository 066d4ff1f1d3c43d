import { type Some, upTo } from "../bounded.js";
import { claimed, type Head } from "./claiming.js";
import { enqueued, forgotten } from "./enqueuing.js";
import { cancelled, finished, heldBy } from "./finishing.js";
import { type JobDoc, JobTable, jobOf, jobSize, type Reader, type Writer } from "./job-table.js";
import type {
  WireClaimRequest,
  WireFinish,
  WireJob,
  WireLease,
  WireRecord,
  WireRetention,
  WireStats,
} from "./validators.js";

/** What the component's functions do, each in its own transaction. */
export function enqueue(db: Writer, queue: string, jobs: readonly WireJob[], now: number) {
  return within(db, queue, (table) => enqueued(table, jobs, now));
}

export function claim(db: Writer, queue: string, request: WireClaimRequest, now: number) {
  return within(db, queue, (table) => claimedBy(db, queue, table, request, now));
}

export function finish(
  db: Writer,
  args: {
    readonly queue: string;
    readonly ends: readonly WireFinish[];
    readonly retention: WireRetention;
    readonly next?: WireClaimRequest;
  },
  now: number,
) {
  const { queue, ends, retention, next } = args;
  return within(db, queue, async (table) => {
    const told: ("kept" | "lost")[] = [];
    for (const end of ends) told.push(await finished(table, end, retention, now));
    if (next === undefined) return { finished: told };
    return { finished: told, claim: await claimedBy(db, queue, table, next, now) };
  });
}

export function extend(db: Writer, queue: string, leases: readonly WireLease[], leaseMs: number, now: number) {
  return within(db, queue, async (table) => {
    const told: ("kept" | "lost" | "cancelled")[] = [];
    for (const lease of leases) {
      const job = await heldBy(table, lease);
      if (job !== undefined) {
        job.at = now + leaseMs;
        await table.save(job);
      }
      told.push(job === undefined ? "lost" : job.cancelling ? "cancelled" : "kept");
    }
    return told;
  });
}

export function cancel(db: Writer, queue: string, id: string, retention: WireRetention, now: number) {
  return within(db, queue, (table) => cancelled(table, id, retention, now));
}

export async function get(db: Reader, queue: string, id: string): Promise<WireRecord | { state: "unknown" }> {
  const job = await jobOf(db, queue, id);
  if (job === null) return { state: "unknown" };
  const { tool, state, attempt, attempts, payload, enqueuedAt, dueAt, deadlineAt, startedAt, endedAt } = job;
  const times = { enqueuedAt, dueAt, deadlineAt, startedAt, endedAt };
  return { id, tool, state, attempt, attempts, payload, ...times, result: job.result, error: job.error };
}

export async function stats(db: Reader, queue: string, now: number): Promise<WireStats[]> {
  const tools = await db
    .query("tools")
    .withIndex("by_tool", (q) => q.eq("queue", queue))
    .collect();
  const told: WireStats[] = [];
  for (const { tool, queued, delayed, running, paused, kept, ...counts } of tools) {
    const oldest = await db
      .query("jobs")
      .withIndex("by_place", (q) => q.eq("queue", queue).eq("tool", tool).eq("state", "queued"))
      .first();
    const { succeeded, failed, dead, expired, cancelled: given } = counts;
    const ended = { succeeded, failed, dead, expired, cancelled: given };
    const oldestMs = oldest === null ? 0 : Math.max(0, now - oldest.dueAt);
    told.push({ tool, queued, delayed, running, paused, oldestMs, ended, dead: kept });
  }
  return told;
}

export function cleanup(db: Writer, queue: string, max: number, now: number) {
  return within(db, queue, (table) => forgotten(table, db, queue, max, now));
}

/** Of all queues. */
export async function forgetAll(db: Writer, most: number, now: number): Promise<Some<JobDoc>> {
  const ended = db.query("jobs").withIndex("by_any_end", (q) => q.eq("over", true).lte("at", now));
  const past = await upTo(ended, most, jobSize);
  const queues = new Map<string, JobDoc[]>();
  for (const job of past.docs) queues.set(job.queue, [...(queues.get(job.queue) ?? []), job]);
  for (const [queue, jobs] of queues) await within(db, queue, (table) => table.forget(jobs));
  return past;
}

export function requeueDead(db: Writer, queue: string, tool: string | undefined, max: number, now: number) {
  return within(db, queue, async (table) => {
    const dead = await oldestDead(db, queue, tool, max);
    for (const job of dead) {
      const counts = await table.tool(job.tool);
      counts.kept--;
      counts.waiting++;
      job.attempt = job.fence = job.startedAt = job.endedAt = job.deadlineAt = 0;
      job.over = false;
      job.dueAt = now;
      job.result = job.error = null;
      await table.push(job);
    }
    return { requeued: dead.length };
  });
}

export function dropDead(db: Writer, queue: string, tool: string | undefined, max: number) {
  return within(db, queue, async (table) => ({ dropped: await table.forget(await oldestDead(db, queue, tool, max)) }));
}

function oldestDead(db: Writer, queue: string, tool: string | undefined, max: number): Promise<JobDoc[]> {
  return tool === undefined
    ? db
        .query("jobs")
        .withIndex("by_time", (q) => q.eq("queue", queue).eq("state", "dead"))
        .take(max)
    : db
        .query("jobs")
        .withIndex("by_tool_time", (q) => q.eq("queue", queue).eq("tool", tool).eq("state", "dead"))
        .take(max);
}

export function pause(db: Writer, queue: string, tool: string, paused: boolean) {
  return within(db, queue, async (table) => {
    (await table.tool(tool)).paused = paused;
    return { paused };
  });
}

async function within<T>(db: Writer, queue: string, act: (table: JobTable) => Promise<T>): Promise<T> {
  const table = new JobTable(db, queue);
  const answer = await act(table);
  await table.flush();
  return answer;
}

async function claimedBy(db: Writer, queue: string, table: JobTable, request: WireClaimRequest, now: number) {
  const doc = await db
    .query("queues")
    .withIndex("by_queue", (q) => q.eq("queue", queue))
    .unique();
  const head: Head = { fence: doc?.fence ?? 0, turn: doc?.turn ?? 0 };
  const claim = await claimed(table, head, request, now);
  // Nothing was given out: nobody needs to know, and two workers that find nothing don't get in each other's way.
  if (claim.jobs.length === 0) return claim;
  if (doc === null) await db.insert("queues", { queue, ...head });
  else await db.patch(doc._id, { ...head });
  return claim;
}
