import type { DeniedKey, Snapshot } from "../../../observe/snapshot.js";
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

/** An objective whose alerts fire: how urgent the most urgent is, and over which windows. */
export interface Firing {
  readonly objective: string;
  readonly severity: "page" | "ticket";
  readonly owner: string;
  readonly runbook: string;
  /** When the first of them began, Unix milliseconds. */
  readonly since: number | null;
  /** How fast the budget burns, over the window where it does so fastest. */
  readonly burn: number | null;
  /** Seconds of the alerts' long windows. */
  readonly windows: readonly number[];
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

/** Whether a key is known to be denied often: where thousands take turns, most of its count may be others'. */
export function standsOut({ atLeast, atMost }: DeniedKey): boolean {
  return atLeast * 10 >= atMost;
}

/** How a budget of which so much is left is. */
export function budgetLevel(left: number | null): Level {
  return left === null ? "idle" : left <= 0 ? "bad" : left < 0.25 ? "warn" : "ok";
}

/** What fires, what wakes somebody first. One incident fires several alerts of an objective: they are told as one. */
export function firing({ objectives }: Snapshot): Firing[] {
  return Object.entries(objectives)
    .flatMap(([objective, { alerts, owner, runbook, burnRates }]) => {
      const fire = alerts.filter(({ state }) => state === "firing");
      if (fire.length === 0) return [];
      const windows = [...new Set(fire.map(({ longSec }) => longSec))].sort((one, other) => one - other);
      const rates = burnRates.flatMap(({ sec, burnRate }) =>
        windows.includes(sec) && burnRate !== null ? [burnRate] : [],
      );
      const began = fire.flatMap(({ since }) => (since === null ? [] : [since]));
      return [
        {
          objective,
          severity: fire.some(({ severity }) => severity === "page") ? ("page" as const) : ("ticket" as const),
          owner,
          runbook,
          since: began.length === 0 ? null : Math.min(...began),
          burn: rates.length === 0 ? null : Math.max(...rates),
          windows,
        },
      ];
    })
    .sort((one, other) => one.severity.localeCompare(other.severity) || one.objective.localeCompare(other.objective));
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
  if (alerts.length > 0) why.push(`${plural(alerts.length, "objective")} burning`);
  if (shut.length > 0) why.push(`${shut.join(", ")} cut off`);
  if (trying.length > 0) why.push(`${trying.join(", ")} on trial`);
  if (full.length > 0) why.push(`${full.join(", ")} nearly full`);
  if (unasked.length > 0) why.push("the store does not answer");
  if (snapshot.overload?.overloaded === true) why.push("overloaded");
  const below = snapshot.overload?.shedBelow ?? null;
  if (below !== null) why.push(`what is below ${below} is shed`);
  if (why.length === 0)
    return { level: "ok", word: "Healthy", why: dead > 0 ? `${plural(dead, "dead job")} to look at` : "nothing wrong" };
  return pages.length > 0 || unasked.length > 0
    ? { level: "bad", word: "Failing", why: why.join(" · ") }
    : { level: "warn", word: "Degraded", why: why.join(" · ") };
}
