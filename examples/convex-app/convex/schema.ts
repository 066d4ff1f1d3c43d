import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/** Every row of a user's names its owner: the subject of their token. */
const owner = v.string();

export default defineSchema({
  threads: defineTable({
    owner,
    title: v.string(),
    /** Questions that were asked in it. */
    turns: v.number(),
    at: v.number(),
  }).index("by_owner", ["owner", "at"]),

  messages: defineTable({
    owner,
    thread: v.id("threads"),
    role: v.union(v.literal("user"), v.literal("assistant")),
    text: v.string(),
    sources: v.array(v.object({ title: v.string(), link: v.string(), price: v.optional(v.string()) })),
    at: v.number(),
  }).index("by_thread", ["thread", "at"]),

  /** Answers that are being streamed: what a page shows that was loaded again meanwhile. */
  streamSessions: defineTable({
    owner,
    thread: v.id("threads"),
    status: v.union(v.literal("streaming"), v.literal("done"), v.literal("failed"), v.literal("stopped")),
    text: v.string(),
    at: v.number(),
  })
    .index("by_thread", ["thread", "at"])
    .index("by_status", ["status", "at"]),

  favorites: defineTable({ owner, title: v.string(), link: v.string(), price: v.optional(v.string()), at: v.number() })
    .index("by_owner", ["owner", "at"])
    .index("by_link", ["owner", "link"]),

  /** Parcels that were found in a mailbox. */
  packages: defineTable({
    owner,
    messageId: v.string(),
    carrier: v.string(),
    tracking: v.string(),
    subject: v.string(),
    status: v.union(v.literal("ordered"), v.literal("shipped"), v.literal("delivered")),
    at: v.number(),
  })
    .index("by_owner", ["owner", "at"])
    .index("by_tracking", ["owner", "tracking"]),

  preferences: defineTable({ owner, currency: v.string(), language: v.string(), notify: v.boolean() }).index(
    "by_owner",
    ["owner"],
  ),

  /** What the assistant relies on: where it read that something was bought. */
  evidence: defineTable({ owner, kind: v.string(), source: v.string(), summary: v.string(), at: v.number() })
    .index("by_owner", ["owner", "at"])
    .index("by_source", ["owner", "source"]),

  gmailConnections: defineTable({
    owner,
    email: v.string(),
    refreshToken: v.string(),
    scope: v.string(),
    /** Up to where the mailbox was read. */
    historyId: v.string(),
    at: v.number(),
  })
    .index("by_owner", ["owner"])
    .index("by_email", ["email"]),

  whatsappCodes: defineTable({ owner, code: v.string(), until: v.number() })
    .index("by_owner", ["owner"])
    .index("by_code", ["code"]),
  whatsappLinks: defineTable({ owner, phone: v.string(), at: v.number() })
    .index("by_owner", ["owner"])
    .index("by_phone", ["phone"]),

  /** What tools have found and the cache holds: for operators, by namespace. */
  toolResultCache: defineTable({
    namespace: v.string(),
    key: v.string(),
    /** How the value begins; all of it lies in the cache. */
    value: v.string(),
    bytes: v.number(),
    notedAt: v.number(),
    expiresAt: v.number(),
  })
    .index("by_key", ["namespace", "key"])
    .index("by_noted", ["namespace", "notedAt"])
    .index("by_expiry", ["expiresAt"]),

  /** Who asked for a job of the queue: the queue itself doesn't know users. */
  toolJobs: defineTable({ owner, jobId: v.string(), tool: v.string(), at: v.number() })
    .index("by_job", ["jobId"])
    .index("by_at", ["at"]),

  /** When a worker is next woken for jobs that wait for another attempt: one row, so that one is. */
  toolWakes: defineTable({ at: v.number() }),
});
