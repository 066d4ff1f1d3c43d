import { v } from "convex/values";
import { addCounts, readCounts } from "../server/slis.js";
import { sliEntry } from "../server/wire.js";
import { mutation, query } from "./_generated/server.js";

/** Adds what one call has counted. */
export const record = mutation({
  args: { service: v.string(), entries: v.array(sliEntry) },
  returns: v.null(),
  handler: (ctx, { service, entries }) => addCounts(ctx.db, service, entries, Date.now()),
});

/** Everything counted since then, by stretches of one length. */
export const read = query({
  args: { service: v.string(), stretchMs: v.number(), since: v.number() },
  returns: v.array(
    v.object({
      kind: v.union(v.literal("endpoint"), v.literal("upstream")),
      name: v.string(),
      start: v.number(),
      counts: v.array(v.number()),
    }),
  ),
  handler: (ctx, args) => readCounts(ctx.db, args),
});
