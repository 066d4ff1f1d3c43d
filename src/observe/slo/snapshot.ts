import type { AlertSeverity } from "./slo.js";

/** How an objective stands. */
export interface ObjectiveSnapshot {
  /** Share of good calls that is promised. */
  readonly objective: number;
  readonly owner: string;
  readonly runbook: string;
  /**
   * For an objective of latency: calls that took longer, in milliseconds, are the bad ones. It is what was asked for,
   * rounded up to the histogram's next bucket, by an eighth at most. Otherwise `null`.
   */
  readonly withinMs: number | null;
  /** Whose calls are judged: those of this process, or of all processes of the service. */
  readonly view: "process" | "service";
  /** Why it is this process's view where it should be the service's: what the store failed with. */
  readonly storeFailure: string | null;
  /** Share of the error budget that is left, over 30 days or what is known of them; below 0 it is overspent. */
  readonly budgetLeft: number | null;
  /** Seconds of the budget's period that are known. */
  readonly budgetCoveredSec: number;
  readonly burnRates: readonly BurnSnapshot[];
  readonly alerts: readonly AlertSnapshot[];
}

/** How fast the budget burnt over one window. */
export interface BurnSnapshot {
  readonly sec: number;
  /** 1 spends the budget in exactly its period; `null` when nothing was counted. */
  readonly burnRate: number | null;
  readonly valid: number;
  readonly bad: number;
  /** Seconds of the window that anybody was counting for. */
  readonly coveredSec: number;
}

/** How one alert stands. */
export interface AlertSnapshot {
  readonly id: string;
  readonly severity: AlertSeverity;
  readonly longSec: number;
  readonly shortSec: number;
  readonly threshold: number;
  /** Calls that the long window needs: with fewer the state is `inconclusive`, unless it fires already. */
  readonly callsNeeded: number;
  readonly state: "ok" | "firing" | "inconclusive";
  /** Less than 80 % of the long window was watched: it is judged on what was. */
  readonly partial: boolean;
  /** When it began to fire, or when that was over, Unix milliseconds; `null` when it never fired. */
  readonly since: number | null;
}
