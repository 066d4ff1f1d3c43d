import { existsSync } from "node:fs";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { Artefact } from "../artefact/envelope.js";
import { makeArtefact } from "../artefact/make.js";
import { pathIn, policyOf, type Workspace } from "../config/load.js";
import { sloBaselineSchema } from "../config/slo.js";
import { type RawCheck, worst } from "../verdict.js";
import { collect } from "./collect.js";
import type { DashboardData, SloRow } from "./data.js";
import { shareText } from "./format.js";
import { BURN_PAIRS, type BurnPair } from "./model/burn-pairs.js";
import { dashboardOf } from "./model/model.js";
import type { SnapshotPart } from "./sources.js";

/** How a dashboard is made. */
export interface DashboardOptions {
  /** Folder of the artefacts. Default: where the configuration has them written. */
  readonly from?: string;
  /** Snapshots of the running service, one of each process; their calls are added up. Default: the newest in the folder. */
  readonly snapshots?: readonly SnapshotPart[];
  /** How far back artefacts are taken. Default 30 days. */
  readonly since?: Duration;
  /** Alerts that live burn rates are judged by. Default: {@link BURN_PAIRS}. */
  readonly burn?: readonly BurnPair[];
}

/**
 * Gathers what recent runs left behind, and what the service says of itself, into a dashboard: a check for each SLO, and
 * the worst of them as its verdict. Files that can't be read are listed in it; an empty folder makes a dashboard that says
 * so.
 *
 * @throws {UsageError} when `slo-baseline.json` is wrong. When it is missing, the dashboard has no SLOs
 * @throws {ConfigError} when `since` is no duration
 */
export async function buildDashboard(
  workspace: Workspace,
  options: DashboardOptions = {},
): Promise<Artefact<"slo-dashboard", DashboardData>> {
  const { config, owners, io } = workspace;
  const now = io.now();
  const since = new Date(now.getTime() - milliseconds(options.since ?? "30d", "since"));
  const data = dashboardOf({
    service: config.service,
    now,
    since,
    baseline: existsSync(pathIn(workspace, config.policies.slo))
      ? await policyOf(workspace, "slo", sloBaselineSchema)
      : null,
    collected: await collect(pathIn(workspace, options.from ?? config.output), since),
    live: options.snapshots ?? [],
    pairs: options.burn ?? BURN_PAIRS,
    contact: (owner) => owners.contact(owner),
  });
  const checks = data.slos.map((slo) => owners.complete(checkOf(slo)));
  return makeArtefact(workspace, "slo-dashboard", now, { verdict: worst(checks), checks, data });
}

function checkOf({ id, objective, verdict, owner, runbook, signals }: SloRow): RawCheck {
  const cause = signals.find((signal) => signal.verdict === verdict);
  return {
    id: `slo:${id}`,
    title: `${id}: ${shareText(objective)}`,
    verdict,
    owner,
    ...(runbook !== null && { runbook }),
    ...(cause === undefined
      ? { reason: "nothing measures it: no live snapshot, no drill of its scenarios" }
      : {
          ...(cause.reason !== null && { reason: `${cause.group}, ${cause.title}: ${cause.reason}` }),
          metric: { burn: "burnRate", ms: "latencyMs", share: "rate" }[cause.unit],
          observed: cause.observed,
          threshold: cause.threshold,
          n: cause.n,
        }),
  };
}
