import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { internal } from "./_generated/api";
import { guarded, internalGuarded } from "./keel";
import { owned, user } from "./lib/authGuards";
import { perUser } from "./lib/functionRateLimit";

/** A stream that says nothing for so long has died with its action. */
const SILENT_MS = 10 * 60_000;
/** Rows that one transaction changes: each may have 256 kB, and it reads 16 MiB at most. */
const AT_ONCE = 50;

const app = {
  auth: anonymous("called by the app for a user that it has authenticated"),
  limits: unlimited("the chat's own limits come before it"),
} as const;

/** The latest stream of a thread: what a page shows that was loaded again meanwhile. */
export const latest = guarded.query({
  name: "streamSessions.latest",
  args: { thread: v.id("threads") },
  auth: user,
  limits: unlimited("reads one row"),
  handler: async ({ ctx, principal }, { thread }) => {
    owned(await ctx.db.get(thread), principal, "thread");
    const row = await ctx.db
      .query("streamSessions")
      .withIndex("by_thread", (q) => q.eq("thread", thread))
      .order("desc")
      .first();
    return row === null ? null : { id: row._id, status: row.status, text: row.text, at: row.at };
  },
});

/** Asks a stream to stop: it does with the next piece that it saves. */
export const stop = guarded.mutation({
  name: "streamSessions.stop",
  args: { id: v.id("streamSessions") },
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, { id }) => {
    const session = owned(await ctx.db.get(id), principal, "stream");
    if (session.status === "streaming") await ctx.db.patch(id, { status: "stopped" });
    return session.status === "streaming";
  },
});

export const start = internalGuarded.mutation({
  ...app,
  name: "streamSessions.start",
  args: { owner: v.string(), thread: v.id("threads") },
  handler: ({ ctx }, { owner, thread }) =>
    ctx.db.insert("streamSessions", { owner, thread, status: "streaming", text: "", at: Date.now() }),
});

/** Saves what was streamed so far; answers whether it is to go on. */
export const save = internalGuarded.mutation({
  ...app,
  name: "streamSessions.save",
  maxBytes: "256kb",
  args: {
    id: v.id("streamSessions"),
    text: v.string(),
    status: v.union(v.literal("streaming"), v.literal("done"), v.literal("failed")),
  },
  handler: async ({ ctx }, { id, text, status }) => {
    const session = await ctx.db.get(id);
    if (session === null || session.status !== "streaming") return false;
    await ctx.db.patch(id, { text, status, at: Date.now() });
    return true;
  },
});

/** Marks streams as failed whose action died. */
export const sweep = internalGuarded.mutation({
  ...app,
  name: "streamSessions.sweep",
  args: {},
  handler: async ({ ctx }): Promise<number> => {
    const dead = await ctx.db
      .query("streamSessions")
      .withIndex("by_status", (q) => q.eq("status", "streaming").lt("at", Date.now() - SILENT_MS))
      .take(AT_ONCE);
    for (const { _id } of dead) await ctx.db.patch(_id, { status: "failed" });
    if (dead.length === AT_ONCE) await ctx.scheduler.runAfter(0, internal.streamSessions.sweep, {});
    return dead.length;
  },
});
