import { z } from "zod";
import { duration, id, share } from "./values.js";

/** The largest share of all valid requests that may end so. */
const maxRates = z.strictObject({
  "5xx": share.exactOptional(),
  network: share.exactOptional(),
  timeout: share.exactOptional(),
  unknown: share.exactOptional(),
});

const slo = z.strictObject({
  id,
  owner: z.string().min(1),
  /** Share of good requests that is promised: above 0, below 1. One of 1 leaves no budget. */
  objective: z.number().gt(0).lt(1, "expected below 1: an objective of 1 leaves no error budget"),
  /** What of a live snapshot counts for it: `endpoint:chat`, `upstream:serper`. */
  sli: z
    .string()
    .regex(/^(endpoint|upstream):.+$/, 'expected "endpoint:NAME" or "upstream:NAME"')
    .exactOptional(),
  /** Which of a drill's scenarios count for it; a list counts together. */
  scenario: z.union([z.string(), z.array(z.string()).min(1)]).exactOptional(),
  /** Milliseconds that 95 % of responses stay within. */
  p95Ms: z.number().positive().exactOptional(),
  p99Ms: z.number().positive().exactOptional(),
  maxRates: maxRates.default({}),
  /** The rate, a second, that must be sustained with p95 and the rates above: the declared capacity. */
  capacityRps: z.number().positive().exactOptional(),
  runbook: z.string().exactOptional(),
});
export type Slo = z.output<typeof slo>;

/** `slo-baseline.json`. Names can be mapped to OpenSLO's. */
export const sloBaselineSchema = z.strictObject({
  $schema: z.string().exactOptional(),
  schemaVersion: z.string().regex(/^1\.\d+$/, "expected 1.x"),
  service: z.string().exactOptional(),
  /** Over which the budget is spent. Default 30 days. */
  period: duration.default(30 * 86_400_000),
  slos: z.array(slo).min(1),
});
export type SloBaseline = z.output<typeof sloBaselineSchema>;
