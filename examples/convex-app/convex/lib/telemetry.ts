import type { AlertEvent, Events } from "keelson";
import { type Alert, raise } from "./alertQueue";

export const SERVICE = "shop-assistant";

/** What sends alerts is not to raise some itself: while its store or Sentry is down, they would never come to an end. */
const SENDERS = ["limiter:alerts", "alerts.send"];

/** One line of JSON for the deployment's log stream. */
export function log(type: string, fields: object): void {
  console.log(JSON.stringify({ type, service: SERVICE, ...fields }));
}

/** A mistake of ours has come to light: it is logged, and somebody is told. */
export function internalError(name: string, error: unknown): void {
  log("internal", { name, error: String(error) });
  if (SENDERS.includes(name)) return;
  raise({ key: `internal:${name}`, level: "error", message: `"${name}" failed`, tags: { endpoint: name } });
}

/** Logs what operators look for, and raises alerts. The kit calls it where it is made, for each isolate has one of its own. */
export function listen(events: Events): void {
  events.on("limiter.decision", ({ name, allowed, cost, remaining, retryAfterMs, source }) => {
    // (No key: it names a user or an address.)
    if (!allowed || source !== "store")
      log("limiter.decision", { name, allowed, cost, remaining, retryAfterMs, source });
  });
  // Limiters (`limiter:chat`) and replay guards (`replay:whatsapp`), also where they only look.
  events.on("store.failure", ({ name, reason, policy }) => {
    log("store.failure", { name, reason, policy });
    if (SENDERS.includes(name)) return;
    raise({
      key: name,
      level: policy === "closed" ? "error" : "warning",
      message: `"${name}" can't reach its store (${reason}), and is ${policy}`,
      tags: { use: name, reason, policy },
    });
  });
  events.on("breaker.transition", ({ name, from, to, reason }) => {
    log("breaker.transition", { name, from, to, reason });
    if (to !== "open") return;
    raise({
      key: `breaker:${name}`,
      level: "error",
      message: `The circuit of "${name}" has opened (${reason})`,
      tags: { upstream: name, reason },
    });
  });
  events.on("endpoint.settled", ({ name, code, error }) => {
    if (code === "internal") internalError(name, error);
  });
  // (The arguments stay in the audit: the key of one that is blocked names a user or an address.)
  for (const type of ["lever.pulled", "lever.released", "lever.expired"] as const)
    events.on(type, ({ lever, target, by, reason }) => log(type, { lever, target, by, reason }));
  events.on("lever.failed", ({ lever, target, error }) => {
    log("lever.failed", { lever, target, error: String(error) });
    raise({ key: `lever:${lever}:${target}`, level: "error", message: `"${lever}" failed`, tags: { lever, target } });
  });
  // One that fires, and its end, are told once for the whole service: the store knows who has to.
  events.on("alert.firing", (event) => {
    const level = event.severity === "page" ? "error" : "warning";
    burning("alert.firing", level, `"${event.sli}" burns its error budget too fast`, event);
  });
  events.on("alert.resolved", (event) => {
    burning("alert.resolved", "info", `"${event.sli}" no longer burns its error budget too fast`, event);
  });
}

/** (Its beginning and its end have keys of their own: neither is to hold back the other.) */
function burning(
  type: "alert.firing" | "alert.resolved",
  level: Alert["level"],
  message: string,
  { id, sli, severity, burnRate, longSec, threshold, budgetLeft, owner, runbook }: AlertEvent,
): void {
  log(type, { id, severity, burnRate, longSec, threshold, budgetLeft, owner, runbook });
  const tags = { alert: id, sli, severity, owner, runbook, burnRate: String(burnRate), budgetLeft: String(budgetLeft) };
  raise({ key: `${type}:${id}`, level, message: `${message}: ${owner}, see ${runbook}`, tags });
}
