import type { Attributes, Histogram } from "@opentelemetry/api";
import type { Alarm, Clock } from "../../core/clock.js";
import type { SinkErrorListener } from "../../sinks/sink.js";

const EVERY_MS = 100;
/** Measurements that may wait: at ten a millisecond a tenth of a second's are a thousand. */
const WAITING = 50_000;

/**
 * Keeps measurements for a moment, and records them all at once: away from requests, and far cheaper than one by one, for
 * an SDK writes out a measurement's attributes each time to find what it belongs to.
 */
export class Recordings {
  dropped = 0;
  readonly #clock: Clock;
  readonly #report: SinkErrorListener;
  readonly #histograms: Histogram[] = [];
  readonly #values: number[] = [];
  readonly #attributes: Attributes[] = [];
  #alarm: Alarm | undefined;

  constructor(clock: Clock, report: SinkErrorListener) {
    this.#clock = clock;
    this.#report = report;
  }

  add(histogram: Histogram, durationMs: number, attributes: Attributes): void {
    if (this.#values.length >= WAITING) {
      this.dropped++;
      return;
    }
    this.#histograms.push(histogram);
    this.#values.push(durationMs / 1000);
    this.#attributes.push(attributes);
    this.#alarm ??= this.#clock.alarm(EVERY_MS, () => this.flush(), "background");
  }

  /** Records what waits. */
  flush(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    for (let at = 0; at < this.#values.length; at++) {
      try {
        this.#histograms[at]?.record(this.#values[at] as number, this.#attributes[at]);
      } catch (error) {
        this.#report(error);
      }
    }
    this.#histograms.length = 0;
    this.#values.length = 0;
    this.#attributes.length = 0;
  }
}
