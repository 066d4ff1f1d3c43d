import { Latencies } from "./latencies.js";
import { isValid, OUTCOME, OUTCOMES, type OutcomeCounts } from "./outcome.js";

/** How the requests of one lane ended, in one stretch of time. */
export class Tally {
  readonly #counts = OUTCOMES.map(() => 0);
  /** Since they were due. */
  readonly response = new Latencies();
  /** Since they were sent. */
  readonly service = new Latencies();

  add(outcome: number, due: number, sent: number, done: number): void {
    this.#counts[outcome] = (this.#counts[outcome] as number) + 1;
    if (!isValid(outcome)) return;
    const censored = outcome === OUTCOME.timeout;
    this.response.record((done - due) * 1000, censored);
    this.service.record((done - sent) * 1000, censored);
  }

  merge(other: Tally): void {
    for (const [at, count] of other.#counts.entries()) this.#counts[at] = (this.#counts[at] as number) + count;
    this.response.add(other.response);
    this.service.add(other.service);
  }

  get outcomes(): OutcomeCounts {
    const at = (outcome: keyof typeof OUTCOME) => this.#counts[OUTCOME[outcome]] as number;
    return {
      success: at("success"),
      expected4xx: at("expected4xx"),
      "5xx": at("5xx"),
      network: at("network"),
      timeout: at("timeout"),
      unknown: at("unknown"),
      aborted: at("aborted"),
    };
  }

  /** Those that count as bad. */
  get bad(): number {
    const { "5xx": server, network, timeout, unknown } = this.outcomes;
    return server + network + timeout + unknown;
  }

  /** Good and bad ones. */
  get valid(): number {
    return this.outcomes.success + this.bad;
  }
}

/** Several tallies as one. */
export function merged(tallies: Iterable<Tally>): Tally {
  const all = new Tally();
  for (const tally of tallies) all.merge(tally);
  return all;
}
