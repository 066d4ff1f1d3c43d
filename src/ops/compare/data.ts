import { z } from "zod";
import { ARTEFACT_KINDS } from "../artefact/envelope.js";
import { BAD_OUTCOMES } from "../dashboard/sources.js";
import { CHECK_VERDICTS, VERDICTS } from "../verdict.js";

const figure = z.number().nullable();
const checkVerdict = z.enum(CHECK_VERDICTS).nullable();

/** What a scenario of a drill came to, beside the one before. */
export const CHANGES = ["better", "same", "worse", "incomparable"] as const;
export type Change = (typeof CHANGES)[number];

/** How a check's verdict moved. `changed`: to or from `skipped`, which is neither better nor worse. */
const CHECK_CHANGES = ["better", "worse", "changed", "new", "gone"] as const;

const side = z.object({
  file: z.string(),
  at: z.iso.datetime(),
  commit: z.string().nullable(),
  variant: z.string().nullable().describe("A drill's profile."),
  verdict: z.enum(VERDICTS),
});
export type Side = z.output<typeof side>;

const delta = z.object({ before: figure, after: figure, delta: figure, ratio: figure.describe("After over before.") });
export type Delta = z.output<typeof delta>;

const scenario = z.object({
  scenario: z.string(),
  change: z.enum(CHANGES),
  reasons: z.array(z.string()).describe("Why it isn't the same."),
  p50: delta.describe("Milliseconds."),
  p95: delta,
  p99: delta,
  badShare: delta.describe("Bad requests of the valid ones."),
  rates: z.partialRecord(z.enum(BAD_OUTCOMES), delta).describe("Of the valid requests, by how they ended badly."),
  valid: z.object({ before: z.int().min(0), after: z.int().min(0) }),
});
export type ScenarioChange = z.output<typeof scenario>;

const checkChange = z.object({
  id: z.string(),
  title: z.string(),
  owner: z.string().nullable(),
  runbook: z.string().nullable(),
  before: checkVerdict,
  after: checkVerdict,
  change: z.enum(CHECK_CHANGES),
  reason: z.string().nullable(),
});
export type CheckChange = z.output<typeof checkChange>;

const tolerance = z.object({
  p95Ratio: z.number().describe("p95 is worse above this times the one before, …"),
  p95Ms: z.number().describe("… when it is also at least so many milliseconds more."),
  badShare: z.number().describe("The share of bad requests is worse from so much more on."),
  minSamples: z.int().describe("With fewer valid requests on either side a scenario is incomparable."),
});
export type Tolerance = z.output<typeof tolerance>;

/** What a `comparison` has in its envelope. */
export const comparisonSchema = z
  .object({
    of: z.enum(ARTEFACT_KINDS),
    before: side,
    after: side,
    tolerance,
    scenarios: z.array(scenario).describe("Of two drills."),
    checks: z.array(checkChange).describe("Those that moved."),
    unchanged: z.int().min(0).describe("Checks that came to the same."),
  })
  .describe("Two runs of the same kind, side by side.");
export type ComparisonData = z.output<typeof comparisonSchema>;
