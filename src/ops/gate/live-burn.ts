import type { SloBaseline } from "../config/slo.js";
import { UsageError } from "../failure.js";
import type { LiveSnapshot } from "../snapshot/fetch.js";
import type { RawCheck } from "../verdict.js";
import { judgeBurn, type Window } from "./burn.js";
import type { GatePolicy } from "./policy.js";

/**
 * Burn rates of the live service, for every SLO that names an indicator.
 *
 * @throws {UsageError} when a window of the policy, or an indicator of the baseline, isn't in the snapshot
 */
export function liveBurnChecks(
  snapshot: LiveSnapshot,
  { slos }: SloBaseline,
  pairs: GatePolicy["burn"]["live"],
): RawCheck[] {
  return slos.flatMap(({ id, sli, objective, owner, runbook }) => {
    if (sli === undefined) return [];
    const windows = windowsOf(snapshot, sli, id);
    return pairs.map(({ long, short, threshold }) => {
      const name = `${text(long)}-${text(short)}`;
      const check = judgeBurn(`live-burn:${id}:${name}`, `${id} keeps its budget over ${text(long)}`, {
        long: windowOf(windows, long),
        short: windowOf(windows, short),
        threshold,
        objective,
      });
      return { ...check, owner, ...(runbook !== undefined && { runbook }) };
    });
  });
}

function windowsOf(snapshot: LiveSnapshot, sli: string, slo: string): readonly Window[] {
  const { slis, surface, upstreams } = snapshot;
  const [kind = "", name = ""] = sli.split(/:(.*)/s);
  const of = kind === "endpoint" ? slis.endpoints : slis.upstreams;
  const found = of[name];
  if (found !== undefined) return found.windows;
  // Where counts are kept in the store, what was never called has none; that it is there is known all the same.
  const defined = kind === "endpoint" ? surface.map((one) => one.name) : Object.keys(upstreams);
  if (defined.includes(name)) return [];
  const known = [...new Set([...Object.keys(of), ...defined])].map((one) => `${kind}:${one}`);
  throw new UsageError(`slo ${slo}: the snapshot has no ${sli}; it has ${known.join(", ")}`);
}

function windowOf(windows: readonly Window[], ms: number): Window {
  const found = windows.find(({ sec }) => sec * 1_000 === ms);
  if (windows.length === 0) return { sec: ms / 1_000, valid: 0, bad: 0, coveredSec: 0 };
  if (found === undefined)
    throw new UsageError(
      `burn.live: the snapshot has no window of ${text(ms)}; it has ${windows.map(({ sec }) => text(sec * 1_000)).join(", ")}`,
    );
  return found;
}

/** `5m`, `1h`, `3d`. */
function text(ms: number): string {
  for (const [unit, length] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
  ] as const)
    if (ms % length === 0) return `${ms / length}${unit}`;
  return `${ms / 1_000}s`;
}
