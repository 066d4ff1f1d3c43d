import { v } from "convex/values";
import { unlimited } from "keelson";
import { z } from "zod";
import { guarded } from "./keel";
import { owned, user } from "./lib/authGuards";
import { title, webLink } from "./lib/functionBoundaries";
import { perUser } from "./lib/functionRateLimit";

const MOST = 100;

export const list = guarded.query({
  name: "favorites.list",
  args: {},
  auth: user,
  limits: unlimited("reads one page of the caller's own rows"),
  handler: async ({ ctx, principal }) => {
    const rows = await ctx.db
      .query("favorites")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .order("desc")
      .take(MOST);
    return rows.map(({ _id, title, link, price, at }) => ({ id: _id, title, link, at, ...(price && { price }) }));
  },
});

/** Adds a product once, however often it is asked. */
export const add = guarded.mutation({
  name: "favorites.add",
  args: { title: v.string(), link: v.string(), price: v.optional(v.string()) },
  refine: z.object({ title, link: webLink, price: z.string().max(40).optional() }),
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, { title, link, price }) => {
    const known = await ctx.db
      .query("favorites")
      .withIndex("by_link", (q) => q.eq("owner", principal.id).eq("link", link))
      .unique();
    if (known !== null) return known._id;
    const row = { owner: principal.id, title, link, at: Date.now(), ...(price !== undefined && { price }) };
    return ctx.db.insert("favorites", row);
  },
});

export const remove = guarded.mutation({
  name: "favorites.remove",
  args: { id: v.id("favorites") },
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, { id }) => {
    owned(await ctx.db.get(id), principal, "favorite");
    await ctx.db.delete(id);
    return null;
  },
});
