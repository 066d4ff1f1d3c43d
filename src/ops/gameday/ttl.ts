import { type Duration, milliseconds } from "../../core/duration.js";
import type { Activity, Experiment } from "./experiment.js";

/** Longer than that nobody leaves a fault on: admin ports of stand-ins don't take it, either. */
const LONGEST_MS = 60 * 60_000;

/**
 * What of an experiment's method would stay when whoever runs it is killed: a line each. An HTTP action that changes
 * something needs a `ttl` among its arguments; a process, a timeout, after which it is ended, or a `ttl` that it gets.
 *
 * @param excused why an action needs none, by its name
 */
export function withoutTtl({ method }: Experiment, excused: Readonly<Record<string, string>>): string[] {
  return method.flatMap((activity, at) => {
    const wrong = activity.type === "action" && !Object.hasOwn(excused, activity.name) ? fault(activity) : undefined;
    return wrong === undefined ? [] : [`method[${at}] (${activity.name}): ${wrong}`];
  });
}

function fault({ provider }: Activity): string | undefined {
  if (provider.type === "process")
    return provider.timeout === undefined ? "a process that makes a fault needs a timeout" : undefined;
  if (!["POST", "PUT", "PATCH"].includes(provider.method.toUpperCase())) return undefined;
  const given = typeof provider.arguments === "object" ? provider.arguments.ttl : undefined;
  if (given === undefined)
    return 'a fault needs arguments.ttl, like "60s", after which it goes by itself; or withoutTtl in the reliability extension says why not';
  try {
    const ms = milliseconds(given as Duration, "ttl", 1);
    return ms > LONGEST_MS ? `arguments.ttl: got ${JSON.stringify(given)}; expected at most "1h"` : undefined;
  } catch {
    return `arguments.ttl: got ${JSON.stringify(given)}; expected a duration like "60s"`;
  }
}
