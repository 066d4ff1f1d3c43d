import { v } from "convex/values";
import { upTo } from "../server/bounded.js";
import { forgetAll } from "../server/jobs/jobs.js";
import { rollUp } from "../server/slis.js";
import { internal } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";

/** Documents that one run deletes or rolls up at most of each table, and fewer where they are large: see `upTo`. */
const AT_ONCE = 500;

/**
 * Deletes what has expired and rolls up old counts of indicators, a bounded number at a time, and goes on in another
 * transaction where more is left: never while somebody waits for an answer, and without reading what others write.
 */
export const run = internalMutation({
  args: {},
  returns: v.object({ cells: v.number(), slis: v.number(), jobs: v.number() }),
  handler: async (ctx): Promise<{ cells: number; slis: number; jobs: number }> => {
    const now = Date.now();
    const { db } = ctx;
    const oldCells = db.query("cells").withIndex("by_until", (q) => q.lte("until", now));
    const cells = await upTo(oldCells, AT_ONCE, ({ state }) => state.length);
    for (const { _id } of cells.docs) await db.delete(_id);
    const slis = await rollUp(db, AT_ONCE, now);
    const jobs = await forgetAll(db, AT_ONCE, now);
    if (cells.more || slis.more || jobs.more) await ctx.scheduler.runAfter(0, internal.cleanup.run, {});
    return { cells: cells.docs.length, slis: slis.docs.length, jobs: jobs.docs.length };
  },
});
