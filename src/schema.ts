import { z } from "zod";
import { LEVERS } from "./core/levers.js";

const count = z.int().min(0);
const ms = z.number().min(0);
const name = z.string();

const processUsage = z.object({
  uptimeMs: ms.describe("Since the process began; its kit may be younger."),
  rssBytes: count.describe("Memory that it has of the machine: its resident set."),
  heapUsedBytes: count,
  heapLimitBytes: count.nullable().describe("What the heap may grow to; null where that isn't known."),
  cpuSec: z.number().min(0).describe("Processor time of all its threads since it began."),
  cpuShare: z
    .number()
    .min(0)
    .nullable()
    .describe("Processors that it kept busy lately: 0.5 is half of one; null while there is nothing to tell from."),
  loopDelay: z
    .object({ p50Ms: ms, p99Ms: ms, maxMs: ms })
    .nullable()
    .describe("How late the event loop was lately; null while nothing was measured."),
  recentSec: z.number().min(0).describe('How long "lately" is.'),
});

const store = z.object({
  kind: z.string().describe("memory, redis, …"),
  cells: count.nullable().describe("Held now; null where the store can't say."),
  capacity: count.nullable().describe("Held at most; null where there is no such bound."),
});

const limiter = z.object({
  algorithm: z.string(),
  limit: count,
  windowMs: ms,
  burst: count,
  allowed: count,
  denied: count,
  degraded: z.object({ open: count, closed: count, local: count }),
  topDenied: z
    .array(
      z.object({
        hash: z.string().describe("In place of the key: another one in another process and after a restart."),
        atLeast: count,
        atMost: count,
      }),
    )
    .describe("The keys that this process denied most in the last five to ten minutes."),
});

const breaker = z.object({
  state: z.enum(["closed", "open", "half-open", "isolated", "disabled", "metrics-only"]),
  generation: count,
  calls: count,
  failures: count,
  slow: count,
  probing: count,
  rejected: count,
  stale: count,
  fleet: z
    .object({ open: z.boolean(), nodes: count, probing: z.boolean(), storeFailures: count })
    .nullable()
    .describe("What it knows of other processes' circuits; null where it acts for itself."),
  retryAfterMs: ms.describe("Until a rejected call may try again; 0 where calls are let through."),
  config: z.object({
    failureRate: z.number().nullable(),
    slowRate: z.number().nullable(),
    minimumCalls: z.number().nullable(),
    windowMs: z.number().nullable(),
    windowCalls: z.number().nullable(),
    slowOverMs: z.number().nullable(),
    openForMs: z.number().nullable(),
    maxOpenForMs: z.number().nullable(),
    jitter: z.number().nullable(),
    halfOpenCalls: z.number().nullable(),
    halfOpenMaxWaitMs: z.number().nullable(),
  }),
});

const bulkhead = z.object({
  limit: z.number().min(0),
  running: count,
  queued: count,
  maxQueue: count,
  rejected: count,
  closed: z.boolean(),
});

const upstream = z.object({
  running: count,
  successes: count,
  failures: count,
  ignored: count,
  cancelled: count,
  rejected: count,
  retries: count,
  hedges: count,
  timeouts: count,
  fallbacks: count,
  budget: z
    .object({
      ratio: z.number().min(0),
      minimum: z.number().min(0),
      windowMs: ms,
      calls: count,
      retries: count,
      refused: count,
    })
    .nullable(),
  breaker: breaker.nullable(),
  bulkhead: bulkhead.nullable(),
  config: z.object({
    timeoutMs: ms.nullable(),
    attemptTimeoutMs: ms.nullable(),
    attempts: count,
    hedgeDelayMs: ms.nullable(),
  }),
});

const sharedBulkhead = z.object({
  limit: count.describe("In all processes together, for each key."),
  running: count.describe("Calls of this process that run in slots."),
  degraded: count.describe("Calls of this process that run without one, for the store failed."),
  queued: count,
  rejected: count,
  lost: count,
  storeFailures: count,
});

