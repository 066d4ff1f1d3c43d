import { describe, expect, it, onTestFinished } from "vitest";
import { internal } from "../convex/_generated/api";
import { eventsOf, harness } from "./harness.js";

const app = harness({ BREAKER_MINIMUM_CALLS: "2" });
const ALERT = {
  timestamp: 1_767_225_600,
  platform: "javascript",
  level: "error",
  logger: "keelson",
  message: "closed",
  fingerprint: ["keelson", "shop-assistant", "store.failed_closed", "limiter:chat"],
  tags: { name: "limiter:chat" },
  extra: { policy: "closed" },
  breadcrumbs: [],
} as const;

/** As the action takes it. */
function alert(changed: { readonly fingerprint?: string[]; readonly message?: string } = {}) {
  return { ...ALERT, breadcrumbs: [], fingerprint: [...ALERT.fingerprint], ...changed };
}

describe("alerts", () => {
  it("reach Sentry as an envelope, each kind once in five minutes", async () => {
    const { t } = await app.fresh();
    const before = app.standIns.sentry.events.length;
    const other = alert({ fingerprint: ["breaker.open", "serper"], message: "ünïcode ✓" });
    expect(await t.action(internal.alerts.send, { events: [alert(), alert(), other] })).toEqual({ sent: 2 });
    expect(app.standIns.sentry.events.slice(before)).toMatchObject([
      { level: "error", fingerprint: ALERT.fingerprint, tags: ALERT.tags, message: "closed" },
      { fingerprint: ["breaker.open", "serper"], message: "ünïcode ✓" },
    ]);
  });

  it("are sent again where Sentry was busy", async () => {
    const { t } = await app.fresh();
    app.standIns.sentry.upstream.inject({ kind: "status", status: 503, next: 1 });
    onTestFinished(() => app.standIns.sentry.upstream.clear());
    expect(await t.action(internal.alerts.send, { events: [alert()] })).toEqual({ sent: 1 });
  });

  it("tell of a circuit that has opened, without whoever chats waiting for it", async () => {
    const { chat, settled } = await app.fresh();
    const before = app.standIns.sentry.events.length;
    app.standIns.openRouter.inject({ kind: "status", status: 500 });
    onTestFinished(() => app.standIns.openRouter.clear());
    for (let n = 0; n < 2; n++) await eventsOf(await chat("ada", { message: "a keel" }));
    await new Promise((resolve) => setTimeout(resolve, 0));
    await settled();
    expect(app.standIns.sentry.events.slice(before)).toMatchObject([
      { fingerprint: ["keelson", "shop-assistant", "breaker.open", "openrouter"] },
    ]);
  });
});
