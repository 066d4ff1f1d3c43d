import { v } from "convex/values";
import { anonymous, KeelsonError, type Use, unlimited } from "keelson";
import { internal } from "./_generated/api";
import { internalGuarded, kit, tools, toolWorkers } from "./keel";
import { called } from "./lib/functionErrors";
import { search } from "./lib/serper";

const AT_ONCE = 500;
/** How soon a worker is woken for another attempt at the soonest. */
const SHORTEST_WAKE_MS = 100;
/** How long it is known who asked for a job. */
const KNOWN_MS = 24 * 60 * 60_000;

const tool = v.union(v.literal("search_web"), v.literal("search_products"), v.literal("search_global"));
const app = { auth: anonymous("only the app and its operators can call it"), limits: unlimited("internal") } as const;

tools.handle({
  search_web: ({ q }, { use, signal }) => search(use, "search", q, signal),
  search_products: ({ q }, { use, signal }) => search(use, "shopping", q, signal),
  /** Both at once; one that can't be had leaves the other. */
  search_global: async ({ q }, { use, signal }) => {
    const [pages, products] = await Promise.allSettled([
      search(use, "search", q, signal),
      search(use, "shopping", q, signal),
    ]);
    if (pages.status === "rejected" && products.status === "rejected") throw pages.reason;
    return {
      pages: pages.status === "fulfilled" ? pages.value : [],
      products: products.status === "fulfilled" ? products.value : [],
      missing: [
        ...(pages.status === "rejected" ? ["search_web"] : []),
        ...(products.status === "rejected" ? ["search_products"] : []),
      ],
    };
  },
});

/** Takes a job in for a user and wakes a worker: both or neither. */
export const enqueue = internalGuarded.mutation({
  ...app,
  name: "toolJobs.enqueue",
  args: { owner: v.string(), tool, q: v.string(), id: v.optional(v.string()) },
  handler: async ({ ctx, use }, { owner, tool: name, q, id }) => {
    const { id: jobId } = await use(tools).enqueue(name, { q }, id === undefined ? {} : { id });
    await ctx.db.insert("toolJobs", { owner, jobId, tool: name, at: Date.now() });
    await ctx.scheduler.runAfter(0, internal.toolJobs.processQueue, {});
    return jobId;
  },
});

/** Gives jobs to a worker outside of Convex: see `complete` and `fail`. */
export const claimNext = internalGuarded.action({
  ...app,
  name: "toolJobs.claimNext",
  args: { tool: v.optional(tool) },
  handler: async ({ use }, { tool: only }) => {
    const [job] = await use(tools).claim({ max: 1, ...(only !== undefined && { tools: [only] }) });
    return job === undefined ? null : { id: job.id, fence: job.fence, tool: job.tool, input: job.input };
  },
});

const held = { id: v.string(), fence: v.number(), tool };

/** Ends a job that was claimed by hand. `lost`: its lease has passed to somebody else. */
export const complete = internalGuarded.action({
  ...app,
  name: "toolJobs.complete",
  args: { ...held, result: v.string() },
  handler: ({ use }, { result, ...job }) => use(tools).complete(job as never, parsed(result) as never),
});

/** Ends an attempt that was claimed by hand. */
export const fail = internalGuarded.action({
  ...app,
  name: "toolJobs.fail",
  args: { ...held, error: v.string() },
  handler: ({ use }, { error, ...job }) => use(tools).fail(job as never, new Error(error)),
});

/** Ends a job that waits, and asks the worker of one that runs to stop. */
export const cancel = internalGuarded.mutation({
  ...app,
  name: "toolJobs.cancel",
  args: { id: v.string() },
  handler: ({ use }, { id }) => use(tools).cancel(id),
});

/** Runs what is due; one of a few workers at a time. Jobs that are left over wake the next. */
export const processQueue = internalGuarded.action({
  ...app,
  name: "toolJobs.processQueue",
  args: {},
  handler: async ({ ctx, use }): Promise<{ ran: number; removed: number }> => {
    try {
      const report = await use(toolWorkers).run(() => use(tools).processQueue({}));
      const { queued, delayed } = await left(use);
      if (report.ran >= 1 && queued > 0) await ctx.scheduler.runAfter(0, internal.toolJobs.processQueue, {});
      // Nobody is told when another attempt falls due: a worker looks now and then while any is to come.
      if (delayed > 0) await called(ctx.runMutation(internal.toolJobs.wakeLater, {}));
      return report;
    } catch (error) {
      // As many workers as may be are at it: they see to what is there.
      if (error instanceof KeelsonError && error.code === "upstream_bulkhead_full") return { ran: 0, removed: 0 };
      // It could not be told whether it may: the next one will see to it, and no later than whoever waits.
      await called(ctx.runMutation(internal.toolJobs.wakeLater, {}));
      throw error;
    }
  },
});

/** Wakes a worker once the next attempt of some job may be due, unless one is to be woken by then already. */
export const wakeLater = internalGuarded.mutation({
  ...app,
  name: "toolJobs.wakeLater",
  args: {},
  handler: async ({ ctx }): Promise<boolean> => {
    const inMs = Math.max(SHORTEST_WAKE_MS, kit.knobs.TOOL_JOB_RETRY_BASE_MS);
    const now = Date.now();
    const row = await ctx.db.query("toolWakes").first();
    if (row !== null && row.at > now) return false;
    if (row === null) await ctx.db.insert("toolWakes", { at: now + inMs });
    else await ctx.db.patch(row._id, { at: now + inMs });
    await ctx.scheduler.runAfter(inMs, internal.toolJobs.processQueue, {});
    return true;
  },
});

/** Forgets who asked for jobs that are long over. (The jobs themselves go by the component's cron.) */
export const cleanupExpired = internalGuarded.mutation({
  ...app,
  name: "toolJobs.cleanupExpired",
  args: {},
  handler: async ({ ctx }): Promise<{ removed: number }> => {
    const old = await ctx.db
      .query("toolJobs")
      .withIndex("by_at", (q) => q.lt("at", Date.now() - KNOWN_MS))
      .take(AT_ONCE);
    for (const { _id } of old) await ctx.db.delete(_id);
    if (old.length === AT_ONCE) await ctx.scheduler.runAfter(0, internal.toolJobs.cleanupExpired, {});
    return { removed: old.length };
  },
});

/** Jobs that nobody runs yet. */
async function left(use: Use<"act">): Promise<{ queued: number; delayed: number }> {
  const all = Object.values(await use(tools).stats());
  const sum = (of: "queued" | "delayed") => all.reduce((so, one) => so + one[of], 0);
  return { queued: sum("queued"), delayed: sum("delayed") };
}

/** @throws {KeelsonError} `validation` */
function parsed(result: string): unknown {
  try {
    return JSON.parse(result);
  } catch (cause) {
    throw new KeelsonError("validation", undefined, { detail: "result is no JSON", cause });
  }
}
