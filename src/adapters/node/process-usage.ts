import type { Clock } from "../../core/clock.js";
import { onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { ProcessMeter, ProcessMeterSource, ProcessUsage } from "../../core/process-usage.js";
import { type LoopHistogram, type Machine, thisProcess } from "./machine.js";

/** Options of {@link processUsage}. */
export interface ProcessUsageOptions {
  /**
   * What figures of late are of: at least so long, and about twice as long at most when they are read that often.
   * Default `"10s"`, at least `"1s"`.
   */
  readonly over?: Duration;
}

/**
 * Measures memory, processor and event loop of this process, for the snapshot of a kit, and for all that reads it: the
 * `process_*` metrics of `keelson/prometheus`, and soak drills, which judge whether memory grows. Costs two timers of the
 * event loop's own, which ring fifty times a second without running any JavaScript and hold no process, and nothing
 * for a request.
 *
 * @example
 * const kit = createKit({ service: "shop", process: processUsage() });
 *
 * @throws {ConfigError} on a wrong option
 */
export function processUsage(options: ProcessUsageOptions = {}): ProcessMeterSource {
  onlyKnown(options, "processUsage", ["over"]);
  const overMs = milliseconds(options.over ?? "10s", "processUsage.over", 1000);
  return (clock) => new RecentUsage(clock, overMs, thisProcess);
}

/** From where figures of late count. */
interface Stretch {
  readonly from: number;
  readonly cpuSec: number;
  readonly loop: LoopHistogram;
}

/**
 * Two stretches that overlap, of which the older one is read. When the younger one is long enough it becomes the older
 * one, and another begins: so whoever reads gets the same figures, however many read, and needs no timer.
 */
export class RecentUsage implements ProcessMeter {
  readonly #clock: Clock;
  readonly #overMs: number;
  readonly #machine: Machine;
  #older: Stretch;
  #younger: Stretch;

  constructor(clock: Clock, overMs: number, machine: Machine) {
    this.#clock = clock;
    this.#overMs = overMs;
    this.#machine = machine;
    const now = clock.monotonic();
    const cpuSec = machine.cpuSec();
    this.#older = { from: now, cpuSec, loop: machine.loop() };
    this.#younger = { from: now, cpuSec, loop: machine.loop() };
  }

  read(): ProcessUsage {
    const now = this.#clock.monotonic();
    const cpuSec = this.#machine.cpuSec();
    if (now - this.#younger.from >= this.#overMs) {
      const { loop } = this.#older;
      loop.reset();
      this.#older = this.#younger;
      this.#younger = { from: now, cpuSec, loop };
    }
    const { from, cpuSec: before, loop } = this.#older;
    const recentSec = (now - from) / 1000;
    return {
      uptimeMs: this.#machine.uptimeMs(),
      ...this.#machine.memory(),
      cpuSec,
      cpuShare: recentSec > 0 ? (cpuSec - before) / recentSec : null,
      loopDelay: loop.read(),
      recentSec,
    };
  }

  stop(): void {
    this.#older.loop.stop();
    this.#younger.loop.stop();
  }
}
