import { snapshotSchema } from "keelson/schema";
import { describe, expect, it } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { loaded } from "../serve/deployment.js";
import { eventsOf, harness } from "./harness.js";

const app = harness();

/** Every knob that the reliability roadmap names for the app, with its default (the README says why). */
const KNOBS: Readonly<Record<string, unknown>> = {
  RATE_LIMIT_WA_LINK_CODE_MAX: 5,
  RATE_LIMIT_WA_LINK_CODE_WINDOW_MS: 600_000,
  TOOL_CACHE_WEB_SEARCH_TTL_MS: 300_000,
  TOOL_CACHE_PRODUCT_SEARCH_TTL_MS: 600_000,
  TOOL_CACHE_WEB_SEARCH_NAMESPACE_VERSION: "v1",
  TOOL_CACHE_PRODUCTS_NS_VER: "v1",
  TOOL_JOB_MAX_PER_RUN: 25,
  TOOL_JOB_LEASE_MS: 30_000,
  TOOL_JOB_WAIT_MS: 15_000,
  TOOL_JOB_POLL_MS: 250,
  TOOL_JOB_MAX_ATTEMPTS: 3,
  TOOL_JOB_RETRY_BASE_MS: 500,
  TOOL_JOB_TTL_MS: 120_000,
  BULKHEAD_TOOL_JOB_MAX: 4,
  BULKHEAD_TOOL_JOB_LEASE_MS: 15_000,
  TOOL_JOB_CLAIM_SCAN: 100,
  TOOL_JOB_RUNMAX_WEB: 8,
  TOOL_JOB_RUNMAX_PROD: 8,
  TOOL_JOB_RUNMAX_GLOB: 4,
  TOOL_JOB_QMAX_WEB: 100,
  TOOL_JOB_QMAX_PROD: 100,
  TOOL_JOB_QMAX_GLOB: 50,
};

describe("ops:getReliabilitySnapshot", () => {
  it("is a snapshot as the release gate wants it, with the app's own blocks beside", async () => {
    const { t, chat } = await app.fresh();
    const begun = Date.now();
    expect((await eventsOf(await chat("ada", { message: "a keel" }))).at(-1)?.event).toBe("done");
    const snapshot = await t.withIdentity({ subject: "olga" }).query(api.ops.getReliabilitySnapshot, {});
    const parsed = snapshotSchema.parse(snapshot);
    expect(parsed).toMatchObject({ version: 1, service: "shop-assistant", store: { kind: "convex" } });
    expect([parsed.at >= begun, parsed.uptimeMs >= 0 && parsed.uptimeMs < 3_600_000]).toEqual([true, true]);
    // What this call could not have seen itself: the store has counted it.
    expect(parsed.slis.endpoints.chat?.windows[0]).toMatchObject({ valid: 1, bad: 0 });
    expect(parsed.slis.upstreams.serper?.windows[0]).toMatchObject({ valid: 1, bad: 0 });
    expect(parsed.upstreams.openrouter?.breaker).toMatchObject({ state: "closed", calls: 2 });
    expect(parsed.queues.tools?.byTool.search_web?.stats).toMatchObject({ queued: 0, ended: { succeeded: 1 } });
    expect(parsed.surface.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["chat", "gmail-push", "gmail-auth-callback", "whatsapp", "whatsapp-verification"]),
    );
    expect(Object.keys(snapshot)).toEqual(expect.arrayContaining(["config", "toolCache", "toolJobs"]));
    expect(snapshot.toolJobs).toMatchObject({ queued: 0, running: 0, dead: 0, oldestQueuedMs: 0 });
    expect(snapshot.toolJobs.pressureByTool).toEqual({ search_web: 0, search_products: 0, search_global: 0 });
    expect(snapshot.toolCache.byNamespace[0]).toMatchObject({ namespace: "search_web_v1", current: true, entries: 1 });
    expect(snapshot.config.toolJobs).toMatchObject({ TOOL_JOB_MAX_PER_RUN: 25, BULKHEAD_TOOL_JOB_LEASE_MS: 15_000 });
  });

  it("is the same for those who have the deployment's key, and tells nobody a secret", async () => {
    const { t } = await app.fresh();
    const told = await t.query(internal.ops.snapshotForOperators, {});
    expect(snapshotSchema.safeParse(told).error?.issues ?? []).toEqual([]);
    const text = JSON.stringify(told);
    for (const [name, value] of Object.entries(app.standIns.env))
      if (/SECRET|TOKEN|KEY|DSN/.test(name)) expect([name, text.includes(value)]).toEqual([name, false]);
  });

  it("tells how old and how full the queue is", async () => {
    const { t } = await app.fresh();
    await t.mutation(internal.toolJobs.enqueue, { owner: "ada", tool: "search_global", q: "keels" });
    const { toolJobs } = await t.query(internal.ops.snapshotForOperators, {});
    expect(toolJobs).toMatchObject({ queued: 1, pressureByTool: { search_global: 1 / 50, search_web: 0 } });
    await t.finishInProgressScheduledFunctions();
  });
});

describe("the app's knobs", () => {
  it("are those of the roadmap, with its defaults", async () => {
    const { kit } = await loaded<typeof import("../convex/keel")>(app.modules, "keel");
    const values = Object.fromEntries(Object.keys(KNOBS).map((name) => [name, kit.knobs[name as never]]));
    expect(values).toEqual(KNOBS);
  });
});
