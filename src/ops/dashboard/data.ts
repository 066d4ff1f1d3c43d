import { z } from "zod";
import { checkSchema } from "../artefact/envelope.js";
import { CHECK_VERDICTS, VERDICTS } from "../verdict.js";
import { OUTCOMES } from "./sources.js";

const verdict = z.enum(VERDICTS);
const checkVerdict = z.enum(CHECK_VERDICTS);
const at = z.iso.datetime();
const count = z.int().min(0);
const ms = z.number().min(0).nullable();

/** The kinds whose last runs the dashboard shows, in the order in which a reader asks for them. */
export const SHOWN_KINDS = ["release-gate", "canary-check", "synthetic-probes", "load-drill", "game-day"] as const;
export type ShownKind = (typeof SHOWN_KINDS)[number];
const shownKind = z.enum(SHOWN_KINDS);

const run = z.object({
  file: z.string(),
  kind: shownKind,
  variant: z.string().nullable().describe("A drill's profile."),
  at,
  verdict,
  commit: z.string().nullable(),
  checks: z.record(checkVerdict, count).describe("How many came to what."),
});
export type RunRow = z.output<typeof run>;

const latest = z.object({
  kind: shownKind,
  run: run.nullable().describe("The newest; null where there is none."),
  stale: z.boolean().describe("Whether it is older than a week."),
  history: z.array(z.object({ at, verdict, variant: z.string().nullable() })).describe("Oldest first."),
});
export type Latest = z.output<typeof latest>;

const signal = z.object({
  kind: z.enum(["live-burn", "drill-burn", "latency", "rate"]),
  group: z.string().describe("Where it is from: live traffic, a drill of a profile."),
  title: z.string(),
  verdict: checkVerdict,
  reason: z.string().nullable(),
  unit: z.enum(["burn", "ms", "share"]),
  observed: z.number().nullable().describe("Of the long window, for a burn rate."),
  short: z.number().nullable().describe("Of the short window."),
  threshold: z.number().nullable(),
  n: count.nullable(),
});
export type Signal = z.output<typeof signal>;

const slo = z.object({
  id: z.string(),
  owner: z.string(),
  runbook: z.string().nullable(),
  objective: z.number(),
  of: z.array(z.string()).describe("What counts for it: an indicator, scenarios."),
  verdict: checkVerdict.describe("The worst of its signals."),
  budget: z
    .object({
      periodSec: z.number(),
      windowSec: z.number().describe("The longest window that live traffic was watched over."),
      coveredSec: z.number().describe("Seconds of it that were watched at all."),
      valid: count,
      bad: count,
      spent: z.number().describe("Share of the period's budget that the window's bad calls used up."),
      pace: z.number().describe("What an even spending would have used up by then."),
    })
    .nullable()
    .describe("Of live traffic alone: drills spend nothing. Null without a live snapshot."),
  signals: z.array(signal),
});
export type SloRow = z.output<typeof slo>;

const latencySeries = z.object({
  scenario: z.string(),
  profile: z.string().nullable(),
  p95Limit: ms.describe("Of the strictest SLO that the scenario counts for."),
  p99Limit: ms,
  points: z
    .array(z.object({ file: z.string(), at, verdict, p50: ms, p95: ms, p99: ms, count }))
    .describe("Oldest first."),
  merged: z
    .object({ p50: z.number(), p95: z.number(), p99: z.number(), count })
    .nullable()
    .describe("Of all samples of all runs, from their histograms; null where one has none."),
});
export type LatencySeries = z.output<typeof latencySeries>;

const outcomeBar = z.object({
  file: z.string(),
  at,
  profile: z.string().nullable(),
  verdict,
  counts: z.record(z.enum(OUTCOMES), count),
  badShare: z.number().nullable().describe("Bad ones of the valid: of successes and bad ones."),
});
export type OutcomeBar = z.output<typeof outcomeBar>;

const openCheck = checkSchema.extend({ kind: shownKind, file: z.string(), at });
export type OpenCheck = z.output<typeof openCheck>;

const experiment = z.object({
  title: z.string(),
  owner: z.string().nullable(),
  runbook: z.string().nullable(),
  runs: z
    .array(z.object({ file: z.string(), at, status: z.string(), deviated: z.boolean(), recoveredMs: ms }))
    .describe("Oldest first."),
});
export type ExperimentHistory = z.output<typeof experiment>;

const ownerRow = z.object({
  owner: z.string(),
  contact: z.string().nullable(),
  slos: z.array(z.string()),
  experiments: count,
  open: count.describe("Checks that aren't a pass."),
});
export type OwnerRow = z.output<typeof ownerRow>;

/** What `slo-dashboard.json` has in its envelope: all that the page and the Markdown show. */
export const dashboardSchema = z
  .object({
    service: z.string(),
    since: at.describe("Artefacts from before are left out."),
    until: at.describe("When the dashboard was made."),
    snapshot: z
      .object({ at, source: z.enum(["live", "file"]), processes: count })
      .nullable()
      .describe("Where the live figures are from."),
    latest: z.array(latest),
    slos: z.array(slo),
    latency: z.array(latencySeries),
    outcomes: z.array(outcomeBar).describe("Newest first."),
    open: z.array(openCheck).describe("Checks of the newest run of each kind and profile that aren't a pass."),
    experiments: z.array(experiment),
    owners: z.array(ownerRow),
    artefacts: z.array(run).describe("Newest first."),
    unreadable: z.array(z.object({ file: z.string(), why: z.string() })),
    older: count.describe("Files that were left out for their age or their number."),
  })
  .describe("SLO status and reliability history of a service.");
export type DashboardData = z.output<typeof dashboardSchema>;
