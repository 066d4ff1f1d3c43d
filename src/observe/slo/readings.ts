import type { AlertEvent } from "../../core/events.js";
import type { AlertDecision } from "../../kernel/alerts/alert.js";
import { latencyCeiling } from "../../kernel/sli/latency.js";
import { budgetLeft, type Counted } from "../budget.js";
import { SLI_WINDOWS } from "../sli-windows.js";
import type { SloCounts } from "./counts.js";
import { type Judgement, judge, rateOf } from "./judge.js";
import type { AlertPlan, Objective } from "./objective.js";
import type { SloView, SloWindow } from "./sli-history.js";
import type { AlertSnapshot, ObjectiveSnapshot } from "./snapshot.js";

/** The budget's period, in seconds. */
export const PERIOD_SEC = 30 * 86_400;
/** A window of which less was watched is told to be partial. */
const COVERED = 0.8;

/** What was counted over the last so many seconds. */
export type ReadWindow = (sec: number) => SloWindow;

/** One look at an objective: every window is added up once. */
export class Reading {
  readonly #objective: Objective;
  readonly #read: ReadWindow;
  readonly #windows = new Map<number, SloWindow>();

  constructor(objective: Objective, read: ReadWindow) {
    this.#objective = objective;
    this.#read = read;
  }

  judge(alert: AlertPlan): Judgement {
    return judge(alert, this.#objective.objective, this.#counted(alert.longSec), this.#counted(alert.shortSec));
  }

  /** What to tell of an alert. */
  event(alert: AlertPlan): AlertEvent {
    const { sli, name, objective, owner, runbook } = this.#objective;
    const { id, severity, threshold, longSec, shortSec } = alert;
    const burnRate = rateOf(this.#counted(longSec), objective);
    const left = this.#budgetLeft();
    return { name, id, sli, severity, burnRate, longSec, shortSec, threshold, budgetLeft: left, owner, runbook };
  }

  snapshot(
    stands: (alert: AlertPlan) => Pick<AlertDecision, "firing" | "since">,
    view: SloView,
    storeFailure: string | null,
  ): ObjectiveSnapshot {
    const { objective, owner, runbook, quick, alerts } = this.#objective;
    const secs = new Set([...SLI_WINDOWS, ...alerts.flatMap(({ longSec, shortSec }) => [longSec, shortSec])]);
    return {
      objective,
      owner,
      runbook,
      withinMs: quick === undefined ? null : latencyCeiling(quick),
      view,
      storeFailure,
      budgetLeft: this.#budgetLeft(),
      budgetCoveredSec: this.#coveredSec(PERIOD_SEC),
      burnRates: [...secs]
        .sort((a, b) => a - b)
        .map((sec) => {
          const counted = this.#counted(sec);
          return { sec, burnRate: rateOf(counted, objective), ...counted, coveredSec: this.#coveredSec(sec) };
        }),
      alerts: alerts.map((alert) => this.#alert(alert, stands(alert))),
    };
  }

  #alert(alert: AlertPlan, { firing, since }: Pick<AlertDecision, "firing" | "since">): AlertSnapshot {
    return {
      ...alert,
      state: firing ? "firing" : this.judge(alert).conclusive ? "ok" : "inconclusive",
      partial: this.#coveredSec(alert.longSec) < COVERED * alert.longSec,
      since: since === 0 ? null : since,
    };
  }

  #budgetLeft(): number | null {
    const left = budgetLeft(this.#counted(PERIOD_SEC), this.#objective.objective);
    return left === null ? null : Number(left.toPrecision(12));
  }

  #counted(sec: number): Counted {
    return countedFor(this.#objective, this.#window(sec));
  }

  #coveredSec(sec: number): number {
    return Math.floor(this.#window(sec).coveredMs / 1000);
  }

  #window(sec: number): SloWindow {
    let window = this.#windows.get(sec);
    if (window === undefined) {
      window = this.#read(sec);
      this.#windows.set(sec, window);
    }
    return window;
  }
}

function countedFor({ quick }: Objective, { valid, bad, slow }: SloCounts): Counted {
  return { valid, bad: quick === undefined ? bad : slow };
}
