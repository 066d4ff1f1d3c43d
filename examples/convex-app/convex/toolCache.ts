import { v } from "convex/values";
import { anonymous, KeelsonError, unlimited } from "keelson";
import { internalGuarded } from "./keel";
import { namespaces, toolCacheKey } from "./lib/toolCacheKeys";
import { namespaceStats, noted } from "./lib/toolCacheRows";
import { hits } from "./lib/tools";

/** Rows that one call reads or deletes at most. */
const AT_ONCE = 500;

const tool = v.union(v.literal("search_web"), v.literal("search_products"));
const app = { auth: anonymous("only the app and its operators can call it"), limits: unlimited("internal") } as const;

/** What the cache holds for a query; `null` where it holds nothing fresh. */
export const get = internalGuarded.query({
  ...app,
  name: "toolCache.get",
  args: { tool, q: v.string() },
  handler: async ({ use }, args) => (await use(namespaces[args.tool].cache).get(toolCacheKey(args.q))) ?? null,
});

/** Puts a value into the cache, and notes it for operators. */
export const set = internalGuarded.mutation({
  ...app,
  name: "toolCache.set",
  args: { tool, q: v.string(), value: v.string() },
  handler: async ({ ctx, use }, args) => {
    const parsed = hits.safeParse(JSON.parse(args.value));
    if (!parsed.success) throw new KeelsonError("validation", undefined, { detail: "value is no list of hits" });
    await use(namespaces[args.tool].cache).set(toolCacheKey(args.q), parsed.data);
    await noted(ctx.db, args.tool, args.q, args.value);
    return null;
  },
});

/** Notes what a tool has found and the cache has taken. */
export const note = internalGuarded.mutation({
  ...app,
  name: "toolCache.note",
  args: { tool, q: v.string(), value: v.string() },
  handler: async ({ ctx }, args) => {
    await noted(ctx.db, args.tool, args.q, args.value);
    return null;
  },
});

/** Forgets what was noted of values that are no longer there. (The cache's own cells go by the component's cron.) */
export const cleanupExpired = internalGuarded.mutation({
  ...app,
  name: "toolCache.cleanupExpired",
  args: {},
  handler: async ({ ctx }) => {
    const old = await ctx.db
      .query("toolResultCache")
      .withIndex("by_expiry", (q) => q.lte("expiresAt", Date.now()))
      .take(AT_ONCE);
    for (const { _id } of old) await ctx.db.delete(_id);
    return { removed: old.length };
  },
});

/** How many values each namespace holds, and how large they are. */
export const listNamespaceStats = internalGuarded.query({
  ...app,
  name: "toolCache.listNamespaceStats",
  args: {},
  handler: ({ ctx }) => namespaceStats(ctx.db),
});

/** Makes everything in a namespace count as gone, at once, for all who ask. */
export const clearNamespace = internalGuarded.mutation({
  ...app,
  name: "toolCache.clearNamespace",
  args: { tool },
  handler: async ({ ctx, use }, args) => {
    await use(namespaces[args.tool].cache).clear();
    const rows = await ctx.db
      .query("toolResultCache")
      .withIndex("by_key", (q) => q.eq("namespace", namespaces[args.tool].name))
      .take(AT_ONCE);
    for (const { _id } of rows) await ctx.db.delete(_id);
    return { removed: rows.length };
  },
});
