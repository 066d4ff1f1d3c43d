import { type Infer, v } from "convex/values";

const jobEnd = v.union(
  v.literal("succeeded"),
  v.literal("failed"),
  v.literal("dead"),
  v.literal("expired"),
  v.literal("cancelled"),
);
export const jobState = v.union(v.literal("delayed"), v.literal("queued"), v.literal("running"), jobEnd);

export const newJob = v.object({
  id: v.string(),
  tool: v.string(),
  payload: v.string(),
  delayMs: v.number(),
  deadlineMs: v.number(),
  attempts: v.number(),
  maxQueued: v.number(),
  dedupe: v.string(),
});
export type WireJob = Infer<typeof newJob>;

export const enqueued = v.union(
  v.object({ accepted: v.literal(true), jobs: v.array(v.object({ id: v.string(), duplicate: v.boolean() })) }),
  v.object({ accepted: v.literal(false), tool: v.string(), depth: v.number(), maxQueued: v.number() }),
);
export type WireEnqueued = Infer<typeof enqueued>;

export const retention = v.object({
  succeeded: v.number(),
  failed: v.number(),
  dead: v.number(),
  expired: v.number(),
  cancelled: v.number(),
});
export type WireRetention = Infer<typeof retention>;

export const claimRequest = v.object({
  tools: v.array(v.object({ name: v.string(), maxRunning: v.number() })),
  max: v.number(),
  leaseMs: v.number(),
  scan: v.number(),
  retention,
});
export type WireClaimRequest = Infer<typeof claimRequest>;

const claimedJob = v.object({
  id: v.string(),
  tool: v.string(),
  attempt: v.number(),
  attempts: v.number(),
  fence: v.number(),
  payload: v.string(),
  enqueuedAt: v.number(),
  dueAt: v.number(),
  deadlineAt: v.number(),
});
export type WireClaimedJob = Infer<typeof claimedJob>;

export const claim = v.object({
  now: v.number(),
  jobs: v.array(claimedJob),
  nextMs: v.union(v.number(), v.null()),
});
export type WireClaim = Infer<typeof claim>;

export const lease = v.object({ id: v.string(), fence: v.number() });
export type WireLease = Infer<typeof lease>;

export const finish = v.union(
  v.object({ id: v.string(), fence: v.number(), kind: v.literal("succeeded"), result: v.string() }),
  v.object({ id: v.string(), fence: v.number(), kind: v.literal("retry"), delayMs: v.number(), error: v.string() }),
  v.object({ id: v.string(), fence: v.number(), kind: v.literal("failed"), error: v.string() }),
  v.object({ id: v.string(), fence: v.number(), kind: v.literal("released") }),
);
export type WireFinish = Infer<typeof finish>;

export const finished = v.union(v.literal("kept"), v.literal("lost"));
export const extended = v.union(v.literal("kept"), v.literal("lost"), v.literal("cancelled"));
export const cancelled = v.union(
  v.literal("cancelled"),
  v.literal("requested"),
  v.literal("ended"),
  v.literal("unknown"),
);

export const jobRecord = v.object({
  id: v.string(),
  tool: v.string(),
  state: jobState,
  attempt: v.number(),
  attempts: v.number(),
  payload: v.string(),
  enqueuedAt: v.number(),
  dueAt: v.number(),
  deadlineAt: v.number(),
  startedAt: v.number(),
  endedAt: v.number(),
  result: v.union(v.string(), v.null()),
  error: v.union(v.string(), v.null()),
});
export type WireRecord = Infer<typeof jobRecord>;

export const toolStats = v.object({
  tool: v.string(),
  queued: v.number(),
  delayed: v.number(),
  running: v.number(),
  paused: v.boolean(),
  oldestMs: v.number(),
  ended: retention,
  dead: v.number(),
});
export type WireStats = Infer<typeof toolStats>;
