import { anonymous, unlimited } from "keelson";
import { convexStore } from "keelson/convex";
import { components } from "./_generated/api";
import { internalQuery, type QueryCtx } from "./_generated/server";
import { guarded, internalGuarded, kit, storeOptions, tools } from "./keel";
import { operator } from "./lib/authGuards";
import { plain } from "./lib/plain";
import { CACHED_TOOLS, caches, namespaceOf } from "./lib/toolCacheKeys";
import { namespaceStats } from "./lib/toolCacheRows";

/** Knobs of the queue, as the snapshot shows them. */
const TOOL_JOB_KNOBS = [
  "TOOL_JOB_MAX_PER_RUN",
  "TOOL_JOB_LEASE_MS",
  "TOOL_JOB_WAIT_MS",
  "TOOL_JOB_POLL_MS",
  "TOOL_JOB_MAX_ATTEMPTS",
  "TOOL_JOB_RETRY_BASE_MS",
  "TOOL_JOB_TTL_MS",
  "TOOL_JOB_CLAIM_SCAN",
  "TOOL_JOB_RUNMAX_WEB",
  "TOOL_JOB_RUNMAX_PROD",
  "TOOL_JOB_RUNMAX_GLOB",
  "TOOL_JOB_QMAX_WEB",
  "TOOL_JOB_QMAX_PROD",
  "TOOL_JOB_QMAX_GLOB",
  "BULKHEAD_TOOL_JOB_MAX",
  "BULKHEAD_TOOL_JOB_LEASE_MS",
] as const;
const LIMITS = {
  search_web: "TOOL_JOB_QMAX_WEB",
  search_products: "TOOL_JOB_QMAX_PROD",
  search_global: "TOOL_JOB_QMAX_GLOB",
} as const;

/** Everything at once, for operators who are signed in. */
export const getReliabilitySnapshot = guarded.query({
  name: "ops.getReliabilitySnapshot",
  args: {},
  auth: operator,
  limits: unlimited("operators only"),
  handler: ({ ctx }) => snapshot(ctx),
});

/** The same for those who have the deployment's key: `npx convex run ops:snapshotForOperators`. */
export const snapshotForOperators = internalQuery({ args: {}, handler: (ctx) => snapshot(ctx) });

/** Judges the objectives, and tells of alerts that begin or end; a query can only see how they stand. */
export const judgeObjectives = internalGuarded.action({
  name: "ops.judgeObjectives",
  args: {},
  auth: anonymous("only the app's cron calls it"),
  limits: unlimited("once a minute"),
  handler: async ({ ctx }) => {
    const { objectives } = await kit.using(convexStore(ctx, components.keelson, storeOptions)).snapshot();
    const alerts = Object.values(objectives).flatMap((objective) => objective.alerts);
    return { firing: alerts.filter(({ state }) => state === "firing").map(({ id }) => id) };
  },
});

async function snapshot(ctx: QueryCtx) {
  const bound = kit.using(convexStore(ctx, components.keelson, storeOptions));
  const whole = await bound.snapshot();
  const byNamespace = await namespaceStats(ctx.db);
  const stats = await bound.use(tools).stats();
  const byTool = Object.entries(stats);
  const sum = (of: "queued" | "delayed" | "running" | "dead") => byTool.reduce((all, [, one]) => all + one[of], 0);
  return plain({
    ...whole,
    config: {
      toolCacheNamespaces: CACHED_TOOLS.map((tool) => ({
        tool,
        namespace: namespaceOf(tool),
        version: kit.knobs[caches[tool].version],
      })),
      toolJobs: Object.fromEntries(TOOL_JOB_KNOBS.map((name) => [name, kit.knobs[name]])),
    },
    toolCache: { byNamespace },
    toolJobs: {
      queued: sum("queued"),
      delayed: sum("delayed"),
      running: sum("running"),
      dead: sum("dead"),
      oldestQueuedMs: Math.max(0, ...byTool.map(([, { oldestMs }]) => oldestMs)),
      byTool: stats,
      pressureByTool: Object.fromEntries(
        Object.entries(LIMITS).map(([tool, knob]) => {
          const { queued = 0, delayed = 0 } = stats[tool as keyof typeof stats] ?? {};
          return [tool, (queued + delayed) / kit.knobs[knob]];
        }),
      ),
    },
  });
}
