import { z } from "zod";

const count = z.int().min(0);
const counts = z.object({
  valid: count,
  success: count,
  expected4xx: count,
  "5xx": count,
  network: count,
  timeout: count,
  unknown: count,
});

/** The data of `canary-check-<timestamp>.json`. */
export const canaryDataSchema = z.object({
  control: z.string().describe("Address of what runs as it did."),
  candidate: z.string().describe("Address of what is to be released."),
  /** Why not promoted, a sentence each; empty when promoted. */
  reasons: z.array(z.string()),
  /** Every reason to roll back, whether or not it was given. */
  criteria: z.array(z.object({ id: z.string(), criterion: z.string(), met: z.boolean(), by: z.array(z.string()) })),
  scenarios: z.array(
    z.object({
      scenario: z.string(),
      critical: z.boolean(),
      control: counts,
      candidate: counts,
      /** What the statistics say of latencies and rates; for information, the verdicts are in the checks. */
      compared: z.unknown(),
    }),
  ),
  blocks: z.object({ planned: count, done: count }),
  /** The command that was run on a rollback; `null` where there was none. */
  hook: z.object({ command: z.array(z.string()), exitCode: z.int().nullable(), output: z.string() }).nullable(),
});
export type CanaryData = z.infer<typeof canaryDataSchema>;
