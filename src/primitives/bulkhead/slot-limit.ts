import { Derived, type KnobSource } from "../../core/runtime.js";
import type { CallOutcome } from "../outcome.js";
import { Aimd } from "./aimd.js";
import { type BulkheadConfig, type BulkheadOptions, bulkheadConfig } from "./options.js";

/** Who changed a limit. */
export type LimitChange = "knob" | "manual" | "adaptive";

/** How many slots there are: what the options or a knob say, until somebody sets it by hand or it adapts. */
export class SlotLimit {
  /** Slots there are now. */
  limit: number;
  /** What the limit can rise to: a call that weighs more can never run. */
  ceiling = 0;
  /** The options in effect, as of the last {@link refresh}. */
  config: BulkheadConfig;
  readonly #options: Derived<BulkheadConfig>;
  readonly #changed: (from: number, reason: LimitChange) => void;
  #aimd: Aimd | undefined;

  /** @throws {ConfigError} naming the option that is wrong */
  constructor(
    where: string,
    options: BulkheadOptions<never>,
    knobs: KnobSource,
    changed: (from: number, reason: LimitChange) => void,
  ) {
    this.#options = new Derived(knobs, (read) => bulkheadConfig(where, options, read));
    this.#changed = changed;
    this.config = this.#options.value;
    this.limit = this.config.maxConcurrent;
    this.#restart(this.limit);
  }

  /** Looks whether a knob has changed. */
  refresh(): void {
    const config = this.#options.value;
    if (config === this.config) return;
    const { maxConcurrent } = this.config;
    this.config = config;
    if (config.maxConcurrent !== maxConcurrent) this.set(config.maxConcurrent, "knob");
  }

  /** Sets the limit; one that adapts goes on from there. */
  set(limit: number, reason: LimitChange): void {
    this.#restart(limit);
    this.#become(limit, reason);
  }

  /** Lets the limit adapt to a call that has settled; see {@link Aimd.sample}. */
  sample(outcome: CallOutcome, inFlight: number, durationMs: number, dropped: boolean, weight: number): void {
    if (this.#aimd === undefined) return;
    this.#become(this.#aimd.sample(outcome, inFlight, durationMs, dropped, weight), "adaptive");
  }

  #restart(limit: number): void {
    const { adaptive } = this.config;
    this.ceiling = Math.max(limit, adaptive?.max ?? 0);
    this.#aimd = adaptive && new Aimd({ ...adaptive, min: Math.min(limit, adaptive.min), max: this.ceiling }, limit);
  }

  #become(limit: number, reason: LimitChange): void {
    const from = this.limit;
    if (limit === from) return;
    this.limit = limit;
    this.#changed(from, reason);
  }
}
