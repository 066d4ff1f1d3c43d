/** How fast a new usual latency is believed. */
const LEARNING_MS = 30_000;
/** How fast a longer one is, while requests are refused: it may well be of our own making. */
const DOUBTED_MS = 600_000;
/** How fast, when it has turned out not to be. */
const CERTAIN_MS = 2_000;
/** Calls at the beginning whose plain average is what is usual. */
const FIRST = 20;
/** Below, a latency says nothing: clocks are coarse, and in some runtimes stand still while code runs. */
const LEAST_MS = 0.1;
/** Above, nothing was measured: a day. */
const MOST_MS = 86_400_000;

/** How far to believe that a latency has become usual. */
export type Belief = "doubted" | "plain" | "certain";

const MEMORY: Readonly<Record<Belief, number>> = { doubted: DOUBTED_MS, plain: LEARNING_MS, certain: CERTAIN_MS };

/**
 * What latency is usual for calls of one kind: the mean of its logarithm, so that a few long calls among short ones
 * don't count for more than the rest together.
 */
export class UsualLatency {
  #log = 0;
  #seen = 0;
  #at = 0;

  /**
   * Takes in a call.
   *
   * @param longer how far one that is longer than usual is believed
   * @returns the logarithm of its latency as a multiple of the usual one
   */
  sample(now: number, tookMs: number, longer: Belief): number {
    const log = Math.log(Math.min(MOST_MS, Math.max(LEAST_MS, tookMs)));
    const error = log - this.#log;
    const elapsed = Math.max(0, now - this.#at);
    this.#at = now;
    if (this.#seen < FIRST) {
      this.#log += error / ++this.#seen;
      return log - this.#log;
    }
    const memory = error > 0 ? MEMORY[longer] : LEARNING_MS;
    this.#log += error * (elapsed / (elapsed + memory));
    return error;
  }
}
