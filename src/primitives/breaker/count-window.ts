import type { CallWindow, WindowRecord } from "./call-window.js";

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls, however long ago: a byte each, in a ring. */
export class CountWindow implements CallWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly #ring: Uint8Array;
  /** Where the next call goes; once the ring is full that is the oldest one's place. */
  #at = 0;

  constructor(size: number) {
    this.#ring = new Uint8Array(size);
  }

  record(_now: number, failed: boolean, slow: boolean): void {
    const ring = this.#ring;
    if (this.calls === ring.length) {
      const oldest = ring[this.#at] as number;
      this.failures -= oldest & FAILED;
      this.slow -= oldest >> 1;
    } else this.calls++;
    let call = 0;
    if (failed) {
      call = FAILED;
      this.failures++;
    }
    if (slow) {
      call |= SLOW;
      this.slow++;
    }
    ring[this.#at] = call;
    this.#at = this.#at + 1 === ring.length ? 0 : this.#at + 1;
  }

  advance(): void {
    // Calls leave only when others come.
  }

  serialise(): WindowRecord {
    const ring = [...this.#ring];
    const full = this.calls === ring.length;
    return { calls: full ? [...ring.slice(this.#at), ...ring.slice(0, this.#at)] : ring.slice(0, this.calls) };
  }

  restore(record: WindowRecord): boolean {
    if (!("calls" in record)) return false;
    for (const call of record.calls) this.record(0, (call & FAILED) !== 0, (call & SLOW) !== 0);
    return true;
  }
}
