import type { Alarm, Clock } from "../core/clock.js";
import { Sli } from "./sli.js";
import type { SliSnapshot, SliSnapshots } from "./snapshot.js";

/** Seconds of the windows that alerts on burn rates look at: 5 and 30 minutes, 1, 2 and 6 hours, 1 and 3 days. */
export const SLI_WINDOWS: readonly number[] = [300, 1_800, 3_600, 7_200, 21_600, 86_400, 259_200];

const MINUTE_MS = 60_000;

/**
 * Counts the calls of every endpoint and upstream, in this process: how many, how many of them bad, how long they
 * took. Recording reads no clock: a single background alarm ends the minute for all indicators that were used in it,
 * and a kit that nobody calls has none.
 *
 * There is an indicator for each name that is defined, so their number is the program's and not its callers'.
 */
export class SliWindows {
  readonly #clock: Clock;
  readonly #kinds = { endpoint: new Map<string, Sli>(), upstream: new Map<string, Sli>() };
  /** Called with a minute's first call of an indicator. */
  onCall: (() => void) | undefined;
  #open: Sli[] = [];
  #alarm: Alarm | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The recorder of one endpoint or upstream; the same one for the same name. Fits `Runtime.sli`. */
  readonly recorder = (kind: "endpoint" | "upstream", name: string): Sli => {
    const known = this.#kinds[kind].get(name);
    if (known !== undefined) return known;
    const sli = new Sli(this.#clock.monotonic(), this.#opened);
    this.#kinds[kind].set(name, sli);
    return sli;
  };

  /** All indicators over all windows. */
  snapshot(): SliSnapshots {
    return { endpoints: this.#all("endpoint"), upstreams: this.#all("upstream") };
  }

  /** Drops the alarm. */
  close(): void {
    this.#alarm?.cancel();
    this.#endMinute();
  }

  readonly #opened = (sli: Sli): number => {
    const now = this.#clock.monotonic();
    this.#open.push(sli);
    this.onCall?.();
    if (this.#alarm === undefined) {
      const left = MINUTE_MS - (((now % MINUTE_MS) + MINUTE_MS) % MINUTE_MS);
      this.#alarm = this.#clock.alarm(Math.ceil(left), () => this.#endMinute(), "background");
    }
    return now;
  };

  #endMinute(): void {
    this.#alarm = undefined;
    for (const sli of this.#open) sli.close();
    this.#open = [];
  }

  #all(kind: "endpoint" | "upstream"): Record<string, SliSnapshot> {
    const now = this.#clock.monotonic();
    const all: Record<string, SliSnapshot> = {};
    for (const [name, sli] of this.#kinds[kind]) all[name] = { windows: sli.windows(now, SLI_WINDOWS) };
    return all;
  }
}
