import type { Clock } from "../../core/clock.js";
import type { Events } from "../../core/events.js";
import { type Store, StoreFailure } from "../../core/store.js";
import { type AlertDecision, alertKernel } from "../../kernel/alerts/alert.js";
import { type SliReadings, stretchesOf } from "../call-slis.js";
import { type AlertStep, alertConfig } from "./alert-track.js";
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
  const { clock, store, random } = parts;
  const step = new Patience(clock).with(store.open(alertKernel, "alerts"));
  const by = 1 + Math.floor(random() * (2 ** 48 - 1));
  const now = clock.wall();
  const all = objectives.map(async (objective) => {
    const reading = new Reading(objective, (sec) => windowOf(objective, read, sec, now));
    const stands = new Map<AlertPlan, AlertDecision | StoreFailure>();
    const steps = objective.alerts.map(async (alert) => {
      const answer = await judged(alert, reading, step, by, parts);
      stands.set(alert, answer);
      return answer;
    });
    const failure = [read.failure, ...(await Promise.all(steps))].find((answer) => answer instanceof StoreFailure);
    const standing = (alert: AlertPlan) => {
      const answer = stands.get(alert);
      return answer === undefined || answer instanceof StoreFailure ? { firing: false, since: 0 } : answer;
    };
    return [objective.sli, reading.snapshot(standing, "service", failure?.reason ?? null)] as const;
  });
  return Object.fromEntries(await Promise.all(all));
}

async function judged(
  alert: AlertPlan,
  reading: Reading,
  step: AlertStep,
  by: number,
  { events, store }: SloCallParts,
): Promise<AlertDecision | StoreFailure> {
  const writes = store.capability === "act" || store.capability === "write";
  const op = writes ? reading.judge(alert).verdict : "look";
  const answer = await step(alert.id, alertConfig(alert), { op, by });
  if (!(answer instanceof StoreFailure) && answer.by === by)
    events.emit(answer.firing ? "alert.firing" : "alert.resolved", reading.event(alert));
  return answer;
}

function windowOf({ kind, name, quick }: Objective, read: SliReadings, sec: number, now: number): SloWindow {
  const { since, stretches } = stretchesOf(read, sec, now);
  let sum = NO_COUNTS;
  for (const one of stretches) {
    if (one.kind !== kind || one.name !== name || one.start < since) continue;
    const [valid = 0, bad = 0, ...latencies] = one.counts;
    let slow = 0;
    for (let i = 0; i < latencies.length; i += 2)
      if (quick !== undefined && (latencies[i] as number) > quick) slow += latencies[i + 1] as number;
    sum = plus(sum, { valid, bad, slow });
  }
  return { ...sum, coveredMs: Math.min(sec * 1000, now - read.began) };
}
