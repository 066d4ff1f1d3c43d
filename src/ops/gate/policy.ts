import { z } from "zod";
import { duration, share } from "../config/values.js";
import { CHECK_VERDICTS } from "../verdict.js";

const rule = z
  .strictObject({
    /** Ids of checks, with `*` for any part. The first rule that fits a check and its verdict is taken. */
    match: z.string().min(1),
    /** For which verdict. */
    on: z.enum(CHECK_VERDICTS),
    effect: z.enum(["block", "hold", "ignore"]),
    /** Has to be said where a check that doesn't pass is ignored. */
    why: z.string().min(1).exactOptional(),
  })
  .refine(({ effect, why }) => effect !== "ignore" || why !== undefined, {
    path: ["why"],
    message: "expected the reason for ignoring it",
  });

const livePair = z
  .strictObject({
    long: duration,
    short: duration,
    /** Burn rate that both windows have to be above. */
    threshold: z.number().positive(),
  })
  .refine(({ long, short }) => long > short, { path: ["short"], message: "expected less than long" });

/** Pairs of windows by the SRE Workbook, chapter 5: 2 % of a budget of 30 days in an hour, 5 % in six, 10 % in a day and in three. */
const LIVE_PAIRS = [
  { long: "1h", short: "5m", threshold: 14.4 },
  { long: "6h", short: "30m", threshold: 6 },
  { long: "1d", short: "2h", threshold: 3 },
  { long: "3d", short: "6h", threshold: 1 },
] as const;

/** `release-gate-policy.json`: what a release has to show. */
export const gatePolicySchema = z.strictObject({
  $schema: z.string().exactOptional(),
  schemaVersion: z.string().regex(/^1\.\d+$/, "expected 1.x"),
  drill: z
    .strictObject({
      profile: z.string().default("quick"),
      /** Default: all scenarios. */
      scenarios: z.array(z.string()).min(1).exactOptional(),
      /** Stages are so many times as long. Default 1. */
      scale: z.number().positive().max(1).default(1),
    })
    .prefault({}),
  snapshot: z
    .strictObject({
      /** Breakers that may be open, half-open or isolated. */
      maxOpenBreakers: z.int().min(0).default(0),
      /** Queued and delayed jobs as a part of what a kind of job may have. */
      maxQueuePressure: share.default(0.8),
      /** Dead jobs that are still kept, in all queues. */
      maxDeadJobs: z.int().min(0).default(0),
      /** Decisions that limiters made without their store while the gate ran. */
      maxDegraded: z.int().min(0).default(0),
      /** Cells of the store in use, where it has a capacity. */
      maxStoreUse: share.default(0.9),
      /** How far its time may be from ours: one that is older was cached on the way. */
      maxAge: duration.default(60_000),
    })
    .prefault({}),
  burn: z
    .strictObject({
      /** Of the drill: its steady stages are the long window, their last twelfth the short one. */
      drill: z.strictObject({ threshold: z.number().positive() }).prefault({ threshold: 2 }),
      /** Of the live service. */
      live: z.array(livePair).prefault([...LIVE_PAIRS]),
    })
    .prefault({}),
  rules: z.array(rule).default([]),
});
export type GatePolicy = z.output<typeof gatePolicySchema>;
