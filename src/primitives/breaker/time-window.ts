import type { CallWindow, WindowRecord } from "./call-window.js";

/** Numbers a bucket holds: calls, failures, slow calls. */
const WIDTH = 3;

/**
 * The calls of the last `windowMs`, in a ring of buckets. A bucket is forgotten as a whole, so the window covers
 * between `windowMs` less one bucket and `windowMs`. Time that goes backwards counts as standing still.
 */
export class TimeWindow implements CallWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly #bucketMs: number;
  readonly #length: number;
  readonly #cells: Uint32Array;
  /** Where the current bucket begins in the cells. */
  #at = 0;
  /** When the current bucket ends: while `now` is before it, recording is a few additions. */
  #endsAt: number;

  constructor(windowMs: number, buckets: number, now: number) {
    this.#bucketMs = windowMs / buckets;
    this.#length = buckets * WIDTH;
    this.#cells = new Uint32Array(this.#length);
    this.#endsAt = now + this.#bucketMs;
  }

  record(now: number, failed: boolean, slow: boolean): void {
    if (now >= this.#endsAt) this.#rotate(now);
    const cells = this.#cells;
    const at = this.#at;
    this.calls++;
    cells[at] = (cells[at] as number) + 1;
    if (failed) {
      this.failures++;
      cells[at + 1] = (cells[at + 1] as number) + 1;
    }
    if (slow) {
      this.slow++;
      cells[at + 2] = (cells[at + 2] as number) + 1;
    }
  }

  advance(now: number): void {
    if (now >= this.#endsAt) this.#rotate(now);
  }

  #rotate(now: number): void {
    const cells = this.#cells;
    const passed = Math.floor((now - this.#endsAt) / this.#bucketMs) + 1;
    this.#endsAt += passed * this.#bucketMs;
    if (passed * WIDTH >= this.#length) {
      cells.fill(0);
      this.calls = this.failures = this.slow = 0;
      return;
    }
    for (let i = 0; i < passed; i++) {
      this.#at = (this.#at + WIDTH) % this.#length;
      this.calls -= cells[this.#at] as number;
      this.failures -= cells[this.#at + 1] as number;
      this.slow -= cells[this.#at + 2] as number;
      cells.fill(0, this.#at, this.#at + WIDTH);
    }
  }

  serialise(now: number): WindowRecord {
    this.advance(now);
    const cells = this.#cells;
    const buckets: [number, number, number][] = [];
    for (let i = WIDTH; i <= this.#length; i += WIDTH) {
      const at = (this.#at + i) % this.#length;
      buckets.push([cells[at] as number, cells[at + 1] as number, cells[at + 2] as number]);
    }
    return { bucketMs: this.#bucketMs, ageMs: Math.max(0, now - this.#endsAt + this.#bucketMs), buckets };
  }

  restore(record: WindowRecord, now: number, elapsedMs: number): boolean {
    if (!("buckets" in record) || record.bucketMs !== this.#bucketMs) return false;
    if (record.buckets.length * WIDTH !== this.#length) return false;
    this.#cells.set(record.buckets.flat());
    this.#at = this.#length - WIDTH;
    for (const [calls, failures, slow] of record.buckets) {
      this.calls += calls;
      this.failures += failures;
      this.slow += slow;
    }
    this.#endsAt = now - record.ageMs - elapsedMs + this.#bucketMs;
    this.advance(now);
    return true;
  }
}
