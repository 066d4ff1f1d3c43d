import { nearestRank } from "../stats/quantile.js";
import { isValid, OUTCOME, OUTCOMES } from "./outcome.js";

/** Figures over time, a column each; a row is `everySec` long. By when requests ended. */
export interface SeriesData {
  readonly everySec: number;
  readonly success: number[];
  readonly expected4xx: number[];
  readonly "5xx": number[];
  readonly network: number[];
  readonly timeout: number[];
  readonly unknown: number[];
  /** Response times, exact; `null` where nothing valid ended. */
  readonly p50Ms: (number | null)[];
  readonly p95Ms: (number | null)[];
  readonly p99Ms: (number | null)[];
}

/** A growing list of numbers. */
class Column {
  #values = new Float64Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const more = new Float64Array(this.length * 2);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.length++] = value;
  }

  sorted(): Float64Array {
    return this.#values.slice(0, this.length).sort();
  }
}

/** Percentiles of one stretch, exactly; `null` without values. */
export interface Percentiles {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** What ended in one stretch of time. */
export class Interval {
  readonly counts = OUTCOMES.map(() => 0);
  readonly #responses = new Column();

  add(outcome: number, responseMs: number): void {
    this.counts[outcome] = (this.counts[outcome] as number) + 1;
    if (isValid(outcome)) this.#responses.push(responseMs);
  }

  get length(): number {
    return this.#responses.length;
  }

  percentiles(): Percentiles {
    const sorted = this.#responses.sorted();
    const at = (q: number) => {
      const value = sorted[nearestRank(sorted.length, q) - 1];
      return value === undefined ? null : Math.round(value * 1000) / 1000;
    };
    return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
  }
}

/** Intervals wait so long for requests that another thread still has to hand on. */
const LATEST_MS = 2_000;

/** Figures of one lane over time. Its latencies are held for the last few intervals alone. */
export class Series {
  readonly #everyMs: number;
  readonly #open = new Map<number, Interval>();
  readonly #closed: { readonly counts: readonly number[]; readonly percentiles: Percentiles }[] = [];

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(outcome: number, responseMs: number, done: number): void {
    // What comes later than any other thread's requests may counts for the oldest interval that is still open.
    const at = Math.max(this.#closed.length, Math.floor(done / this.#everyMs));
    let interval = this.#open.get(at);
    if (interval === undefined) {
      interval = new Interval();
      this.#open.set(at, interval);
      this.#close(Math.floor((done - LATEST_MS) / this.#everyMs));
    }
    interval.add(outcome, responseMs);
  }

  /** Closes all intervals before one. */
  #close(before: number): void {
    while (this.#closed.length < before) {
      const at = this.#closed.length;
      const interval = this.#open.get(at) ?? new Interval();
      this.#open.delete(at);
      this.#closed.push({ counts: interval.counts, percentiles: interval.percentiles() });
    }
  }

  /** All of it. Nothing can be added after. */
  data(): SeriesData {
    this.#close(Math.max(this.#closed.length, ...[...this.#open.keys()].map((at) => at + 1)));
    const count = (outcome: keyof typeof OUTCOME) =>
      this.#closed.map(({ counts }) => counts[OUTCOME[outcome]] as number);
    return {
      everySec: this.#everyMs / 1000,
      success: count("success"),
      expected4xx: count("expected4xx"),
      "5xx": count("5xx"),
      network: count("network"),
      timeout: count("timeout"),
      unknown: count("unknown"),
      p50Ms: this.#closed.map(({ percentiles }) => percentiles.p50Ms),
      p95Ms: this.#closed.map(({ percentiles }) => percentiles.p95Ms),
      p99Ms: this.#closed.map(({ percentiles }) => percentiles.p99Ms),
    };
  }
}
