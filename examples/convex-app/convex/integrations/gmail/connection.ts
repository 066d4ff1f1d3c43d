import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { guarded, internalGuarded } from "../../keel";
import { user } from "../../lib/authGuards";
import { perUser } from "../../lib/functionRateLimit";

const app = { auth: anonymous("only the app calls it"), limits: unlimited("internal") } as const;

/** Whether a mailbox is connected, and which. The tokens stay inside. */
export const status = guarded.query({
  name: "integrations.gmail.connection.status",
  args: {},
  auth: user,
  limits: unlimited("reads one row"),
  handler: async ({ ctx, principal }) => {
    const row = await ctx.db
      .query("gmailConnections")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .unique();
    return row === null ? { connected: false as const } : { connected: true as const, email: row.email, at: row.at };
  },
});

export const disconnect = guarded.mutation({
  name: "integrations.gmail.connection.disconnect",
  args: {},
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }) => {
    const row = await ctx.db
      .query("gmailConnections")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .unique();
    if (row !== null) await ctx.db.delete(row._id);
    return row !== null;
  },
});

/** A connection with its tokens, by owner or by mailbox. */
export const find = internalGuarded.query({
  ...app,
  name: "integrations.gmail.connection.find",
  args: { owner: v.optional(v.string()), email: v.optional(v.string()) },
  handler: async ({ ctx }, { owner, email }) => {
    const connections = ctx.db.query("gmailConnections");
    const row =
      owner !== undefined
        ? await connections.withIndex("by_owner", (q) => q.eq("owner", owner)).unique()
        : await connections.withIndex("by_email", (q) => q.eq("email", email ?? "")).first();
    if (row === null) return null;
    const { owner: of, email: mailbox, refreshToken, historyId } = row;
    return { owner: of, email: mailbox, refreshToken, historyId };
  },
});

/** Forgets a connection whose grant is over: its mailbox can't be read any more. */
export const lapsed = internalGuarded.mutation({
  ...app,
  name: "integrations.gmail.connection.lapsed",
  args: { owner: v.string(), refreshToken: v.string() },
  handler: async ({ ctx }, { owner, refreshToken }) => {
    const row = await ctx.db
      .query("gmailConnections")
      .withIndex("by_owner", (q) => q.eq("owner", owner))
      .unique();
    // (It may have been connected anew meanwhile.)
    if (row?.refreshToken !== refreshToken) return false;
    await ctx.db.delete(row._id);
    return true;
  },
});

/** Notes up to where a mailbox was read. Pushes come out of order: it never goes back. */
export const readUntil = internalGuarded.mutation({
  ...app,
  name: "integrations.gmail.connection.readUntil",
  args: { owner: v.string(), historyId: v.string() },
  handler: async ({ ctx }, { owner, historyId }) => {
    const row = await ctx.db
      .query("gmailConnections")
      .withIndex("by_owner", (q) => q.eq("owner", owner))
      .unique();
    if (row === null || BigInt(historyId) <= BigInt(row.historyId)) return false;
    await ctx.db.patch(row._id, { historyId });
    return true;
  },
});
