import { mutationGeneric } from "convex/server";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { loaded, type Modules } from "../serve/deployment.js";
import { eventsOf, type Fresh, harness, refusal } from "./harness.js";

const app = harness({ TOOL_JOB_QMAX_WEB: "2", TOOL_JOB_LEASE_MS: "1000", TOOL_JOB_RETRY_BASE_MS: "1" });

const WEB = { owner: "ada", tool: "search_web", q: "keels" } as const;

/** Time passes for the deployment. */
function later(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  onTestFinished(() => void vi.useRealTimers());
}

/** What is in the component's tables. */
async function component({ t }: Fresh, table: string): Promise<number> {
  const { toolJobs } = await t.withIdentity({ subject: "olga" }).query(api.ops.getReliabilitySnapshot, {});
  const stats = toolJobs.byTool as Record<string, { ended: Record<string, number>; queued: number }>;
  return Object.values(stats).reduce(
    (sum, one) => sum + (table === "queued" ? one.queued : (one.ended[table] ?? 0)),
    0,
  );
}

/** The component, with every mutation of its queue noted. */
function counted(modules: Modules, writes: string[]): Modules {
  const jobs = async () => {
    const real = (await modules["./jobs.ts"]?.()) as Record<string, Registered>;
    const noted = Object.entries(real).map(([name, fn]) => {
      const handler = (ctx: unknown, args: unknown) => {
        writes.push(name);
        return fn._handler(ctx, args);
      };
      return [name, fn.isMutation ? mutationGeneric({ handler: handler as never }) : fn] as const;
    });
    return Object.fromEntries(noted);
  };
  return { ...modules, "./jobs.ts": jobs };
}

/** What of a component's function is called here. */
interface Registered {
  readonly isMutation?: boolean;
  _handler(ctx: unknown, args: unknown): Promise<unknown>;
}