const cache = z.object({
  entries: count,
  capacity: count,
  version: z.string(),
  hits: count,
  staleHits: count,
  misses: count,
  loads: count,
  failures: count,
  dropped: count,
  cleared: count,
  loading: count,
  tier2: z
    .object({
      hits: count,
      misses: count,
      waits: count.describe("Reads that waited for another process's load."),
      refused: count.describe("Loads whose value was not kept, for it was changed meanwhile."),
      failures: count,
      cooling: z.boolean(),
      hearing: z.boolean(),
      epoch: count,
    })
    .nullable()
    .describe("Null where values are held in this process alone."),
});

const idempotency = z.object({
  first: count,
  replayed: count,
  inFlight: count,
  mismatch: count,
  unknown: count,
  lost: count,
  failed: count,
});

const replayGuard = z.object({ first: count, duplicate: count, inFlight: count, lost: count, failed: count });

const spread = z.object({ count, p50: ms.nullable(), p95: ms.nullable(), p99: ms.nullable() });
const ends = <T extends z.ZodType>(each: T) =>
  z.object({ succeeded: each, failed: each, dead: each, expired: each, cancelled: each });

const queue = z.object({
  workers: count.describe("Of this process."),
  running: count.describe("In this process."),
  statsAgeMs: ms.nullable().describe("How old what the store said is; null where it has said nothing yet."),
  statsFailure: z.string().nullable().describe("Why the store could not say the last time it was asked."),
  byTool: z.record(
    name,
    z.object({
      stats: z
        .object({
          queued: count,
          delayed: count,
          running: count,
          paused: z.boolean(),
          oldestMs: ms,
          ended: ends(count),
          dead: count.describe("Dead jobs that are still kept."),
        })
        .nullable()
        .describe("In all processes, as the store last said."),
      here: z
        .object({
          enqueued: count,
          duplicates: count,
          saturated: count,
          started: count,
          succeeded: count,
          retried: count,
          failed: count,
          dead: count,
          released: count,
          lost: count,
          wait: spread.describe("Milliseconds from when it was due until it began."),
          run: spread.describe("Milliseconds from when it began until it ended."),
          config: z.object({
            maxRunning: count,
            maxQueued: count,
            attempts: count,
            retryBaseMs: ms,
            retryCapMs: ms,
            timeoutMs: ms,
          }),
        })
        .nullable()
        .describe("What this process did; null for kinds of job that are not defined here."),
    }),
  ),
  pressureByTool: z
    .record(name, z.number().min(0))
    .describe("Queued and delayed jobs as a part of maxQueued: 1 is full."),
  config: z.object({
    leaseMs: ms,
    ttlMs: ms,
    pollMs: ms,
    concurrency: count,
    maxPerRun: count,
    claimScan: count,
    retentionMs: ends(ms),
  }),
});

const byPriority = <T extends z.ZodType>(each: T) => z.object({ critical: each, high: each, normal: each, low: each });

const overload = z.object({
  adaptive: z.boolean().describe("Without options it only sheds what it is told to."),
  overloaded: z.boolean().describe("Whether the event loop has been late for too long."),
  limit: count.nullable().describe("Calls that may be under way; null where nothing limits them."),
  inFlight: count,
  admits: byPriority(z.number().min(0).max(1)).describe("Which part of each priority gets through."),
  shedBelow: z
    .enum(["critical", "high", "normal", "low"])
    .nullable()
    .describe("Everything below this priority is being shed by hand; null: nothing is."),
  loopDelayMs: ms.nullable().describe("How late the event loop was; null where nothing measures it."),
  latencyRatio: z.number().min(0).describe("How long calls take, as a multiple of what is usual for them."),
  admitted: count,
  shed: byPriority(count),
  reasons: z.object({ loop: count, limit: count, priority: count, manual: count }),
  config: z
    .object({
      targetDelayMs: ms,
      intervalMs: ms,
      minLimit: count,
      initialLimit: count,
      maxLimit: count,
      tolerance: z.number().min(1),
      retryAfterMs: ms,
    })
    .nullable(),
});

const sli = z.object({
  windows: z.array(
    z.object({
      sec: count,
      valid: count.describe("Calls that count: successes and bad ones."),
      bad: count,
      coveredSec: count.describe("Seconds of the window that were watched at all."),
      p50: ms.nullable().describe("Milliseconds; null without a valid call."),
      p95: ms.nullable(),
      p99: ms.nullable(),
    }),
  ),
});

