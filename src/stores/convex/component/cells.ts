import { v } from "convex/values";
import { look as looked, stepAll } from "../server/cell-steps.js";
import { cellStep, stepsAnswer } from "../server/wire.js";
import { mutation, query } from "./_generated/server.js";

/** Steps cells, all or nothing. One cell is one document, read once and written once at most. */
export const step = mutation({
  args: { steps: v.array(cellStep) },
  returns: stepsAnswer,
  handler: (ctx, { steps }) => stepAll(ctx.db, steps, Date.now()),
});

/** What a step would decide, where it would change nothing. */
export const look = query({
  args: { step: cellStep },
  returns: stepsAnswer,
  handler: (ctx, { step: one }) => looked(ctx.db, one, Date.now()),
});
