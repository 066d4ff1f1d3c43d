import type { Duration } from "../../core/duration.js";

/** How urgent an alert is: a page wakes somebody, a ticket can wait for the morning. */
export type AlertSeverity = "page" | "ticket";

/** When an alert fires: the error budget burns more than `threshold` times as fast as it may, over both windows. */
export interface BurnAlert {
  readonly severity: AlertSeverity;
  /** Burn rate: 1 spends the budget in exactly its period of 30 days. The comparison is strict. */
  readonly threshold: number;
  /** The window that says that it matters. From a minute to 30 days. */
  readonly long: Duration;
  /** The window that says that it still goes on; shorter than the long one. */
  readonly short: Duration;
}

/** How many calls have to be quick enough. */
export interface LatencySlo {
  /** A call that takes longer is slow, however it ends. Below `"131s"`; see `withinMs` of the snapshot for its accuracy. */
  readonly within: Duration;
  /** Share of calls that are not slow, above 0 and below 1: 0.95, say. */
  readonly objective: number;
  /** Default: {@link BURN_ALERTS}. */
  readonly alerts?: readonly BurnAlert[];
}

/**
 * What an endpoint, boundary or upstream promises, who answers for it, and where is written what to do when it isn't
 * kept. Calls that count are those of its service-level indicator.
 */
export interface Slo {
  /** Share of good calls that is promised over 30 days, above 0 and below 1: 0.999, say. */
  readonly objective: number;
  /** Who is called. */
  readonly owner: string;
  /** Where is written what to do: a path or a URL. */
  readonly runbook: string;
  /** An indicator of its own, `endpoint:chat:latency`, with alerts of its own. */
  readonly latency?: LatencySlo;
  /** Default: {@link BURN_ALERTS}. An empty list keeps the budget and alerts nobody. */
  readonly alerts?: readonly BurnAlert[];
}

/** Whatever has an indicator may have an objective. */
export interface Promised {
  /** What it promises; see {@link Slo}. Default: nothing, and no alerts. */
  readonly slo?: Slo;
}

/**
 * The alerts of Google's SRE Workbook (chapter 5, table 5-8) for a budget of 30 days, whose objective is 0.931 or more.
 * They page when 2 % of the budget is spent in an hour or 5 % in six, and open a ticket at 10 % in a day or in three.
 */
export const BURN_ALERTS: readonly BurnAlert[] = [
  { severity: "page", threshold: 14.4, long: "1h", short: "5m" },
  { severity: "page", threshold: 6, long: "6h", short: "30m" },
  { severity: "ticket", threshold: 3, long: "1d", short: "2h" },
  { severity: "ticket", threshold: 1, long: "3d", short: "6h" },
];