const objective = z.object({
  objective: z.number().describe("Share of good calls that is promised."),
  owner: z.string(),
  runbook: z.string(),
  withinMs: ms.nullable().describe("For an objective of latency: what took longer is bad. Otherwise null."),
  view: z.enum(["process", "service"]).describe("Whose calls are judged."),
  storeFailure: z.string().nullable().describe("Why it is this process's view where it should be the service's."),
  budgetLeft: z.number().nullable().describe("Share of the error budget that is left; below 0 it is overspent."),
  budgetCoveredSec: count.describe("Seconds of the budget's 30 days that are known."),
  burnRates: z.array(
    z.object({
      sec: count,
      burnRate: z.number().min(0).nullable().describe("1 spends the budget in exactly its period."),
      valid: count,
      bad: count,
      coveredSec: count,
    }),
  ),
  alerts: z.array(
    z.object({
      id: z.string(),
      severity: z.enum(["page", "ticket"]),
      longSec: count,
      shortSec: count,
      threshold: z.number().min(0).describe("Burn rate that both windows have to exceed."),
      callsNeeded: count.describe("Calls that the long window needs before it may fire."),
      state: z.enum(["ok", "firing", "inconclusive"]),
      partial: z.boolean().describe("Less than 80 % of the long window was watched."),
      since: z.number().nullable().describe("When it began to fire, or that was over, Unix milliseconds."),
    }),
  ),
});

const surface = z.object({
  kind: z.enum(["http", "function"]),
  name,
  method: z.string().exactOptional(),
  path: z.string().exactOptional(),
  auth: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("declared"), by: z.string().exactOptional() }),
    z.object({ kind: z.literal("anonymous"), why: z.string() }),
  ]),
  limits: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("limited"), by: z.array(z.object({ limiter: name, key: z.string() })) }),
    z.object({ kind: z.literal("unlimited"), why: z.string() }),
  ]),
  validates: z.array(z.string()),
  maxBytes: count.exactOptional(),
  maxDepth: count.exactOptional(),
  maxQueryBytes: count.exactOptional(),
  contentTypes: z.array(z.string()).exactOptional(),
  origins: z.array(z.string()).exactOptional(),
  signature: z.string().exactOptional(),
  idempotency: z.enum(["required", "optional"]).exactOptional(),
  replay: z.string().exactOptional(),
});

const act = z.object({ by: z.string(), reason: z.string(), at: z.number().describe("Unix milliseconds.") });

const leverEntry = act.extend({
  id: z.string(),
  lever: z.enum(LEVERS),
  target: name,
  args: z.record(name, z.union([z.string(), z.number()])),
  expiresAt: z.number().nullable().describe("When it ends by itself, Unix milliseconds; null: it acts once."),
  released: act.exactOptional(),
  superseded: act.exactOptional(),
  count: z.number().exactOptional().describe("How many things it was done to."),
});

/**
 * What `kit.snapshot()` answers, to check one that came over a wire. Fields it doesn't know are dropped, for a newer
 * service may send some.
 */
export const snapshotSchema = z
  .object({
    version: z.literal(1),
    service: z.string(),
    bootId: z.string().describe("Random; another one means that the service was started again."),
    at: z.number().describe("Unix time in milliseconds."),
    uptimeMs: ms,
    // A service of before there was such a thing sends none.
    process: processUsage
      .nullable()
      .default(null)
      .describe("What the process uses; null where nothing measures it, or there is no process to speak of."),
    store,
    knobs: z
      .record(name, z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .describe('Values in effect; those of secrets read "[secret]".'),
    limiters: z.record(name, limiter),
    upstreams: z.record(name, upstream),
    breakers: z.record(name, breaker),
    bulkheads: z.record(name, bulkhead),
    sharedBulkheads: z.record(name, sharedBulkhead),
    caches: z.record(name, cache),
    idempotency: z.record(name, idempotency),
    replayGuards: z.record(name, replayGuard),
    queues: z.record(name, queue),
    overload: overload.nullable().describe("The guard at the front door."),
    slis: z.object({ endpoints: z.record(name, sli), upstreams: z.record(name, sli) }),
    objectives: z.record(name, objective),
    levers: z.array(leverEntry).describe("What operators have set and is in effect, as far as this process knows."),
    surface: z.array(surface),
  })
  .describe("Everything a Keelson kit knows about itself.");