describe("the tools' cache", () => {
  it("answers a turn that asks the same with no search, and no write of the queue", async () => {
    const writes: string[] = [];
    const fresh = await app.fresh({}, (modules) => counted(modules, writes));
    await (await fresh.chat("ada", { message: "a keel" })).text();
    await fresh.settled();
    expect(writes).toEqual(expect.arrayContaining(["enqueue", "claim", "finish"]));
    writes.length = 0;
    const before = app.standIns.serper.counts().requests;
    const events = await eventsOf(await fresh.chat("bob", { message: "A  KEEL" }));
    await fresh.settled();
    expect(events.at(-1)).toMatchObject({ event: "done", data: { sources: [{}, {}, {}] } });
    expect([app.standIns.serper.counts().requests, writes]).toEqual([before, []]);
    expect(await fresh.rows("toolJobs")).toHaveLength(1);
  });

  it("is told to operators by namespace, and cleared for all at once", async () => {
    const fresh = await app.fresh();
    const { t } = fresh;
    const value = JSON.stringify([{ title: "Keel", link: "https://shop.example/keel" }]);
    await t.mutation(internal.toolCache.set, { tool: "search_web", q: "Keels", value });
    expect(await t.query(internal.toolCache.get, { tool: "search_web", q: "keels " })).toEqual(JSON.parse(value));
    expect(await t.query(internal.toolCache.listNamespaceStats, {})).toMatchObject([
      { namespace: "search_web_v1", current: true, entries: 1, fresh: 1, bytes: value.length },
      { namespace: "search_products_v1", current: true, entries: 0 },
    ]);
    expect(await t.mutation(internal.toolCache.clearNamespace, { tool: "search_web" })).toEqual({ removed: 1 });
    expect(await t.query(internal.toolCache.get, { tool: "search_web", q: "keels" })).toBeNull();
  });

  it("keeps nothing of a search that was cleared while it was under way", async () => {
    const { t, chat } = await app.fresh();
    app.standIns.serper.inject({ kind: "latency", delay: "150ms", next: 1 });
    onTestFinished(() => app.standIns.serper.clear());
    const before = app.standIns.serper.counts().requests;
    const turn = chat("ada", { message: "a mast" }).then((response) => response.text());
    await vi.waitFor(() => expect(app.standIns.serper.counts().requests).toBe(before + 1));
    await t.mutation(internal.toolCache.clearNamespace, { tool: "search_web" });
    await turn;
    expect(await t.query(internal.toolCache.get, { tool: "search_web", q: "a mast" })).toBeNull();
  });

  it("hands out nothing of a version that was changed while a search was under way", async () => {
    const { t, chat } = await app.fresh();
    const { kit } = await loaded<typeof import("../convex/keel")>(app.modules, "keel");
    app.standIns.serper.inject({ kind: "latency", delay: "150ms", next: 1 });
    onTestFinished(() => {
      app.standIns.serper.clear();
      kit.knobSet.clear("TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION");
    });
    const before = app.standIns.serper.counts().requests;
    const turn = chat("ada", { message: "a rudder" }).then((response) => response.text());
    await vi.waitFor(() => expect(app.standIns.serper.counts().requests).toBe(before + 1));
    kit.knobSet.set("TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION", "v2");
    expect(await turn).toContain("event: done");
    expect(await t.query(internal.toolCache.get, { tool: "search_web", q: "a rudder" })).toBeNull();
    await (await chat("ada", { message: "a rudder" })).text();
    expect(app.standIns.serper.counts().requests).toBe(before + 2);
    const stats = await t.query(internal.toolCache.listNamespaceStats, {});
    expect(stats.map(({ namespace, current, entries }) => [namespace, current, entries])).toEqual([
      ["search_web_v2", true, 1],
      ["search_products_v1", true, 0],
    ]);
    kit.knobSet.clear("TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION");
    expect((await t.query(internal.toolCache.listNamespaceStats, {})).at(-1)).toMatchObject({
      namespace: "search_web_v2",
      current: false,
      entries: 1,
    });
  });

  it("forgets what has expired", async () => {
    const { t } = await app.fresh();
    await t.mutation(internal.toolCache.set, { tool: "search_products", q: "keels", value: "[]" });
    later(11 * 60_000);
    expect(await t.query(internal.toolCache.get, { tool: "search_products", q: "keels" })).toBeNull();
    expect(await t.mutation(internal.toolCache.cleanupExpired, {})).toEqual({ removed: 1 });
  });

  it("goes on with forgetting until nothing is left, a batch at a time", async () => {
    const fresh = await app.fresh();
    const put = (count: number, namespace: string) =>
      fresh.t.run(async ({ db }) => {
        for (let n = 0; n < count; n++) {
          const row = { namespace, key: `${n}`, value: "[]", bytes: 2, notedAt: 1, expiresAt: 1 };
          await db.insert("toolResultCache" as never, row as never);
        }
      });
    await put(1_100, "search_web_v1");
    expect(await fresh.t.mutation(internal.toolCache.cleanupExpired, {})).toEqual({ removed: 500 });
    for (let n = 0; n < 3; n++) await fresh.settled();
    expect(await fresh.rows("toolResultCache")).toEqual([]);
    await put(600, "search_products_v1");
    await put(1, "search_web_v1");
    const cleared = await fresh.t.mutation(internal.toolCache.clearNamespace, { tool: "search_products" });
    expect(cleared).toEqual({ removed: 500 });
    for (let n = 0; n < 2; n++) await fresh.settled();
    expect(await fresh.rows("toolResultCache")).toMatchObject([{ namespace: "search_web_v1" }]);
  });

  it("refuses a value that is none", async () => {
    const { t } = await app.fresh();
    const set = t.mutation(internal.toolCache.set, { tool: "search_web", q: "keels", value: '{"no":"list"}' });
    expect((await refusal(set)).code).toBe("validation");
  });
});

