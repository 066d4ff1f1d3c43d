import { ConfigError, oneOf, onlyKnown } from "../../core/config.js";
import { milliseconds } from "../../core/duration.js";
import { LATENCY_BUCKETS, latencyBucket, latencyCeiling } from "../../kernel/sli/latency.js";
import { callsNeeded } from "../budget.js";
import { type AlertSeverity, BURN_ALERTS, type BurnAlert, type Slo } from "./slo.js";

/** What has an indicator. */
export type SliKind = "endpoint" | "upstream";

/** An alert, checked. */
export interface AlertPlan {
  /** `endpoint:chat:page:3600`: the same in every process and version. */
  readonly id: string;
  readonly severity: AlertSeverity;
  readonly threshold: number;
  readonly longSec: number;
  readonly shortSec: number;
  /** Calls that the long window needs before the alert may fire. */
  readonly callsNeeded: number;
}

/** One promise about one indicator, checked. */
export interface Objective {
  /** `endpoint:chat`, or `endpoint:chat:latency`. */
  readonly sli: string;
  readonly kind: SliKind;
  readonly name: string;
  readonly objective: number;
  readonly owner: string;
  readonly runbook: string;
  /** The slowest bucket of latencies that is quick enough; `undefined` where it is about failures. */
  readonly quick: number | undefined;
  readonly alerts: readonly AlertPlan[];
}

/** Windows that can be judged: from one minute to the budget's period. */
const LONGEST_MS = 30 * 86_400_000;
const MINUTE_MS = 60_000;

/**
 * Checks what is promised; that of latency is an objective of its own.
 *
 * @param where the option's name, for errors
 * @throws {ConfigError} naming the option that is wrong: also an objective of 1, which leaves no budget, and an alert
 * that could not fire if every call were bad
 */
export function objectivesOf(kind: SliKind, name: string, slo: Slo, where: string): readonly Objective[] {
  onlyKnown(slo, where, ["objective", "owner", "runbook", "latency", "alerts"]);
  const owner = text(slo.owner, `${where}.owner`, "who is called when it isn't kept");
  const runbook = text(slo.runbook, `${where}.runbook`, "where is written what to do: a path or a URL");
  const sli = `${kind}:${name}`;
  const common = { kind, name, owner, runbook };
  const objective = share(slo.objective, `${where}.objective`);
  const alerts = plans(sli, objective, slo.alerts, `${where}.alerts`);
  const availability: Objective = { ...common, sli, objective, quick: undefined, alerts };
  if (slo.latency === undefined) return [availability];
  const at = `${where}.latency`;
  onlyKnown(slo.latency, at, ["within", "objective", "alerts"]);
  const quick = latencyBucket(milliseconds(slo.latency.within, `${at}.within`, 1));
  // What would be slow by it counts as 131 s itself.
  if (quick === LATENCY_BUCKETS - 1)
    throw new ConfigError(`${at}.within`, slo.latency.within, `below ${latencyCeiling(quick - 1)}ms`);
  const latency = share(slo.latency.objective, `${at}.objective`);
  const id = `${sli}:latency`;
  return [
    availability,
    {
      ...common,
      sli: id,
      objective: latency,
      quick,
      alerts: plans(id, latency, slo.latency.alerts, `${at}.alerts`),
    },
  ];
}

function text(value: unknown, option: string, allowed: string): string {
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new ConfigError(option, value, allowed);
}

function share(value: unknown, option: string): number {
  if (typeof value === "number" && value > 0 && value < 1) return value;
  throw new ConfigError(option, value, "a share of good calls above 0 and below 1, like 0.999: 1 leaves no budget");
}

function plans(
  sli: string,
  objective: number,
  given: readonly BurnAlert[] | undefined,
  where: string,
): readonly AlertPlan[] {
  const alerts = given ?? BURN_ALERTS;
  if (!Array.isArray(alerts)) throw new ConfigError(where, alerts, "a list of alerts");
  const ids = new Set<string>();
  return (alerts as readonly BurnAlert[]).map((alert, i) => {
    const plan = planned(sli, objective, alert, `${where}[${i}]`, given === undefined);
    if (ids.has(plan.id)) throw new ConfigError(`${where}[${i}].long`, alert.long, "one alert of a severity a window");
    ids.add(plan.id);
    return plan;
  });
}

function planned(sli: string, objective: number, alert: BurnAlert, where: string, isDefault: boolean): AlertPlan {
  onlyKnown(alert, where, ["severity", "threshold", "long", "short"]);
  const { threshold } = alert;
  const severity = oneOf(alert.severity, `${where}.severity`, ["page", "ticket"]);
  const long = milliseconds(alert.long, `${where}.long`, MINUTE_MS);
  const short = milliseconds(alert.short, `${where}.short`, MINUTE_MS);
  if (long > LONGEST_MS) throw new ConfigError(`${where}.long`, alert.long, '"30d" at most');
  if (short >= long) throw new ConfigError(`${where}.short`, alert.short, "shorter than `long`");
  const most = Number((1 / (1 - objective)).toPrecision(6));
  if (!(threshold > 0 && Number((threshold * (1 - objective)).toPrecision(12)) <= 1))
    throw new ConfigError(
      `${where}.threshold`,
      threshold,
      `above 0 and at most ${most}: with an objective of ${objective} it could not fire if every call were bad` +
        (isDefault ? " (it is a default: give `alerts` of your own)" : ""),
    );
  const longSec = Math.round(long / 1000);
  return {
    id: `${sli}:${severity}:${longSec}`,
    severity,
    threshold,
    longSec,
    shortSec: Math.round(short / 1000),
    callsNeeded: callsNeeded(threshold, objective),
  };
}
