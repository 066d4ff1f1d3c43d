import type { LiveSnapshot } from "../snapshot/fetch.js";
import type { RawCheck } from "../verdict.js";
import type { GatePolicy } from "./policy.js";

/** A snapshot from before the drill and one from after it. */
export interface Snapshots {
  readonly before: LiveSnapshot;
  readonly after: LiveSnapshot;
  /** When `after` was had: Unix time in milliseconds. */
  readonly now: number;
}

const CLOSED = new Set(["closed", "disabled", "metrics-only"]);

/** What the service says of itself, against the policy. */
export function snapshotChecks({ before, after, now }: Snapshots, policy: GatePolicy["snapshot"]): RawCheck[] {
  const age = Math.abs(now - after.at);
  const open = openBreakers(after);
  const use =
    after.store.cells === null || after.store.capacity === null ? null : after.store.cells / after.store.capacity;
  const degraded = sumDegraded(after) - sumDegraded(before);
  const dead = queueTools(after).reduce((sum, { dead: one }) => sum + one, 0);
  return [
    restart(before, after),
    limit("snapshot:age", "its time is ours", "ageMs", age, policy.maxAge, `it is ${age} ms from our time`),
    limit(
      "snapshot:breakers",
      "breakers let calls through",
      "openBreakers",
      open.length,
      policy.maxOpenBreakers,
      `not closed: ${open.join(", ")}`,
    ),
    limit("snapshot:dead-jobs", "no jobs are dead", "deadJobs", dead, policy.maxDeadJobs, `${dead} dead jobs are kept`),
    limit(
      "snapshot:degraded",
      "limits were counted in the store",
      "degradedDecisions",
      degraded,
      policy.maxDegraded,
      `${degraded} decisions were made without the store`,
    ),
    ...(use === null
      ? []
      : [
          limit(
            "snapshot:store",
            "the store has room",
            "storeUse",
            use,
            policy.maxStoreUse,
            `${after.store.cells} of ${after.store.capacity} cells are in use`,
          ),
        ]),
    ...queueTools(after).map(({ queue, tool, pressure }) =>
      limit(
        `snapshot:queue:${queue}.${tool}`,
        `${tool} has room for jobs`,
        "queuePressure",
        pressure,
        policy.maxQueuePressure,
        `${Math.round(pressure * 100)} % of the jobs that may wait do`,
      ),
    ),
  ];
}

function limit(
  id: string,
  title: string,
  metric: string,
  observed: number,
  threshold: number,
  reason: string,
): RawCheck {
  const bad = observed > threshold;
  return { id, title, metric, observed, threshold, verdict: bad ? "fail" : "pass", ...(bad && { reason }) };
}

/**
 * A restart under load is a crash; and counters from before it can't be compared. Where no process outlives a call, another
 * one answering says nothing.
 */
function restart(before: LiveSnapshot, after: LiveSnapshot): RawCheck {
  if (after.store.kind === "convex")
    return {
      id: "snapshot:restart",
      title: "the service ran on",
      verdict: "skipped",
      reason: "Convex has no processes",
    };
  const same = before.bootId === after.bootId;
  return {
    id: "snapshot:restart",
    title: "the service ran on",
    metric: "bootId",
    verdict: same ? "pass" : "fail",
    ...(!same && { reason: `it was started again while the gate ran (up for ${after.uptimeMs} ms)` }),
  };
}

function openBreakers({ breakers, upstreams }: LiveSnapshot): string[] {
  const all = [
    ...Object.entries(breakers).map(([name, { state }]) => [name, state] as const),
    ...Object.entries(upstreams).flatMap(([name, { breaker }]) =>
      breaker === null ? [] : [[name, breaker.state] as const],
    ),
  ];
  return all.filter(([, state]) => !CLOSED.has(state)).map(([name, state]) => `${name} (${state})`);
}

function sumDegraded({ limiters }: LiveSnapshot): number {
  return Object.values(limiters).reduce(
    (sum, { degraded }) => sum + degraded.open + degraded.closed + degraded.local,
    0,
  );
}

function queueTools({ queues }: LiveSnapshot) {
  return Object.entries(queues).flatMap(([queue, { byTool, pressureByTool }]) =>
    Object.entries(byTool).map(([tool, { stats }]) => ({
      queue,
      tool,
      dead: stats?.dead ?? 0,
      pressure: pressureByTool[tool] ?? 0,
    })),
  );
}
