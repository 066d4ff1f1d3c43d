import { z } from "zod";

/**
 * What the dashboard and the comparison read of other commands' artefacts: only that, and tolerantly. Fields they don't
 * know are ignored, and what may be missing may be missing, so that an older or a newer artefact still shows what it has.
 */

const count = z.number().min(0);
const figure = z.number().min(0).nullable();

/** How requests of a drill ended. */
export const OUTCOMES = [
  "success",
  "expected4xx",
  "5xx",
  "network",
  "timeout",
  "unknown",
  "unsent",
  "aborted",
] as const;
export type Outcome = (typeof OUTCOMES)[number];
/** Those that spend the error budget. */
export const BAD_OUTCOMES = ["5xx", "network", "timeout", "unknown"] as const satisfies readonly Outcome[];

const outcomesSource = z.object({
  success: count.default(0),
  expected4xx: count.default(0),
  "5xx": count.default(0),
  network: count.default(0),
  timeout: count.default(0),
  unknown: count.default(0),
  unsent: count.default(0),
  aborted: count.default(0),
});
export type OutcomeCounts = z.output<typeof outcomesSource>;

const latencySource = z.object({
  n: count.default(0),
  p50Ms: figure.default(null),
  p95Ms: figure.default(null),
  p99Ms: figure.default(null),
  maxMs: figure.default(null),
  hdr: z.string().nullable().default(null).describe("HDR histogram of microseconds, V2, compressed, base64."),
});

const drillScenarioSource = z
  .object({
    name: z.string(),
    outcomes: outcomesSource.omit({ unsent: true }).prefault({}),
    unsent: count.default(0),
    latency: latencySource.prefault({}),
  })
  .transform(({ name, outcomes, unsent, latency: { n, p50Ms, p95Ms, p99Ms, maxMs, hdr } }) => ({
    name,
    outcomes: { ...outcomes, unsent },
    response: { count: n, p50: p50Ms, p95: p95Ms, p99: p99Ms, max: maxMs, hdr },
  }));
export type DrillScenario = z.output<typeof drillScenarioSource>;

const burnSource = z.object({ valid: count.default(0), bad: count.default(0), rate: figure.default(null) });

/** Of a `load-drill`. */
export const drillSource = z.object({
  profile: z.string().nullable().default(null),
  scenarios: z
    .array(drillScenarioSource)
    .default([])
    .transform((list) => Object.fromEntries(list.map((scenario) => [scenario.name, scenario]))),
  burn: z.array(z.object({ slo: z.string(), long: burnSource, short: burnSource })).default([]),
});
export type DrillData = z.output<typeof drillSource>;

const experimentSource = z
  .object({
    title: z.string(),
    journal: z
      .object({ status: z.string().default("unknown"), deviated: z.boolean().default(false) })
      .nullable()
      .default(null),
    outcome: z
      .object({
        owner: z.string().nullable().default(null),
        runbook: z.string().nullable().default(null),
        recoveredMs: figure.default(null),
      })
      .prefault({}),
  })
  .transform(({ title, journal, outcome }) => ({
    title,
    status: journal?.status ?? "skipped",
    deviated: journal?.deviated ?? false,
    ...outcome,
  }));

/** Of a `game-day`. */
export const gameDaySource = z.object({ experiments: z.array(experimentSource).default([]) });
export type GameDayData = z.output<typeof gameDaySource>;

const sliSource = z.object({
  windows: z.array(z.object({ sec: z.number().positive(), valid: count, bad: count, coveredSec: count })),
});

/** Of a live snapshot. */
export const snapshotSource = z.object({
  version: z.literal(1),
  service: z.string(),
  bootId: z.string(),
  at: z.number().describe("Unix time in milliseconds."),
  slis: z.object({ endpoints: z.record(z.string(), sliSource), upstreams: z.record(z.string(), sliSource) }),
});
/** The part of a kit's snapshot that the dashboard reads; a whole `Snapshot` fits. */
export type SnapshotPart = z.input<typeof snapshotSource>;
