import { z } from "zod";
import { OUTCOMES } from "./outcome.js";

const count = z.int().min(0);
const ms = z.number().min(0).nullable();

const outcomes = z.object({
  success: count,
  expected4xx: count.describe("Turned away as allowed: neither good nor bad."),
  "5xx": count,
  network: count,
  timeout: count,
  unknown: count.describe("None of the others: a 200 where 401 was required, say."),
  aborted: count.describe("Cut off by the end of the run; excluded."),
});

const latency = z.object({
  n: count,
  meanMs: ms,
  p50Ms: ms,
  p75Ms: ms,
  p90Ms: ms,
  p95Ms: ms,
  p99Ms: ms,
  maxMs: ms,
  censored: count.describe("Ended at their time-out, and would have taken longer."),
  clamped: count.describe("Above an hour, counted as an hour."),
  hdr: z
    .string()
    .nullable()
    .describe("HDR V2 histogram, base64: microseconds, three digits. To be merged, never averaged."),
});

const column = z.array(count);
const msColumn = z.array(ms);
const series = z
  .object({
    everySec: z.number().positive(),
    success: column,
    expected4xx: column,
    "5xx": column,
    network: column,
    timeout: column,
    unknown: column,
    p50Ms: msColumn,
    p95Ms: msColumn,
    p99Ms: msColumn,
  })
  .describe("Over time since the start, by when requests ended; a row is everySec long. Warm-ups are empty.");

const basis = z
  .enum(["response", "service"])
  .describe("response: since a request was due. service: since it was sent, of clients that wait for their answers.");

const stage = z.object({
  name: z.string(),
  kind: z.enum(["open", "closed"]),
  fromSec: z.number().min(0),
  toSec: z.number().min(0),
  rate: z.tuple([z.number(), z.number()]).nullable().describe("Arrivals a second, at its beginning and at its end."),
  concurrency: count.nullable(),
  recorded: z.boolean(),
  judged: z.boolean(),
  basis,
  due: count.describe("Arrivals that were due."),
  unsent: count.describe("Those of them that were not sent by its end."),
  outcomes,
  goodPerSec: z.number().min(0),
  p50Ms: ms,
  p95Ms: ms,
  p99Ms: ms,
});

const scenario = z.object({
  name: z.string().describe("With @ and the target, where it went to several."),
  scenario: z.string(),
  target: z.string(),
  title: z.string().nullable(),
  critical: z.boolean(),
  share: z.number().min(0).max(1).describe("Of the arrivals."),
  outcomes,
  valid: count.describe("Good and bad ones."),
  bad: count,
  unsent: count,
  basis,
  latency: latency.describe("What SLOs are judged by."),
  service: latency.describe("Without the time that requests waited to be sent."),
  reasons: z.array(z.object({ outcome: z.enum(OUTCOMES), reason: z.string(), count })),
  series,
});

const window = z.object({
  sec: z.number().min(0),
  valid: count,
  bad: count,
  rate: z.number().nullable().describe("Share of bad ones over the share that the objective allows."),
});

/** The data of `load-drill-<profile>-<timestamp>.json`. Scenarios' figures are of the judged stages, series of all. */
export const drillDataSchema = z.object({
  profile: z.string(),
  scale: z.object({ time: z.number(), rate: z.number() }),
  seed: count,
  durationSec: z.number().min(0),
  basis,
  stages: z.array(stage),
  scenarios: z.array(scenario),
  series,
  burn: z.array(
    z.object({
      slo: z.string(),
      objective: z.number(),
      long: window.describe("The judged stages."),
      short: window.describe("The last twelfth of them."),
    }),
  ),
  recovery: z.array(
    z.object({ after: z.string(), beforeP95Ms: ms, p95Ms: ms, n: count, withinSec: z.number(), ratio: z.number() }),
  ),
  trend: z
    .object({
      everySec: z.number(),
      p95Ms: msColumn,
      memoryBytes: z.array(z.number().nullable()),
      p95GrowthMs: z.number().nullable().describe("Theil–Sen slope times the length of the judged stages."),
      memoryGrowthBytes: z.number().nullable(),
    })
    .nullable(),
  generator: z.object({
    threads: count,
    saturated: z.boolean(),
    reasons: z.array(z.string()),
    due: count,
    unsentShare: z.number().min(0).max(1),
    targetRps: z.number().min(0).describe("Of the recorded open stages."),
    achievedRps: z.number().min(0),
    loopDelayP99Ms: z.number().min(0),
    loopDelayMaxMs: z.number().min(0),
    cpuSec: z.number().min(0),
    cpuUsPerRequest: z.number().min(0).nullable(),
    rssBytes: count.describe("The most that was seen."),
  }),
});
export type DrillData = z.infer<typeof drillDataSchema>;