describe("the tools' queue", () => {
  it("refuses a job that is too many for its tool, and takes others in", async () => {
    const { t } = await app.fresh();
    for (const q of ["a", "b"]) await t.mutation(internal.toolJobs.enqueue, { ...WEB, q });
    expect((await refusal(t.mutation(internal.toolJobs.enqueue, { ...WEB, q: "c" }))).code).toBe("queue_saturated");
    await t.mutation(internal.toolJobs.enqueue, { ...WEB, tool: "search_products" });
    await t.finishInProgressScheduledFunctions();
  });

  it("runs a job again whose worker died, and takes no result from the dead one", async () => {
    const { t } = await app.fresh();
    await t.mutation(internal.toolJobs.enqueue, WEB);
    const first = await t.action(internal.toolJobs.claimNext, { tool: "search_web" });
    expect(first).toMatchObject({ tool: "search_web", input: { q: "keels" } });
    later(1_500);
    const second = await t.action(internal.toolJobs.claimNext, {});
    expect(second?.id).toBe(first?.id);
    const done = (job: typeof first, result: string) =>
      t.action(internal.toolJobs.complete, {
        id: job?.id ?? "",
        fence: job?.fence ?? 0,
        tool: "search_web",
        result,
      });
    expect(await done(first, "[]")).toBe("lost");
    expect(await done(second, '[{"title":"Keel","link":"https://shop.example"}]')).toBe("kept");
  });

  it("tries a job again that has failed, and gives up after three attempts", async () => {
    const fresh = await app.fresh();
    const { t } = fresh;
    await t.mutation(internal.toolJobs.enqueue, WEB);
    const told: unknown[] = [];
    for (let n = 1; n <= 3; n++) {
      const job = await t.action(internal.toolJobs.claimNext, {});
      const { id = "", fence = 0 } = job ?? {};
      told.push(await t.action(internal.toolJobs.fail, { id, fence, tool: "search_web", error: "no luck" }));
      later(1_000);
    }
    expect([told, await t.action(internal.toolJobs.claimNext, {}), await component(fresh, "dead")]).toEqual([
      ["kept", "kept", "kept"],
      null,
      1,
    ]);
  });

  it("lets no more workers run than may, and leaves the rest to them", async () => {
    const fresh = await app.fresh();
    app.standIns.serper.inject({ kind: "latency", delay: "100ms" });
    onTestFinished(() => app.standIns.serper.clear());
    for (const tool of ["search_web", "search_products", "search_global"] as const)
      await fresh.t.mutation(internal.toolJobs.enqueue, { ...WEB, tool });
    const reports = await Promise.all(
      Array.from({ length: 6 }, () => fresh.t.action(internal.toolJobs.processQueue, {})),
    );
    await fresh.settled();
    expect(reports.reduce((sum, { ran }) => sum + ran, 0)).toBeLessThanOrEqual(3);
    expect(await component(fresh, "succeeded")).toBe(3);
  });

  it("forgets after a day who asked", async () => {
    const { t, rows } = await app.fresh();
    await t.mutation(internal.toolJobs.enqueue, WEB);
    await t.finishInProgressScheduledFunctions();
    later(25 * 3_600_000);
    expect(await t.mutation(internal.toolJobs.cleanupExpired, {})).toEqual({ removed: 1 });
    expect(await rows("toolJobs")).toEqual([]);
  });
});

describe("the app's crons", () => {
  it("name functions that there are, hourly where the tables are cleaned", async () => {
    const { default: crons } = await loaded<{ default: { export(): string } }>(app.modules, "crons");
    const exported = JSON.parse(crons.export()) as Record<string, { name: string; schedule: Record<string, unknown> }>;
    expect(Object.keys(exported)).toEqual(expect.arrayContaining(["cleanup-tool-cache", "cleanup-tool-jobs"]));
    const jobs = Object.values(exported);
    expect(jobs.map(({ name, schedule }) => [name, schedule.hours ?? schedule.minutes])).toEqual([
      ["toolCache:cleanupExpired", 1],
      ["toolJobs:cleanupExpired", 1],
      ["ops:judgeObjectives", 1],
      ["toolJobs:processQueue", 1],
      ["streamSessions:sweep", 1],
    ]);
    for (const { name } of jobs) {
      const [module = "", fn = ""] = name.split(":");
      expect(Object.keys(await loaded<object>(app.modules, module))).toContain(fn);
    }
  });
});
