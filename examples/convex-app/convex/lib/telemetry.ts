import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { kit } from "../keel";

/** Something that somebody should look at. */
export interface Alert {
  /** What goes together: one is sent in five minutes. */
  readonly key: string;
  readonly level: "warning" | "error";
  readonly message: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Alerts that wait for an action to send them. What is past it is dropped: there is trouble enough by then. */
const MOST = 100;
const pending: Alert[] = [];

function alert(one: Alert): void {
  if (pending.length < MOST) pending.push(one);
}

/** One line of JSON for the deployment's log stream. */
function log(type: string, fields: object): void {
  console.log(JSON.stringify({ type, service: kit.service, ...fields }));
}

kit.events.on("limiter.decision", ({ name, allowed, cost, remaining, retryAfterMs, source }) => {
  // (No key: it names a user or an address.)
  if (!allowed || source !== "store") log("limiter.decision", { name, allowed, cost, remaining, retryAfterMs, source });
  if (source === "open" || source === "closed")
    alert({
      key: `limiter:${name}`,
      level: source === "closed" ? "error" : "warning",
      message: `The limiter "${name}" can't reach its store, and is ${source}`,
      tags: { limiter: name, source },
    });
});
kit.events.on("breaker.transition", ({ name, from, to, reason }) => {
  log("breaker.transition", { name, from, to, reason });
  if (to === "open")
    alert({
      key: `breaker:${name}`,
      level: "error",
      message: `The circuit of "${name}" has opened (${reason})`,
      tags: { upstream: name, reason },
    });
});
kit.events.on("endpoint.settled", ({ name, status, code, error }) => {
  if (code !== "internal") return;
  log("endpoint.internal", { name, status, error: String(error) });
  alert({ key: `internal:${name}`, level: "error", message: `"${name}" failed`, tags: { endpoint: name } });
});

/** Hands what waits to an action of its own, so that nobody waits for Sentry. */
export async function sendAlerts(ctx: Pick<ActionCtx, "scheduler">): Promise<void> {
  if (pending.length === 0) return;
  const alerts = pending.splice(0).map((one) => ({ ...one, tags: { ...one.tags } }));
  await ctx.scheduler.runAfter(0, internal.alerts.send, { alerts });
}
