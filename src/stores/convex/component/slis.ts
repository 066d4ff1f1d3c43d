import { v } from "convex/values";
import { addCounts, readCounts } from "../server/slis.js";
import { sliEntry, sliHistory } from "../server/wire.js";
import { mutation, query } from "./_generated/server.js";

/** Adds what one call has counted. */
export const record = mutation({
  args: { service: v.string(), entries: v.array(sliEntry) },
  returns: v.null(),
  handler: (ctx, { service, entries }) => addCounts(ctx.db, service, entries, Date.now()),
});

/** Everything counted since then, in one transaction: what is being rolled up is seen once, and not twice or never. */
export const read = query({
  args: { service: v.string(), since: v.number() },
  returns: v.array(sliHistory),
  handler: (ctx, args) => readCounts(ctx.db, args),
});
