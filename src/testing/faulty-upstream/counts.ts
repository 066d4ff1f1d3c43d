import type { FaultName } from "./fault.js";

/** What an upstream has seen. */
export interface UpstreamCounts {
  /** Requests that came in, whatever became of them. */
  readonly requests: number;
  /** Requests that are not answered yet. */
  readonly inFlight: number;
  /** The most that were in flight at a time. */
  readonly peakInFlight: number;
  /** Requests whose client went away before it was answered, or that were cut off. */
  readonly unanswered: number;
  /** Requests by method and path, `"POST /search"`. */
  readonly byRoute: Readonly<Record<string, number>>;
  /** Answers by status. */
  readonly byStatus: Readonly<Record<number, number>>;
  /** Requests struck, by the kind of fault. */
  readonly byFault: Readonly<Partial<Record<FaultName, number>>>;
}

/** Routes that are told apart; requests to more of them count as `"(other)"`. */
const MOST_ROUTES = 1000;

/** Counts requests. */
export class RequestCounts {
  #requests = 0;
  #inFlight = 0;
  #peak = 0;
  #unanswered = 0;
  readonly #routes = new Map<string, number>();
  readonly #statuses = new Map<number, number>();
  readonly #faults = new Map<FaultName, number>();

  came(method: string, path: string): void {
    this.#requests++;
    this.#inFlight++;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    const route = `${method} ${path}`;
    raise(this.#routes, this.#routes.has(route) || this.#routes.size < MOST_ROUTES ? route : "(other)");
  }

  struck(fault: FaultName): void {
    raise(this.#faults, fault);
  }

  /** @param status `undefined`: it was not answered, or not to the end */
  went(status: number | undefined): void {
    this.#inFlight--;
    if (status === undefined) this.#unanswered++;
    else raise(this.#statuses, status);
  }

  snapshot(): UpstreamCounts {
    return {
      requests: this.#requests,
      inFlight: this.#inFlight,
      peakInFlight: this.#peak,
      unanswered: this.#unanswered,
      byRoute: Object.fromEntries(this.#routes),
      byStatus: Object.fromEntries(this.#statuses),
      byFault: Object.fromEntries(this.#faults),
    };
  }

  /** Forgets everything but what is in flight. */
  reset(): void {
    this.#requests = 0;
    this.#unanswered = 0;
    this.#peak = this.#inFlight;
    for (const counts of [this.#routes, this.#statuses, this.#faults]) counts.clear();
  }
}

function raise<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
