import { StoreFailure } from "../../core/store.js";
import {
  type AlertConfig,
  type AlertDecision,
  type AlertInput,
  type AlertVerdict,
  alertKernel,
} from "../../kernel/alerts/alert.js";
import type { AlertPlan } from "./objective.js";
import type { Step } from "./patient.js";

/** Steps cells of the store that hold alerts. */
export type AlertStep = Step<AlertConfig, AlertInput, AlertDecision>;

const KEEP_MS = 31 * 86_400_000;
const NEVER: AlertDecision = { firing: false, since: 0, by: 0 };

/** What is to be told the world. */
export type AlertNews = "alert.firing" | "alert.resolved";

/**
 * One alert as this process sees it. With a store it is the whole service's: one process brings a change about, and tells
 * it. While the store is away an alert can begin here alone, and then every process that sees the fire tells it; it is
 * ended by the same process. What the service's alert was before stays until the store is back: one process's view is
 * no proof that all are well.
 */
export class AlertTrack {
  readonly #alert: AlertPlan;
  readonly #step: AlertStep | undefined;
  readonly #by: number;
  readonly #config: AlertConfig;
  #known: AlertDecision = NEVER;
  /** The state of an alert that this process keeps by itself; with a store, only while it fires. */
  #alone: readonly number[] | undefined;
  #told = "";

  constructor(alert: AlertPlan, step: AlertStep | undefined, by: number) {
    this.#alert = alert;
    this.#step = step;
    this.#by = by;
    this.#config = alertConfig(alert);
  }

  get stands(): AlertDecision {
    return this.#known;
  }

  /** Whether a verdict would change anything, by what is known here. */
  wants(verdict: AlertVerdict): boolean {
    return this.#known.firing ? verdict === "calm" : verdict === "burning";
  }

  /** @param now Unix milliseconds; a store goes by its own clock */
  async judged(verdict: AlertVerdict, now: number): Promise<AlertNews | StoreFailure | undefined> {
    if (this.#step === undefined || this.#alone !== undefined) return this.#here(verdict, now);
    const answer = await this.#step(this.#alert.id, this.#config, { op: verdict, by: this.#by });
    if (answer instanceof StoreFailure) {
      const begins = verdict === "burning" && !this.#known.firing;
      return (begins ? this.#here(verdict, now) : undefined) ?? answer;
    }
    this.#known = answer;
    const { firing, since, by } = answer;
    const change = `${firing}:${since}`;
    if (by !== this.#by || this.#told === change) return undefined;
    this.#told = change;
    return firing ? "alert.firing" : "alert.resolved";
  }

  #here(verdict: AlertVerdict, now: number): AlertNews | undefined {
    const before = this.#known.firing;
    const { state, decision } = alertKernel.step(this.#alone, now, this.#config, { op: verdict, by: this.#by });
    this.#alone = state ?? this.#alone;
    this.#known = decision;
    if (decision.firing === before) return undefined;
    if (!decision.firing && this.#step !== undefined) this.#alone = undefined;
    return decision.firing ? "alert.firing" : "alert.resolved";
  }
}

/** An alert is over when it was calm for as long as its short window is. */
export function alertConfig({ shortSec }: AlertPlan): AlertConfig {
  return { holdMs: shortSec * 1000, keepMs: KEEP_MS };
}
