import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { guarded, internalGuarded } from "../keel";
import { owned, user } from "../lib/authGuards";
import { perUser } from "../lib/functionRateLimit";

const MOST = 100;

export const list = guarded.query({
  name: "integrations.evidence.list",
  args: {},
  auth: user,
  limits: unlimited("reads one page of the caller's own rows"),
  handler: async ({ ctx, principal }) => {
    const rows = await ctx.db
      .query("evidence")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .order("desc")
      .take(MOST);
    return rows.map(({ _id, kind, source, summary, at }) => ({ id: _id, kind, source, summary, at }));
  },
});

export const remove = guarded.mutation({
  name: "integrations.evidence.remove",
  args: { id: v.id("evidence") },
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, { id }) => {
    owned(await ctx.db.get(id), principal, "evidence");
    await ctx.db.delete(id);
    return null;
  },
});

/** Notes where something was read, once. */
export const record = internalGuarded.mutation({
  name: "integrations.evidence.record",
  args: { owner: v.string(), kind: v.string(), source: v.string(), summary: v.string() },
  auth: anonymous("called by the sync of a mailbox whose owner has connected it"),
  limits: unlimited("as many as the mailbox has messages"),
  handler: async ({ ctx }, { owner, kind, source, summary }) => {
    const known = await ctx.db
      .query("evidence")
      .withIndex("by_source", (q) => q.eq("owner", owner).eq("source", source))
      .first();
    return known?._id ?? ctx.db.insert("evidence", { owner, kind, source, summary, at: Date.now() });
  },
});
