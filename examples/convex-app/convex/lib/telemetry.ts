import { sentryEvents } from "keelson/sentry";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { kit } from "../keel";

/** Alerts that wait for an action to send them. */
const alerts = sentryEvents(kit);

/** One line of JSON for the deployment's log stream. */
function log(type: string, fields: object): void {
  console.log(JSON.stringify({ type, service: kit.service, ...fields }));
}

kit.events.on("limiter.decision", ({ name, allowed, cost, remaining, retryAfterMs, source }) => {
  // (No key: it names a user or an address.)
  if (!allowed || source !== "store") log("limiter.decision", { name, allowed, cost, remaining, retryAfterMs, source });
});
kit.events.on("breaker.transition", ({ name, from, to, reason }) => {
  log("breaker.transition", { name, from, to, reason });
});
kit.events.on("endpoint.settled", ({ name, status, code, error }) => {
  if (code === "internal") log("endpoint.internal", { name, status, error: String(error) });
});

/** Hands what waits to actions of their own, so that nobody waits for Sentry; one each, for arguments are bounded. */
export async function sendAlerts(ctx: Pick<ActionCtx, "scheduler">): Promise<void> {
  for (const event of alerts.take()) await ctx.scheduler.runAfter(0, internal.alerts.send, { events: [plain(event)] });
}

/** As Convex's validators write it: what they know of has no read-only lists. */
function plain({ fingerprint, breadcrumbs, ...event }: ReturnType<typeof alerts.take>[number]) {
  return { ...event, fingerprint: [...fingerprint], breadcrumbs: [...breadcrumbs] };
}
