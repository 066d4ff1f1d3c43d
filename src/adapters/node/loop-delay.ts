import type { Alarm, Clock } from "../../core/clock.js";
import { onlyKnown } from "../../core/config.js";
import { type Duration, milliseconds } from "../../core/duration.js";
import type { LoopDelay, LoopDelaySource } from "../../core/front-door.js";

/** Options of {@link eventLoopDelay}. */
export interface EventLoopDelayOptions {
  /** How often it is measured, while requests come. Default `"10ms"`. */
  readonly every?: Duration;
}

/**
 * Measures how late the event loop is, for an overload guard: by a timer of its own, which is overdue as long as the loop
 * doesn't get to it. That can be read at any moment, also in the middle of the turn that is being late, where the
 * histogram of `perf_hooks.monitorEventLoopDelay` only learns of it afterwards. Without requests there is no timer.
 *
 * @example
 * const kit = createKit({ service: "shop", overload: { loop: eventLoopDelay() } });
 *
 * @throws {ConfigError} on a wrong option
 */
export function eventLoopDelay(options: EventLoopDelayOptions = {}): LoopDelaySource {
  onlyKnown(options, "eventLoopDelay", ["every"]);
  const everyMs = milliseconds(options.every ?? "10ms", "eventLoopDelay.every", 1);
  return (clock, heard) => new OverdueTimer(clock, everyMs, heard);
}

class OverdueTimer implements LoopDelay {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #heard: (now: number, lateMs: number) => void;
  #alarm: Alarm | undefined;
  /** When the timer should ring. */
  #due = 0;
  /** Whether anybody asked since it last rang. */
  #asked = false;

  constructor(clock: Clock, everyMs: number, heard: (now: number, lateMs: number) => void) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#heard = heard;
  }

  lateMs(now: number): number {
    this.#asked = true;
    if (this.#alarm === undefined) this.#arm(now);
    return Math.max(0, now - this.#due);
  }

  stop(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  #arm(now: number): void {
    this.#due = now + this.#everyMs;
    this.#alarm = this.#clock.alarm(this.#everyMs, this.#ring, "background");
  }

  readonly #ring = (): void => {
    const now = this.#clock.monotonic();
    const lateMs = Math.max(0, now - this.#due);
    this.#heard(now, lateMs);
    // The last that is heard is that all is well.
    if (this.#asked || lateMs > this.#everyMs) this.#arm(now);
    else this.#alarm = undefined;
    this.#asked = false;
  };
}
