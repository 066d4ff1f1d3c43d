import { existsSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { snapshotSchema } from "keelson/schema";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { loaded } from "../serve/deployment.js";
import { eventsOf, type Fresh, harness } from "./harness.js";
import { ROOT } from "./served.js";

const START = 1_764_000_000_000;
const MINUTE_MS = 60_000;
const PAGE = "upstream:openrouter:page:3600";
/** Files of the release commands. Their paths to runbooks begin there. */
const POLICIES = fileURLToPath(new URL("../scripts/reliability/", import.meta.url));

// Breakers stay out of it: what they refuse counts as bad as well.
const app = harness({ BREAKER_MINIMUM_CALLS: "1000" });

afterEach(() => void vi.useRealTimers());

async function turns({ chat }: Fresh, many: number): Promise<void> {
  await Promise.all(Array.from({ length: many }, async (_, n) => eventsOf(await chat(`user${n}`, { message: "hi" }))));
}

async function objectives({ t }: Fresh) {
  const told = await t.withIdentity({ subject: "olga" }).query(api.ops.getReliabilitySnapshot, {});
  return snapshotSchema.parse(told).objectives;
}

describe("the app's objectives", () => {
  it("tell of an upstream that fails once, however often the cron looks, and of its end", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const fresh = await app.fresh();
    const { t, settled } = fresh;
    const look = async () => {
      const seen = await t.action(internal.ops.judgeObjectives, {});
      await settled();
      return seen;
    };
    const sent = () => app.standIns.sentry.events.slice(before);
    const before = app.standIns.sentry.events.length;
    app.standIns.openRouter.inject({ kind: "status", status: 500 });
    onTestFinished(() => app.standIns.openRouter.clear());

    await turns(fresh, 13);
    expect(await look()).toEqual({ firing: [] });
    expect((await objectives(fresh))["upstream:openrouter"]?.alerts[0]?.state).toBe("inconclusive");
    await turns(fresh, 1);
    // (A query can't write: nothing fires before the cron has looked.)
    expect((await objectives(fresh))["upstream:openrouter"]?.alerts[0]?.state).toBe("ok");

    for (let minute = 0; minute < 3; minute++) {
      expect(await look()).toEqual({ firing: [PAGE] });
      vi.setSystemTime(Date.now() + MINUTE_MS);
    }
    expect(sent()).toMatchObject([
      {
        level: "error",
        fingerprint: [`alert.firing:${PAGE}`],
        message: '"upstream:openrouter" burns its error budget too fast: chat, see docs/runbooks/openrouter-down.md',
        tags: { alert: PAGE, severity: "page", owner: "chat", burnRate: "20", budgetLeft: "-19" },
      },
    ]);
    expect((await objectives(fresh))["upstream:openrouter"]).toMatchObject({
      owner: "chat",
      view: "service",
      storeFailure: null,
      budgetLeft: -19,
      alerts: [{ id: PAGE, state: "firing", since: START }, {}, {}, {}],
    });

    app.standIns.openRouter.clear();
    vi.setSystemTime(Date.now() + 5 * MINUTE_MS);
    await turns(fresh, 1);
    for (let minute = 0; minute < 3; minute++) expect(await look()).toEqual({ firing: [] });
    expect(sent().slice(1)).toMatchObject([
      { level: "info", fingerprint: [`alert.resolved:${PAGE}`], tags: { alert: PAGE, owner: "chat" } },
    ]);
    expect((await objectives(fresh))["upstream:openrouter"]?.alerts[0]).toMatchObject({
      state: "ok",
      since: Date.now(),
    });
  });

  it("are looked at every minute", async () => {
    const { default: crons } = await loaded<{ default: { export(): string } }>(app.modules, "crons");
    const jobs = Object.values(JSON.parse(crons.export()) as Record<string, unknown>);
    expect(jobs).toContainEqual(
      expect.objectContaining({ name: "ops:judgeObjectives", schedule: { type: "interval", minutes: 1 } }),
    );
  });

  it("are there for every route and upstream but the two that are named", async () => {
    const { surface, upstreams, objectives } = await (await app.fresh()).t.query(internal.ops.snapshotForOperators, {});
    const routes = surface.filter(({ kind }) => kind === "http").map(({ name }) => `endpoint:${name}`);
    const called = Object.keys(upstreams).map((name) => `upstream:${name}`);
    const without = [...routes, ...called].filter((sli) => objectives[sli] === undefined);
    expect(without).toEqual(["endpoint:whatsapp-verification", "upstream:sentry"]);
  });

  it("have owners and runbooks that exist, and are those of the gate and the dashboard", async () => {
    const { objectives } = await (await app.fresh()).t.query(internal.ops.snapshotForOperators, {});
    const { owners } = policy<{ owners: object }>("ownership-matrix");
    for (const [sli, { owner, runbook }] of Object.entries(objectives))
      expect([sli, Object.keys(owners).includes(owner), existsSync(join(ROOT, runbook))]).toEqual([sli, true, true]);
    const { slos } = policy<{ slos: { sli?: string; objective: number; owner: string; runbook: string }[] }>(
      "slo-baseline",
    );
    const shared = slos.flatMap(({ sli, objective, owner, runbook }) =>
      sli === undefined ? [] : [{ sli, objective, owner, runbook: normalize(join("examples/convex-app", runbook)) }],
    );
    // (It has none about latency: that of a drill has a figure of its own there.)
    const promised = Object.entries(objectives).filter(([sli]) => sli !== "endpoint:chat:latency");
    expect(sorted(shared)).toEqual(
      sorted(promised.map(([sli, { objective, owner, runbook }]) => ({ sli, objective, owner, runbook }))),
    );
  });
});

function sorted<T extends { readonly sli: string }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => (a.sli < b.sli ? -1 : 1));
}

function policy<T>(name: string): T {
  return JSON.parse(readFileSync(`${POLICIES}${name}.json`, "utf8")) as T;
}
