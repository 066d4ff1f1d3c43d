import { describe, expect, it, onTestFinished } from "vitest";
import { internal } from "../convex/_generated/api";
import { eventsOf, harness } from "./harness.js";

const app = harness({ BREAKER_MINIMUM_CALLS: "2" });
const ALERT = { key: "limiter:chat", level: "error", message: "closed", tags: { limiter: "chat" } } as const;

describe("alerts", () => {
  it("reach Sentry as an envelope, each kind once in five minutes", async () => {
    const { t } = await app.fresh();
    const before = app.standIns.sentry.events.length;
    const other = { ...ALERT, key: "breaker:serper", level: "warning", message: "ünïcode ✓" } as const;
    expect(await t.action(internal.alerts.send, { alerts: [ALERT, ALERT, other] })).toEqual({ sent: 2 });
    expect(app.standIns.sentry.events.slice(before)).toMatchObject([
      { level: "error", fingerprint: ["limiter:chat"], tags: { limiter: "chat" }, message: "closed" },
      { level: "warning", fingerprint: ["breaker:serper"], message: "ünïcode ✓" },
    ]);
  });

  it("are sent again where Sentry was busy", async () => {
    const { t } = await app.fresh();
    app.standIns.sentry.upstream.inject({ kind: "status", status: 503, next: 1 });
    onTestFinished(() => app.standIns.sentry.upstream.clear());
    expect(await t.action(internal.alerts.send, { alerts: [ALERT] })).toEqual({ sent: 1 });
  });

  it("tell of a circuit that has opened, without whoever chats waiting for it", async () => {
    const { chat, settled } = await app.fresh();
    const before = app.standIns.sentry.events.length;
    app.standIns.openRouter.inject({ kind: "status", status: 500 });
    onTestFinished(() => app.standIns.openRouter.clear());
    for (let n = 0; n < 2; n++) await eventsOf(await chat("ada", { message: "a keel" }));
    await settled();
    expect(app.standIns.sentry.events.slice(before)).toMatchObject([{ fingerprint: ["breaker:openrouter"] }]);
  });

  it("tell of what comes to light in the worker, though nobody asks it by HTTP", async () => {
    const { t, settled } = await app.fresh();
    const before = app.standIns.sentry.events.length;
    app.standIns.serper.inject({ kind: "status", status: 500 });
    onTestFinished(() => app.standIns.serper.clear());
    await t.mutation(internal.toolJobs.enqueue, { owner: "ada", tool: "search_web", q: "keels" });
    await t.action(internal.toolJobs.processQueue, {});
    await settled();
    expect(app.standIns.sentry.events.slice(before)).toMatchObject([{ fingerprint: ["breaker:serper"] }]);
  });

  it("raise none of their own while Sentry is down, and come to an end", async () => {
    const { t, settled } = await app.fresh();
    const before = app.standIns.sentry.upstream.counts().requests;
    app.standIns.sentry.upstream.inject({ kind: "status", status: 503 });
    onTestFinished(() => app.standIns.sentry.upstream.clear());
    const refused = await t.action(internal.alerts.send, { alerts: [ALERT] }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ data: { code: "upstream_bad_status" } });
    await settled();
    expect(app.standIns.sentry.upstream.counts().requests).toBe(before + 2);
  });
});
