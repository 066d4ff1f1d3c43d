import { v } from "convex/values";
import { forgetAll } from "../server/jobs/jobs.js";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";

/** Documents that one run deletes at most of each table: far below what a transaction may write. */
const AT_ONCE = 500;

/**
 * Deletes what has expired, a bounded number at a time, and goes on in another transaction where more is left: never
 * while somebody waits for an answer, and without reading what others write.
 */
export const run = internalMutation({
  args: {},
  returns: v.object({ cells: v.number(), slis: v.number(), jobs: v.number() }),
  handler: async (ctx): Promise<{ cells: number; slis: number; jobs: number }> => {
    const now = Date.now();
    const { db } = ctx;
    const cells = await db
      .query("cells")
      .withIndex("by_until", (q) => q.lte("until", now))
      .take(AT_ONCE);
    for (const { _id } of cells) await db.delete(_id);
    const slis = await db
      .query("slis")
      .withIndex("by_until", (q) => q.lte("until", now))
      .take(AT_ONCE);
    for (const { _id } of slis) await db.delete(_id);
    const jobs = await forgetAll(db, AT_ONCE, now);
    if (Math.max(cells.length, slis.length, jobs) === AT_ONCE)
      await ctx.scheduler.runAfter(0, internal.cleanup.run, {});
    return { cells: cells.length, slis: slis.length, jobs };
  },
});
