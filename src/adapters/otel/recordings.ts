import type { Attributes, Histogram } from "@opentelemetry/api";
import type { Alarm, Clock } from "../../core/clock.js";
import type { SinkErrorListener } from "../../sinks/sink.js";

const EVERY_MS = 100;
/** Measurements recorded at a time, which holds up the process by about a millisecond, and the wait before the next. */
const SLICE = 500;
const REST_MS = 10;
/** Measurements that may wait: at ten a millisecond a tenth of a second's are a thousand. */
const WAITING = 50_000;
/** A series has room for so many from the start, and keeps room for so many. */
const ROOM = 16;
const KEPT_ROOM = 4_096;

/** Measurements that have a histogram and all attributes in common. */
export class Series {
  /** Of the first {@link waiting}, in seconds. */
  values = new Float64Array(ROOM);
  waiting = 0;

  constructor(
    readonly histogram: Histogram,
    readonly attributes: Attributes,
  ) {}

  push(seconds: number): void {
    if (this.waiting === this.values.length) {
      const wider = new Float64Array(2 * this.waiting);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.waiting++] = seconds;
  }

  /** Gives back the room that a crowd of measurements needed. */
  shrink(): void {
    if (this.values.length > KEPT_ROOM) this.values = new Float64Array(ROOM);
  }
}

/**
 * Keeps measurements for a moment, a number each, and records them together: away from requests, and a few at a time, for
 * an SDK writes out a measurement's attributes each time to find what it belongs to, and nobody else can do that for it.
 */
export class Recordings {
  dropped = 0;
  readonly #clock: Clock;
  readonly #report: SinkErrorListener;
  /** Those with something that waits. */
  readonly #series: Series[] = [];
  #waiting = 0;
  #alarm: Alarm | undefined;

  constructor(clock: Clock, report: SinkErrorListener) {
    this.#clock = clock;
    this.#report = report;
  }

  add(series: Series, durationMs: number): void {
    if (this.#waiting >= WAITING) {
      this.dropped++;
      return;
    }
    this.#waiting++;
    if (series.waiting === 0) this.#series.push(series);
    series.push(durationMs / 1000);
    this.#alarm ??= this.#clock.alarm(EVERY_MS, () => this.#record(SLICE), "background");
  }

  /** Records everything that waits. */
  flush(): void {
    this.#record(Number.POSITIVE_INFINITY);
  }

  #record(atMost: number): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    let left = atMost;
    while (left > 0) {
      const series = this.#series[0];
      if (series === undefined) return;
      const { histogram, attributes, values } = series;
      for (const until = Math.max(0, series.waiting - left); series.waiting > until; left--) {
        this.#waiting--;
        series.waiting--;
        try {
          histogram.record(values[series.waiting] as number, attributes);
        } catch (error) {
          this.#report(error);
        }
      }
      if (series.waiting > 0) break;
      series.shrink();
      this.#series.shift();
    }
    if (this.#series.length > 0) this.#alarm = this.#clock.alarm(REST_MS, () => this.#record(SLICE), "background");
  }
}
