import { v } from "convex/values";
import { anonymous, unlimited } from "keelson";
import { guarded, internalGuarded } from "./keel";
import { owned, user } from "./lib/authGuards";
import { perUser } from "./lib/functionRateLimit";

const MOST = 100;
const status = v.union(v.literal("ordered"), v.literal("shipped"), v.literal("delivered"));
const ORDER = ["ordered", "shipped", "delivered"] as const;

export const list = guarded.query({
  name: "packages.list",
  args: {},
  auth: user,
  limits: unlimited("reads one page of the caller's own rows"),
  handler: async ({ ctx, principal }) => {
    const rows = await ctx.db
      .query("packages")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .order("desc")
      .take(MOST);
    return rows.map(({ _id, carrier, tracking, subject, status, at }) => ({
      id: _id,
      carrier,
      tracking,
      subject,
      status,
      at,
    }));
  },
});

export const remove = guarded.mutation({
  name: "packages.remove",
  args: { id: v.id("packages") },
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, { id }) => {
    owned(await ctx.db.get(id), principal, "parcel");
    await ctx.db.delete(id);
    return null;
  },
});

/** Notes a parcel that a message tells of. Messages come twice and out of order: a parcel never goes back a step. */
export const found = internalGuarded.mutation({
  name: "packages.found",
  args: {
    owner: v.string(),
    messageId: v.string(),
    carrier: v.string(),
    tracking: v.string(),
    subject: v.string(),
    status,
  },
  auth: anonymous("called by the sync of a mailbox whose owner has connected it"),
  limits: unlimited("as many as the mailbox has messages"),
  handler: async ({ ctx }, parcel) => {
    const known = await ctx.db
      .query("packages")
      .withIndex("by_tracking", (q) => q.eq("owner", parcel.owner).eq("tracking", parcel.tracking))
      .unique();
    if (known === null) return ctx.db.insert("packages", { ...parcel, at: Date.now() });
    if (ORDER.indexOf(parcel.status) > ORDER.indexOf(known.status))
      await ctx.db.patch(known._id, { status: parcel.status, messageId: parcel.messageId, at: Date.now() });
    return known._id;
  },
});
