import { v } from "convex/values";
import { unlimited } from "keelson";
import { z } from "zod";
import { guarded } from "../keel";
import { user } from "../lib/authGuards";
import { perUser } from "../lib/functionRateLimit";

const DEFAULTS = { currency: "EUR", language: "en", notify: true };

export const get = guarded.query({
  name: "integrations.preferences.get",
  args: {},
  auth: user,
  limits: unlimited("reads one row"),
  handler: async ({ ctx, principal }) => {
    const row = await ctx.db
      .query("preferences")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .unique();
    const { currency, language, notify } = row ?? DEFAULTS;
    return { currency, language, notify };
  },
});

export const set = guarded.mutation({
  name: "integrations.preferences.set",
  args: { currency: v.string(), language: v.string(), notify: v.boolean() },
  refine: z.object({
    currency: z.string().regex(/^[A-Z]{3}$/, "an ISO 4217 code"),
    language: z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, "a BCP 47 tag"),
    notify: z.boolean(),
  }),
  auth: user,
  limits: perUser.writes,
  handler: async ({ ctx, principal }, wanted) => {
    const row = await ctx.db
      .query("preferences")
      .withIndex("by_owner", (q) => q.eq("owner", principal.id))
      .unique();
    if (row === null) await ctx.db.insert("preferences", { owner: principal.id, ...wanted });
    else await ctx.db.patch(row._id, wanted);
    return null;
  },
});
