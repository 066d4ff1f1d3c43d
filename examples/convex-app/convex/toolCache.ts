import { v } from "convex/values";
import { anonymous, KeelsonError, unlimited } from "keelson";
import { internal } from "./_generated/api";
import type { MutationCtx } from "./_generated/server";
import { internalGuarded } from "./keel";
import { caches, namespaceOf, toolCacheKey } from "./lib/toolCacheKeys";
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
  handler: async ({ use }, args) => (await use(caches[args.tool].cache).get(toolCacheKey(args.q))) ?? null,
});

/** Puts a value into the cache, and notes it for operators. */
export const set = internalGuarded.mutation({
  ...app,
  name: "toolCache.set",
  maxBytes: "256kb",
  args: { tool, q: v.string(), value: v.string() },
  handler: async ({ ctx, use }, args) => {
    const parsed = hits.safeParse(jsonOf(args.value));
    if (!parsed.success) throw new KeelsonError("validation", undefined, { detail: "value is no list of hits" });
    await use(caches[args.tool].cache).set(toolCacheKey(args.q), parsed.data);
    await noted(ctx.db, args.tool, args.q, args.value);
    return null;
  },
});

/** Notes what a tool has found and the cache has taken. */
export const note = internalGuarded.mutation({
  ...app,
  name: "toolCache.note",
  maxBytes: "256kb",
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
  handler: async ({ ctx }): Promise<{ removed: number }> => {
    const old = await ctx.db
      .query("toolResultCache")
      .withIndex("by_expiry", (q) => q.lte("expiresAt", Date.now()))
      .take(AT_ONCE);
    for (const { _id } of old) await ctx.db.delete(_id);
    // What is left goes in a transaction of its own.
    if (old.length === AT_ONCE) await ctx.scheduler.runAfter(0, internal.toolCache.cleanupExpired, {});
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
    await use(caches[args.tool].cache).clear();
    return { removed: await forgotten(ctx, namespaceOf(args.tool), Date.now()) };
  },
});

/** Forgets the rest of what was noted of a namespace until it was cleared. */
export const forget = internalGuarded.mutation({
  ...app,
  name: "toolCache.forget",
  args: { namespace: v.string(), until: v.number() },
  handler: async ({ ctx }, { namespace, until }): Promise<{ removed: number }> => ({
    removed: await forgotten(ctx, namespace, until),
  }),
});

/** Deletes a bounded number of rows that are not newer than that, and sees to the rest in another transaction. */
async function forgotten(ctx: MutationCtx, namespace: string, until: number): Promise<number> {
  const rows = await ctx.db
    .query("toolResultCache")
    .withIndex("by_noted", (q) => q.eq("namespace", namespace).lte("notedAt", until))
    .take(AT_ONCE);
  for (const { _id } of rows) await ctx.db.delete(_id);
  if (rows.length === AT_ONCE) await ctx.scheduler.runAfter(0, internal.toolCache.forget, { namespace, until });
  return rows.length;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
