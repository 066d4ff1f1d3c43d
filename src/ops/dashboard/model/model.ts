import type { Slo, SloBaseline } from "../../config/slo.js";
import { worst } from "../../verdict.js";
import type { Collected, Run } from "../collect.js";
import type { DashboardData, SloRow } from "../data.js";
import type { SnapshotPart } from "../sources.js";
import type { BurnPair } from "./burn-pairs.js";
import { drillSignals, latencySeries, outcomeBars, scenariosOf } from "./drills.js";
import { experimentHistories } from "./game-days.js";
import { liveBudget, liveBurn, liveWindows } from "./live.js";
import { ownerRows } from "./owners.js";
import { latestOf, openChecks, rowOf } from "./runs.js";

/** Everything that a dashboard is made from. */
export interface Given {
  readonly service: string;
  readonly now: Date;
  readonly since: Date;
  /** `null` when there is no `slo-baseline.json`. */
  readonly baseline: SloBaseline | null;
  readonly collected: Collected;
  /** Fetched just now, one of each process. */
  readonly live: readonly SnapshotPart[];
  readonly pairs: readonly BurnPair[];
  contact(owner: string): string | undefined;
}

/** The dashboard of artefacts and snapshots. Pure: the same of the same. */
export function dashboardOf({ service, now, since, baseline, collected, live, pairs, contact }: Given): DashboardData {
  const { runs, unreadable, older } = collected;
  // Of snapshots in files the newest: those of other times are of other calls, or of the same ones again.
  const snapshots = live.length > 0 ? live : collected.snapshots.slice(0, 1);
  const declared = baseline?.slos ?? [];
  const slos = declared.map((slo) => sloRow(slo, runs, snapshots, baseline?.period ?? 0, pairs));
  const open = openChecks(runs);
  const experiments = experimentHistories(runs);
  const [newest] = [...snapshots].sort((a, b) => b.at - a.at);
  return {
    service,
    since: since.toISOString(),
    until: now.toISOString(),
    snapshot:
      newest === undefined
        ? null
        : {
            at: new Date(newest.at).toISOString(),
            source: live.length > 0 ? "live" : "file",
            processes: snapshots.length,
          },
    latest: latestOf(runs, now),
    slos,
    latency: latencySeries(runs, declared),
    outcomes: outcomeBars(runs),
    open,
    experiments,
    owners: ownerRows(slos, open, experiments, contact),
    artefacts: runs.map(rowOf),
    unreadable: [...unreadable],
    older,
  };
}

function sloRow(
  slo: Slo,
  runs: readonly Run[],
  snapshots: readonly SnapshotPart[],
  period: number,
  pairs: readonly BurnPair[],
): SloRow {
  const windows = slo.sli === undefined ? [] : liveWindows(snapshots, slo.sli);
  const signals = [...liveBurn(windows, slo.objective, pairs), ...drillSignals(runs, slo)];
  return {
    id: slo.id,
    owner: slo.owner,
    runbook: slo.runbook ?? null,
    objective: slo.objective,
    of: [...(slo.sli === undefined ? [] : [slo.sli]), ...scenariosOf(slo).map((name) => `scenario:${name}`)],
    verdict: worst(signals.filter(({ verdict }) => verdict !== "skipped")),
    budget: liveBudget(windows, slo, period),
    signals,
  };
}
