import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { jobState } from "../server/jobs/validators.js";

export default defineSchema({
  /** The state of limiters, leases, breakers, idempotency keys, cached values: one document a key. */
  cells: defineTable({
    /** What it is for: `shop:limiter:chat`. */
    space: v.string(),
    key: v.string(),
    /** The version of the state. */
    version: v.number(),
    /** JSON: what kernels keep may have any field names. */
    state: v.string(),
    /** When it may go, Unix milliseconds. */
    until: v.number(),
  })
    .index("by_key", ["space", "key"])
    .index("by_until", ["until"]),

  /** What all jobs of a queue share. Only workers write it. */
  queues: defineTable({
    queue: v.string(),
    /** The latest lease's number. */
    fence: v.number(),
    /** Whose turn it is among the tools. */
    turn: v.number(),
  }).index("by_queue", ["queue"]),

  /** The numbers of one kind of job. */
  tools: defineTable({
    queue: v.string(),
    tool: v.string(),
    paused: v.boolean(),
    queued: v.number(),
    delayed: v.number(),
    running: v.number(),
    /** Queued or delayed, and never tried: what the cap counts. */
    waiting: v.number(),
    /** Dead jobs that are still there. */
    kept: v.number(),
    succeeded: v.number(),
    failed: v.number(),
    dead: v.number(),
    expired: v.number(),
    cancelled: v.number(),
    /** The place of the last job in the line. */
    last: v.number(),
    /** The place of the first one. */
    first: v.number(),
  }).index("by_tool", ["queue", "tool"]),

  jobs: defineTable({
    queue: v.string(),
    id: v.string(),
    tool: v.string(),
    payload: v.string(),
    attempts: v.number(),
    enqueuedAt: v.number(),
    state: jobState,
    /** Where it stands among those of its tool that are queued. */
    place: v.number(),
    /** When it is due, its lease ends, or it is forgotten, as its state says. */
    at: v.number(),
    /** Whether it has ended. */
    over: v.boolean(),
    cancelling: v.boolean(),
    attempt: v.number(),
    fence: v.number(),
    dueAt: v.number(),
    deadlineAt: v.number(),
    startedAt: v.number(),
    endedAt: v.number(),
    result: v.union(v.string(), v.null()),
    error: v.union(v.string(), v.null()),
    dedupe: v.string(),
  })
    .index("by_job", ["queue", "id"])
    .index("by_place", ["queue", "tool", "state", "place"])
    .index("by_time", ["queue", "state", "at"])
    .index("by_tool_time", ["queue", "tool", "state", "at"])
    .index("by_dedupe", ["queue", "tool", "dedupe"])
    .index("by_end", ["queue", "over", "at"])
    .index("by_any_end", ["over", "at"]),

  /**
   * Counts of service-level indicators, by stretches of time: each minute in several documents, see `shard`. The clean-up
   * rolls minutes up into hours, and hours into days, as they get old.
   */
  slis: defineTable({
    service: v.string(),
    kind: v.union(v.literal("endpoint"), v.literal("upstream")),
    name: v.string(),
    /** The length of the stretch, in milliseconds. */
    stretchMs: v.number(),
    /** When it began, Unix milliseconds. */
    start: v.number(),
    /** When the first minute began that something was counted in. */
    first: v.optional(v.number()),
    shard: v.number(),
    counts: v.array(v.number()),
    /** When it may become a part of a longer stretch, or go: Unix milliseconds. */
    until: v.number(),
  })
    .index("by_stretch", ["service", "stretchMs", "start", "kind", "name", "shard"])
    .index("by_until", ["until"]),
});
