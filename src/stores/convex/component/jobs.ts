import { v } from "convex/values";
import * as table from "../server/jobs/jobs.js";
import * as shape from "../server/jobs/validators.js";
import { mutation, query } from "./_generated/server.js";

const queue = v.string();

/** Takes jobs in, all or none. */
export const enqueue = mutation({
  args: { queue, jobs: v.array(shape.newJob) },
  returns: shape.enqueued,
  handler: (ctx, args) => table.enqueue(ctx.db, args.queue, args.jobs, Date.now()),
});

/** Gives jobs out. */
export const claim = mutation({
  args: { queue, request: shape.claimRequest },
  returns: shape.claim,
  handler: (ctx, args) => table.claim(ctx.db, args.queue, args.request, Date.now()),
});

/** Ends runs, and gives out the next. */
export const finish = mutation({
  args: {
    queue,
    ends: v.array(shape.finish),
    retention: shape.retention,
    next: v.optional(shape.claimRequest),
  },
  returns: v.object({ finished: v.array(shape.finished), claim: v.optional(shape.claim) }),
  handler: (ctx, args) => table.finish(ctx.db, args, Date.now()),
});

/** Renews leases. */
export const extend = mutation({
  args: { queue, leases: v.array(shape.lease), leaseMs: v.number() },
  returns: v.array(shape.extended),
  handler: (ctx, args) => table.extend(ctx.db, args.queue, args.leases, args.leaseMs, Date.now()),
});

/** Ends a job that waits; asks the worker of one that runs. */
export const cancel = mutation({
  args: { queue, id: v.string(), retention: shape.retention },
  returns: shape.cancelled,
  handler: (ctx, args) => table.cancel(ctx.db, args.queue, args.id, args.retention, Date.now()),
});

/** A job as it stands. */
export const get = query({
  args: { queue, id: v.string() },
  returns: v.union(shape.jobRecord, v.object({ state: v.literal("unknown") })),
  handler: (ctx, args) => table.get(ctx.db, args.queue, args.id),
});

/** Every tool's numbers. */
export const stats = query({
  args: { queue },
  returns: v.array(shape.toolStats),
  handler: (ctx, args) => table.stats(ctx.db, args.queue, Date.now()),
});

/** Forgets ended jobs whose retention has passed. */
export const cleanup = mutation({
  args: { queue, max: v.number() },
  returns: v.object({ removed: v.number() }),
  handler: (ctx, args) => table.cleanup(ctx.db, args.queue, args.max, Date.now()),
});

/** Queues dead jobs anew. */
export const requeueDead = mutation({
  args: { queue, tool: v.optional(v.string()), max: v.number() },
  returns: v.object({ requeued: v.number() }),
  handler: (ctx, args) => table.requeueDead(ctx.db, args.queue, args.tool, args.max, Date.now()),
});

/** Forgets dead jobs before their time. */
export const dropDead = mutation({
  args: { queue, tool: v.optional(v.string()), max: v.number() },
  returns: v.object({ dropped: v.number() }),
  handler: (ctx, args) => table.dropDead(ctx.db, args.queue, args.tool, args.max),
});

/** Gives out no job of a tool until it is resumed. */
export const pause = mutation({
  args: { queue, tool: v.string(), paused: v.boolean() },
  returns: v.object({ paused: v.boolean() }),
  handler: (ctx, args) => table.pause(ctx.db, args.queue, args.tool, args.paused),
});
