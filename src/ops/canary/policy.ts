import { z } from "zod";
import { duration, share } from "../config/values.js";

const count = z.int().min(1);

const samples = z
  .strictObject({
    /** Fewer calls of a scenario and arm say nothing. Default 200. */
    inconclusiveBelow: count.default(200),
    /** With fewer a candidate may be rolled back, but is never promoted. Default 1000. */
    promoteFrom: count.default(1_000),
    /** Blocks that an arm's calls must be spread over: one alone may have met a bad minute. Default 2. */
    minBlocks: count.default(2),
  })
  .refine(({ inconclusiveBelow, promoteFrom }) => promoteFrom >= inconclusiveBelow, {
    path: ["promoteFrom"],
    message: "expected at least inconclusiveBelow",
  });

/** All three have to be exceeded, or nothing has got slower. */
const p95 = z.strictObject({
  /** What the lower end of the interval of candidate's p95 over control's has to be above. Default 1.05. */
  lowerBound: z.number().min(1).default(1.05),
  /** What the ratio itself has to be above. Default 1.1. */
  ratio: z.number().min(1).default(1.1),
  /** How many milliseconds slower it has to be at least. Default 5: 2 ms instead of 1 hurt nobody. */
  minDeltaMs: z.number().min(0).default(5),
  /** Share of resamples below the interval. Default 0.025. */
  outside: z.number().gt(0).lt(0.5).default(0.025),
  resamples: z.int().min(100).max(100_000).default(1_000),
  /** Calls that are drawn together. Default: the cube root of their number. More where waves of load are longer. */
  blockLength: count.exactOptional(),
});

/** Both have to be met, or a kind of bad call has not got more frequent. */
const rates = z.strictObject({
  /** What Holm's p-value has to be below, all rates of all scenarios taken together. Default 0.01. */
  alpha: z.number().gt(0).lt(0.5).default(0.01),
  /** Share of calls more that has to end so. Default 0.005, half a percentage point. */
  minDelta: share.default(0.005),
});

const slo = z.strictObject({
  /** How sure it must be that a limit is exceeded before it is a reason to roll back. Default 0.01. */
  alpha: z.number().gt(0).lt(0.5).default(0.01),
});

const earlyAbort = z.strictObject({
  /** Calls to the candidate that are watched one by one. Default 200. */
  within: count.default(200),
  /** Bad ones that it takes at least. Default 10. */
  bad: count.default(10),
  /** Share of bad ones that has to be exceeded. Default 0.05. */
  share: share.default(0.05),
});

/** How both arms are asked: in turn, in blocks, at one rate. */
const load = z.strictObject({
  /** Pairs of blocks, one of each arm. Default 20. */
  pairs: z.int().min(1).max(10_000).default(20),
  /** Length of a block. Default 3 s. */
  block: duration.refine((ms) => ms >= 100, "expected at least 100ms").default(3_000),
  /** Arrivals a second in a block, all scenarios together. Default 50. */
  rate: z.number().positive().default(50),
  /** Requests under way at most. Default 500. */
  maxInFlight: z.int().min(1).default(500),
  /** How long each arm is warmed up before; not recorded. Default 3 s. */
  warmUp: duration.refine((ms) => ms >= 100, "expected at least 100ms").default(3_000),
  /** Scenarios that are compared. Default: all. */
  scenarios: z.array(z.string()).min(1).exactOptional(),
});

/** `canary-policy.json`: what a canary decides by. Everything has a default. */
export const canaryPolicySchema = z.strictObject({
  $schema: z.string().exactOptional(),
  schemaVersion: z.string().regex(/^1\.\d+$/, "expected 1.x"),
  load: load.prefault({}),
  samples: samples.prefault({}),
  p95: p95.prefault({}),
  rates: rates.prefault({}),
  slo: slo.prefault({}),
  earlyAbort: earlyAbort.prefault({}),
  /** What the configuration says of a scenario may be overruled here, by its name. */
  scenarios: z
    .record(
      z.string(),
      z.strictObject({
        /** Whether a regression in it rolls back. Otherwise it holds. */
        critical: z.boolean(),
      }),
    )
    .default({}),
  /** A command, with its arguments, that is run when the candidate is rolled back. It isn't run by a shell. */
  onRollback: z.array(z.string().min(1)).min(1).exactOptional(),
});

/** A policy, checked and with its defaults. */
export type CanaryPolicy = z.output<typeof canaryPolicySchema>;

/** The policy of who has written none. */
export const DEFAULT_CANARY_POLICY: CanaryPolicy = canaryPolicySchema.parse({ schemaVersion: "1.0" });
