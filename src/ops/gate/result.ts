import { z } from "zod";
import { CHECK_VERDICTS, VERDICTS } from "../verdict.js";

const part = z.object({ id: z.string(), verdict: z.enum(VERDICTS) });

/** The data of `release-gate-<timestamp>.json`. */
export const gateDataSchema = z.object({
  /** Why a release is not let through, what blocks first; empty when it is. */
  reasons: z.array(
    z.object({
      check: z.string(),
      effect: z.enum(["block", "hold"]),
      reason: z.string(),
      owner: z.string().nullable(),
      runbook: z.string().nullable(),
    }),
  ),
  /** Checks that the policy ignores, and why. */
  ignored: z.array(z.object({ check: z.string(), verdict: z.enum(CHECK_VERDICTS), why: z.string() })),
  /** Ids of the artefacts that it is founded on. */
  probes: part.nullable(),
  drill: part.extend({ profile: z.string() }).nullable(),
  /** What the service said of itself, after the drill; `null` where it couldn't be asked. */
  snapshot: z.object({ service: z.string(), bootId: z.string(), at: z.number(), uptimeMs: z.number() }).nullable(),
});
export type GateData = z.infer<typeof gateDataSchema>;
