import { z } from "zod";

const step = z.object({
  name: z.string(),
  method: z.string(),
  /** Without query: what is in it may be a secret. */
  path: z.string(),
  passed: z.boolean(),
  /** `null` without an answer. */
  status: z.int().nullable(),
  ms: z.number().min(0),
  /** What was wrong, in words. */
  misses: z.array(z.string()),
});

const probe = z.object({
  id: z.string(),
  title: z.string(),
  critical: z.boolean(),
  target: z.string(),
  passed: z.boolean(),
  /** 1 where the first try passed, or was the only one. */
  attempts: z.int().min(1),
  steps: z.array(step),
});

/** The data of `synthetic-probes-<timestamp>.json`. */
export const probeDataSchema = z.object({ probes: z.array(probe) });
export type ProbeData = z.infer<typeof probeDataSchema>;
export type ProbeResult = z.infer<typeof probe>;
export type StepResult = z.infer<typeof step>;
