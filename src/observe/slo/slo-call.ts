import type { Clock } from "../../core/clock.js";
import type { Events } from "../../core/events.js";
import { type Outcome, type Store, StoreFailure } from "../../core/store.js";
import { type AlertDecision, alertKernel } from "../../kernel/alerts/alert.js";
import { type SliReadings, stretchesOf } from "../call-slis.js";
import { alertConfig } from "./alert-track.js";
import { NO_COUNTS, plus } from "./counts.js";
import type { AlertPlan, Objective } from "./objective.js";
import { Patience } from "./patient.js";
import { Reading } from "./readings.js";
import type { SloWindow } from "./sli-history.js";
import type { ObjectiveSnapshot } from "./snapshot.js";

/** What judging needs, within one call. */
export interface SloCallParts {
  readonly clock: Clock;
  readonly events: Events;
  readonly random: () => number;
  readonly store: Store;
}

/**
 * Judges the objectives of a kit that is bound to each call: what is counted lies in the store already. A place that
 * can't write only looks how alerts stand.
 */
export async function judgedInCall(
  objectives: readonly Objective[],
  read: SliReadings,
  parts: SloCallParts,
): Promise<Record<string, ObjectiveSnapshot>> {
  const { clock, events, random } = parts;
  const by = 1 + Math.floor(random() * (2 ** 48 - 1));
  const now = clock.wall();
  const readings = objectives.map((objective) => {
    const reading = new Reading(objective, (sec) => windowOf(objective, read, sec, now));
    return { objective, reading };
  });
  const asked = readings.flatMap(({ objective, reading }) => objective.alerts.map((alert) => ({ alert, reading })));
  const answers = await stood(asked, by, parts);
  const stands = new Map<AlertPlan, Outcome<AlertDecision>>();
  for (const [at, { alert, reading }] of asked.entries()) {
    const answer = answers[at] as Outcome<AlertDecision>;
    stands.set(alert, answer);
    if (!(answer instanceof StoreFailure) && answer.by === by)
      events.emit(answer.firing ? "alert.firing" : "alert.resolved", reading.event(alert));
  }
  const standing = (alert: AlertPlan) => {
    const answer = stands.get(alert);
    return answer === undefined || answer instanceof StoreFailure ? { firing: false, since: 0 } : answer;
  };
  return Object.fromEntries(
    readings.map(({ objective, reading }) => {
      const failures = [read.failure, ...objective.alerts.map((alert) => stands.get(alert))];
      const failure = failures.find((answer) => answer instanceof StoreFailure);
      return [objective.sli, reading.snapshot(standing, "service", failure?.reason ?? null)];
    }),
  );
}

/** How alerts stand, after they were told what is seen where that can be written: all of them in one go, where they can. */
async function stood(
  asked: readonly { readonly alert: AlertPlan; readonly reading: Reading }[],
  by: number,
  { clock, store }: SloCallParts,
): Promise<readonly Outcome<AlertDecision>[]> {
  const cells = store.open(alertKernel, "alerts");
  const patience = new Patience(clock);
  const writes = store.capability === "act" || store.capability === "write";
  const told = asked.map(({ alert, reading }) => {
    const op = writes ? reading.judge(alert).verdict : ("look" as const);
    return [alert.id, alertConfig(alert), { op, by }] as const;
  });
  const steps = told.map((one) => cells.with(...one));
  if (!writes || steps.length < 2 || !store.together(steps)) {
    const step = patience.with(cells);
    return Promise.all(told.map((one) => step(...one)));
  }
  const answer = await patience.of((call) => store.stepAll(steps, call));
  return answer instanceof StoreFailure ? told.map(() => answer) : answer;
}

function windowOf(objective: Objective, read: SliReadings, sec: number, now: number): SloWindow {
  const { quick } = objective;
  let sum = NO_COUNTS;
  for (const { counts } of stretchesOf(read, objective, sec, now)) {
    const [valid = 0, bad = 0, ...latencies] = counts;
    let slow = 0;
    for (let i = 0; i < latencies.length; i += 2)
      if (quick !== undefined && (latencies[i] as number) > quick) slow += latencies[i + 1] as number;
    sum = plus(sum, { valid, bad, slow });
  }
  return { ...sum, coveredMs: Math.min(sec * 1000, now - read.began) };
}
