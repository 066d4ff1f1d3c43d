import { z } from "zod";
import { expectationSchema, jsonPath } from "../expect/expectation.js";
import { requestSchema } from "./request.js";
import { id } from "./values.js";

/** Takes a value out of an answer, for the steps after it. */
const extraction = z.union([
  jsonPath,
  z.strictObject({ header: z.string() }),
  z.strictObject({ json: jsonPath }),
  z.strictObject({ body: z.string().describe("A regular expression; its first group is taken.") }),
]);

const step = z.strictObject({
  name: z.string().exactOptional(),
  request: requestSchema,
  expect: expectationSchema.default({}),
  /** By the name under which later steps have it: `{{token}}`. Extracted values are taken out of artefacts. */
  extract: z.record(z.string().regex(/^[a-zA-Z]\w*$/), extraction).default({}),
});

/** A synthetic check of one thing that users do: steps, one after the other, until one fails. */
export const probeSchema = z.strictObject({
  id,
  title: z.string().exactOptional(),
  /** Whether a release is blocked when it fails, and a canary rolled back. Default true. */
  critical: z.boolean().default(true),
  /** Name of one of the targets. Default: the target. */
  target: z.string().exactOptional(),
  /** How often a failed probe is tried again. Default 0: a probe that fails now and then tells something. */
  retries: z.int().min(0).max(5).default(0),
  steps: z.array(step).min(1),
});
export type Probe = z.output<typeof probeSchema>;
export type ProbeStep = Probe["steps"][number];

/** Probes that follow from what endpoints say about themselves. */
export const derivedProbesSchema = z.strictObject({
  /** Endpoints that get none, by name. */
  except: z.array(z.string()).default([]),
  /** By endpoint, headers that let a request in; without them only what comes before auth is probed. */
  credentials: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  critical: z.boolean().default(true),
  /** Name of one of the targets. Default: the target. */
  target: z.string().exactOptional(),
});
export type DerivedProbes = z.output<typeof derivedProbesSchema>;
