import type { Config } from "../config/config.js";
import type { Target } from "../config/request.js";
import type { Slo, SloBaseline } from "../config/slo.js";
import { UsageError } from "../failure.js";
import { chosen } from "../filter.js";
import type { LaneSpec } from "./lane.js";

/** The name of the target that needs none. */
export const DEFAULT_TARGET = "default";

/** A lane with what it is called in artefacts. */
export interface PlannedLane extends LaneSpec {
  readonly targetName: string;
  readonly weight: number;
  /** Of the arrivals. */
  readonly share: number;
}

/**
 * What a drill measures: each chosen scenario at its own target, or at each of those that are named.
 *
 * @throws {UsageError} when there are no scenarios, a filter matches none, or a target isn't there
 */
export function lanesOf(
  config: Config,
  filter: readonly string[] | undefined,
  targets: readonly string[] = [DEFAULT_TARGET],
): PlannedLane[] {
  const all = Object.entries(config.scenarios);
  if (all.length === 0) throw new UsageError("there are no scenarios: the configuration has none");
  if (targets.length === 0) throw new UsageError("--targets: expected at least one name");
  const lanes = chosen(all, ([name]) => name, filter, "--scenarios").flatMap(([scenarioName, scenario]) => {
    const places = scenario.target === undefined ? [...new Set(targets)] : [scenario.target];
    return places.map((targetName) => ({
      name: places.length === 1 ? scenarioName : `${scenarioName}@${targetName}`,
      scenarioName,
      scenario,
      targetName,
      target: targetNamed(
        config,
        targetName,
        scenario.target === undefined ? "--targets" : `scenarios.${scenarioName}`,
      ),
      weight: scenario.weight / places.length,
    }));
  });
  const total = lanes.reduce((sum, { weight }) => sum + weight, 0);
  return lanes.map((lane) => ({ ...lane, share: lane.weight / total }));
}

function targetNamed({ target, targets }: Config, name: string, where: string): Target {
  const found = Object.hasOwn(targets, name) ? targets[name] : name === DEFAULT_TARGET ? target : undefined;
  if (found !== undefined) return found;
  throw new UsageError(
    `${where}: no target ${JSON.stringify(name)}; there are ${[DEFAULT_TARGET, ...Object.keys(targets)].join(", ")}`,
  );
}

/** An SLO, and the lanes that count for it. */
export interface SloLanes {
  readonly slo: Slo;
  readonly lanes: readonly number[];
}

/**
 * The SLOs that say something of a drill's scenarios.
 *
 * @throws {UsageError} when one names a scenario that there isn't: a threshold that matches nothing proves nothing
 */
export function sloLanes({ slos }: SloBaseline, lanes: readonly PlannedLane[], config: Config): SloLanes[] {
  return slos.flatMap(({ scenario = [], ...slo }) => {
    const names = typeof scenario === "string" ? [scenario] : scenario;
    const missing = names.find((name) => !Object.hasOwn(config.scenarios, name));
    if (missing !== undefined)
      throw new UsageError(
        `SLO ${slo.id}: no scenario ${JSON.stringify(missing)}; there are ${Object.keys(config.scenarios).join(", ")}`,
      );
    const counting = lanes.flatMap(({ scenarioName }, at) => (names.includes(scenarioName) ? [at] : []));
    return counting.length === 0 ? [] : [{ slo: { ...slo, scenario: names }, lanes: counting }];
  });
}
