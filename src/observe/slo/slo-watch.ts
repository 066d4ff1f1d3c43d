import type { Alarm, Clock } from "../../core/clock.js";
import type { Events } from "../../core/events.js";
import { type Store, StoreFailure } from "../../core/store.js";
import { alertKernel } from "../../kernel/alerts/alert.js";
import { sliCell } from "../../kernel/sli/sli-cell.js";
import type { SliWindows } from "../sli-windows.js";
import { AlertTrack } from "./alert-track.js";
import type { AlertPlan, Objective } from "./objective.js";
import { Patience } from "./patient.js";
import { Reading } from "./readings.js";
import { SliHistory, type SloView } from "./sli-history.js";
import type { ObjectiveSnapshot } from "./snapshot.js";

const MINUTE_MS = 60_000;
/** Processes look this long after the minute at most, each at a time of its own: not all at the store at once. */
const SPREAD_MS = 5_000;

/** What a {@link SloWatch} needs. */
export interface SloWatchParts {
  readonly clock: Clock;
  readonly events: Events;
  readonly random: () => number;
  readonly slis: SliWindows;
  /** Where the processes of a service count together; left out: each counts for itself. */
  readonly store: Store | undefined;
}

/** The objectives about one indicator. */
interface Watched {
  readonly history: SliHistory;
  readonly objectives: readonly {
    readonly objective: Objective;
    readonly tracks: ReadonlyMap<AlertPlan, AlertTrack>;
  }[];
  failure: StoreFailure | undefined;
}

/**
 * Judges the objectives of a kit whose process counts for itself: once a minute, and whenever a snapshot is taken. It
 * begins with the first call that is counted, or the first snapshot. Nothing of it is on the way of a call.
 */
export class SloWatch {
  readonly #parts: SloWatchParts;
  readonly #declared = new Map<string, readonly Objective[]>();
  readonly #watched = new Map<string, Watched>();
  readonly #startedAt: number;
  readonly #patience: Patience;
  #by = 0;
  #spreadMs = 0;
  #alarm: Alarm | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(parts: SloWatchParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.monotonic();
    this.#patience = new Patience(parts.clock);
    parts.slis.onCall = () => this.#start();
  }

  /** Whether there is anything to watch. */
  get watches(): boolean {
    return this.#declared.size > 0;
  }

  /** Objectives about one indicator. */
  add(objectives: readonly Objective[]): void {
    for (const { kind, name } of objectives.slice(0, 1)) this.#declared.set(`${kind}:${name}`, objectives);
  }

  /** Judges everything by what is known now. */
  async look(): Promise<void> {
    this.#start();
    await this.#evaluated(this.#parts.clock.wall(), false);
  }

  /** By the indicator's id; as last judged. */
  snapshot(): Record<string, ObjectiveSnapshot> {
    const now = this.#parts.clock.wall();
    const all: Record<string, ObjectiveSnapshot> = {};
    for (const watched of this.#watched.values()) {
      const { view, reason } = this.#viewOf(watched);
      for (const { objective, tracks } of watched.objectives) {
        const stands = (alert: AlertPlan) => (tracks.get(alert) as AlertTrack).stands;
        all[objective.sli] = this.#reading(watched, objective, now, view).snapshot(stands, view, reason);
      }
    }
    return all;
  }

  /** Drops the alarm, and leaves the store what has been counted. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#alarm?.cancel();
    await this.#running;
    const now = this.#parts.clock.wall();
    await Promise.all(
      [...this.#watched.values()].map(({ history }) => {
        history.take(now);
        return history.refresh(now);
      }),
    );
  }

  #start(): void {
    for (const [sli, objectives] of this.#declared) if (!this.#watched.has(sli)) this.#watch(sli, objectives);
    if (this.#alarm !== undefined || this.#watched.size === 0 || this.#closed) return;
    this.#spreadMs = Math.floor(this.#parts.random() * SPREAD_MS);
    this.#arm();
  }

  #watch(sli: string, objectives: readonly Objective[]): void {
    const [first] = objectives;
    if (first === undefined) return;
    const { slis, store, random } = this.#parts;
    if (this.#by === 0) this.#by = 1 + Math.floor(random() * (2 ** 48 - 1));
    const quick = objectives.find((one) => one.quick !== undefined)?.quick;
    const counts = store && this.#patience.with(store.open(sliCell, "slis"));
    const alerts = store && this.#patience.with(store.open(alertKernel, "alerts"));
    this.#watched.set(sli, {
      history: new SliHistory(sli, slis.recorder(first.kind, first.name), quick, counts),
      objectives: objectives.map((objective) => ({
        objective,
        tracks: new Map(objective.alerts.map((alert) => [alert, new AlertTrack(alert, alerts, this.#by)])),
      })),
      failure: undefined,
    });
  }

  #arm(): void {
    const { clock } = this.#parts;
    const past = ((clock.wall() % MINUTE_MS) + MINUTE_MS) % MINUTE_MS;
    const ms = Math.ceil(MINUTE_MS - past + this.#spreadMs);
    this.#alarm = clock.alarm(ms, () => this.#tick(), "background");
  }

  #tick(): void {
    if (this.#closed) return;
    this.#arm();
    // What was counted since the last time happened in the minute that is over, but for the few seconds since.
    void this.#evaluated(this.#parts.clock.wall() - this.#spreadMs - 1, true);
  }

  /** One at a time; who comes meanwhile gets the one under way. */
  #evaluated(at: number, exchanging: boolean): Promise<void> {
    this.#running ??= Promise.all([...this.#watched.values()].map((one) => this.#evaluate(one, at, exchanging)))
      .then(() => undefined)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #evaluate(watched: Watched, at: number, exchanging: boolean): Promise<void> {
    const { history, objectives } = watched;
    history.take(at);
    const now = this.#parts.clock.wall();
    if (exchanging || !history.exchanged) watched.failure = await history.refresh(now);
    const { view } = this.#viewOf(watched);
    for (const { objective, tracks } of objectives) {
      const reading = this.#reading(watched, objective, now, view);
      await Promise.all(
        [...tracks].map(async ([alert, track]) => {
          const { verdict } = reading.judge(alert);
          if (!exchanging && !track.wants(verdict)) return;
          const news = await track.judged(verdict, now);
          if (news instanceof StoreFailure) watched.failure ??= news;
          else if (news !== undefined) this.#parts.events.emit(news, reading.event(alert));
        }),
      );
    }
  }

  #viewOf({ failure }: Watched): { readonly view: SloView; readonly reason: string | null } {
    if (this.#parts.store === undefined) return { view: "process", reason: null };
    return failure === undefined ? { view: "service", reason: null } : { view: "process", reason: failure.reason };
  }

  #reading({ history }: Watched, objective: Objective, now: number, view: SloView): Reading {
    const uptimeMs = this.#parts.clock.monotonic() - this.#startedAt;
    return new Reading(objective, (sec) => history.window(sec * 1000, now, view, uptimeMs));
  }
}
