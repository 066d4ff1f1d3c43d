import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { z } from "zod";
import { internal } from "./_generated/api";
import { guarded, internalGuarded } from "./keel";
import { owned, user } from "./lib/authGuards";
import { title as titleText } from "./lib/functionBoundaries";
import { perUser } from "./lib/functionRateLimit";

/** Threads listed at most, newest first. */
const MOST = 50;
/** Rows deleted in one transaction: each may have 256 kB, and a transaction reads 16 MiB at most. */
const AT_ONCE = 50;

export const list = guarded.query({
  name: "threads.list",
  args: {},
  auth: user,
  limits: unlimited("reads one page of the caller's own rows"),
  handler: async ({ ctx, principal }) => {
    const rows = await ctx.db
      .query("threads")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .order("desc")
      .take(MOST);
    return rows.map(({ _id, title, at }) => ({ id: _id, title, at }));
  },
});

export const get = guarded.query({
  name: "threads.get",
  args: { id: v.id("threads") },
  auth: user,
  limits: unlimited("reads one row"),
  handler: async ({ ctx, principal }, { id }) => {
    const { _id, title, at } = owned(await ctx.db.get(id), principal, "thread");
    return { id: _id, title, at };
  },
});

export const create = guarded.mutation({
  name: "threads.create",
  args: { title: v.string() },
  refine: z.object({ title: titleText }),
  auth: user,
  limits: perUser.writes,
  handler: ({ ctx, principal }, { title }) =>
    ctx.db.insert("threads", { owner: principal.id, title, turns: 0, at: Date.now() }),
});

export const rename = guarded.mutation({
  name: "threads.rename",
  args: { id: v.id("threads"), title: v.string() },
  refine: z.object({ id: z.custom<import("./_generated/dataModel").Id<"threads">>(), title: titleText }),
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, { id, title }) => {
    owned(await ctx.db.get(id), principal, "thread");
    await ctx.db.patch(id, { title });
    return null;
  },
});

export const remove = guarded.mutation({
  name: "threads.remove",
  args: { id: v.id("threads") },
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, { id }) => {
    owned(await ctx.db.get(id), principal, "thread");
    // Without it nobody sees what is in it.
    await ctx.db.delete(id);
    await ctx.scheduler.runAfter(0, internal.threads.purge, { id });
    return null;
  },
});

/** Deletes what was in a thread that is gone, a bounded number of rows at a time. */
export const purge = internalGuarded.mutation({
  name: "threads.purge",
  args: { id: v.id("threads") },
  auth: anonymous("called by the app once its owner has deleted the thread"),
  limits: unlimited("once a thread"),
  handler: async ({ ctx }, { id }): Promise<{ removed: number }> => {
    let removed = 0;
    for (const table of ["messages", "streamSessions"] as const) {
      const rows = await ctx.db
        .query(table)
        .withIndex("by_thread", (q) => q.eq("thread", id))
        .take(AT_ONCE - removed);
      for (const { _id } of rows) await ctx.db.delete(_id);
      removed += rows.length;
    }
    if (removed === AT_ONCE) await ctx.scheduler.runAfter(0, internal.threads.purge, { id });
    return { removed };
  },
});
