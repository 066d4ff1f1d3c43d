import type { Snapshot } from "../../../observe/snapshot.js";
import { plural } from "./format.js";
import { breakersOf, deadIn } from "./history.js";

/** How something is: its colour, shape and word. */
export type Level = "ok" | "warn" | "bad" | "idle";

/** How the service is, and why. */
export interface Health {
  readonly level: Level;
  readonly word: string;
  readonly why: string;
}

/** An alert that fires, and whom it concerns. */
export interface Firing {
  readonly id: string;
  readonly objective: string;
  readonly severity: "page" | "ticket";
  readonly owner: string;
  readonly runbook: string;
  readonly since: number | null;
  readonly burn: number | null;
  readonly longSec: number;
}

/** The state of a breaker, as a level. */
export function breakerLevel(state: string): Level {
  if (state === "open" || state === "isolated") return "bad";
  if (state === "half-open") return "warn";
  return state === "closed" ? "ok" : "idle";
}

/** How a queue that is this full is. */
export function pressureLevel(pressure: number): Level {
  return pressure >= 0.9 ? "bad" : pressure >= 0.7 ? "warn" : "ok";
}

/** How a budget of which so much is left is. */
export function budgetLevel(left: number | null): Level {
  return left === null ? "idle" : left <= 0 ? "bad" : left < 0.25 ? "warn" : "ok";
}

/** The alerts that fire, those that wake somebody first. */
export function firing({ objectives }: Snapshot): Firing[] {
  return Object.entries(objectives)
    .flatMap(([objective, { alerts, owner, runbook, burnRates }]) =>
      alerts
        .filter(({ state }) => state === "firing")
        .map(({ id, severity, since, longSec }) => ({
          id,
          objective,
          severity,
          owner,
          runbook,
          since,
          longSec,
          burn: burnRates.find(({ sec }) => sec === longSec)?.burnRate ?? null,
        })),
    )
    .sort((one, other) => one.severity.localeCompare(other.severity) || one.id.localeCompare(other.id));
}

/** One word for everything, with the reasons. */
export function healthOf(snapshot: Snapshot): Health {
  const alerts = firing(snapshot);
  const pages = alerts.filter(({ severity }) => severity === "page");
  const breakers = Object.entries(breakersOf(snapshot));
  const shut = breakers.filter(([, state]) => breakerLevel(state) === "bad").map(([name]) => name);
  const trying = breakers.filter(([, state]) => breakerLevel(state) === "warn").map(([name]) => name);
  const full = Object.values(snapshot.queues)
    .flatMap(({ pressureByTool }) => Object.entries(pressureByTool))
    .filter(([, pressure]) => pressure >= 0.9)
    .map(([tool]) => tool);
  const unasked = Object.entries(snapshot.queues).filter(([, { statsFailure }]) => statsFailure !== null);
  const dead = deadIn(snapshot);

  const why: string[] = [];
  if (pages.length > 0) why.push(plural(pages.length, "page"));
  if (alerts.length > pages.length) why.push(plural(alerts.length - pages.length, "ticket"));
  if (shut.length > 0) why.push(`${shut.join(", ")} cut off`);
  if (trying.length > 0) why.push(`${trying.join(", ")} on trial`);
  if (full.length > 0) why.push(`${full.join(", ")} nearly full`);
  if (unasked.length > 0) why.push("the store does not answer");
  if (why.length === 0)
    return { level: "ok", word: "Healthy", why: dead > 0 ? `${plural(dead, "dead job")} to look at` : "nothing wrong" };
  return pages.length > 0 || unasked.length > 0
    ? { level: "bad", word: "Failing", why: why.join(" · ") }
    : { level: "warn", word: "Degraded", why: why.join(" · ") };
}
