import { type Infer, v } from "convex/values";

/** A step of a cell, as a client asks for it. */
export const cellStep = v.object({
  kernel: v.string(),
  /** The client's version of the kernel. */
  version: v.number(),
  space: v.string(),
  key: v.string(),
  /** JSON. */
  config: v.string(),
  /** JSON. */
  input: v.string(),
  /** For a limiter whose limit is spread over so many documents. */
  shards: v.optional(v.number()),
});

/** See {@link cellStep}. */
export type WireStep = Infer<typeof cellStep>;

/** The decisions as a JSON array, or why there are none; `changes`: they were only looked at, and would change something. */
export const stepsAnswer = v.union(
  v.object({ decisions: v.string(), changes: v.optional(v.boolean()) }),
  v.object({ failure: v.union(v.literal("version"), v.literal("capacity")) }),
);

/** See {@link stepsAnswer}. */
export type StepsAnswer = Infer<typeof stepsAnswer>;

/** What a call has counted of one indicator in one stretch of time. */
export const sliEntry = v.object({
  kind: v.union(v.literal("endpoint"), v.literal("upstream")),
  name: v.string(),
  counts: v.array(v.number()),
});

/** See {@link sliEntry}. */
export type SliEntry = Infer<typeof sliEntry>;

/** What one indicator has counted. (By indicator, for an array may have 8,192 entries.) */
export const sliHistory = v.object({
  kind: v.union(v.literal("endpoint"), v.literal("upstream")),
  name: v.string(),
  stretches: v.array(
    v.object({ stretchMs: v.number(), start: v.number(), first: v.number(), counts: v.array(v.number()) }),
  ),
});

/** See {@link sliHistory}. */
export type SliHistory = Infer<typeof sliHistory>;
