import type { Clock } from "../../core/clock.js";
import { Deadlines } from "../../core/deadlines.js";
import type { Cells, MaybePromise, Outcome, StoreCall } from "../../core/store.js";
import { broken, StoreWait } from "../../core/store-wait.js";

/** How long a store may take: far below the minute that it is asked once in. */
const PATIENCE_MS = 5_000;

/** Steps cells; always answers in time, and never throws. */
export type Step<Config, Input, D extends object> = (key: string, config: Config, input: Input) => Promise<Outcome<D>>;

/** Makes stores that hang or break into ones that have failed: nobody else watches over what runs in the background. */
export class Patience {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock, PATIENCE_MS);
  }

  with<Config, Input, D extends object>(cells: Cells<Config, Input, D>): Step<Config, Input, D> {
    return (key, config, input) => this.of((call) => cells.step(key, config, input, call));
  }

  /** One answer of a store. */
  async of<D extends object>(ask: (call: StoreCall) => MaybePromise<Outcome<D>>): Promise<Outcome<D>> {
    try {
      const answer = ask({ deadlineMs: PATIENCE_MS });
      return answer instanceof Promise
        ? await new StoreWait(answer, this.#deadlines, this.#clock.monotonic()).answer
        : answer;
    } catch (error) {
      return broken(error);
    }
  }
}
