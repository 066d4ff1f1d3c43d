import type { EventMap } from "../../core/events.js";
import type { Point } from "../../sinks/families.js";
import { LabelBounds, OTHER } from "../../sinks/label-bounds.js";
import type { Listening } from "../../sinks/sink.js";

/** How long things took. */
export interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  /** For each bound how many took as long or less, and were longer than the bound before; one more for the rest. */
  readonly counts: readonly number[];
  /** Seconds. */
  readonly sum: number;
}

/** Statuses of one endpoint that are told apart. */
const MAX_STATUSES = 64;

class Durations {
  readonly counts: number[];
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  record(ms: number): void {
    const seconds = ms / 1000;
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += seconds;
  }
}

class EndpointTally {
  readonly durations: Durations;
  readonly statuses = new Map<number, Map<string, number>>();

  constructor(bounds: readonly number[]) {
    this.durations = new Durations(bounds);
  }

  count({ status, code = "", durationMs }: EventMap["endpoint.settled"]): void {
    this.durations.record(durationMs);
    let codes = this.statuses.get(status);
    if (codes === undefined) {
      // (0 stands for all others: no answer has it.)
      const kept = this.statuses.size < MAX_STATUSES ? status : 0;
      codes = this.statuses.get(kept) ?? new Map<string, number>();
      this.statuses.set(kept, codes);
    }
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
}

/** Counts what a snapshot doesn't: answers by status, and how long endpoints, upstreams and jobs take. */
export class Tallies {
  readonly #bounds: readonly number[];
  readonly #names: LabelBounds;
  readonly #endpoints = new Map<string, EndpointTally>();
  readonly #upstreams = new Map<string, Durations>();
  readonly #jobs = new Map<string, Map<string, Durations>>();

  constructor(bounds: readonly number[], maxNames: number) {
    this.#bounds = bounds;
    this.#names = new LabelBounds(maxNames);
  }

  /** Counts from now on. */
  listen(listening: Listening): void {
    const counting = { counting: true };
    listening.to(
      "endpoint.settled",
      (event) => {
        const tally = this.#endpoints.get(event.name) ?? this.#endpoint(event.name);
        tally.count(event);
      },
      counting,
    );
    listening.to(
      "upstream.settled",
      ({ name, durationMs }) => {
        const durations = this.#upstreams.get(name) ?? this.#durations("upstream", this.#upstreams, "name", name);
        durations.record(durationMs);
      },
      counting,
    );
    listening.to(
      "job.succeeded",
      ({ name, tool, durationMs }) => {
        const tools = this.#jobs.get(name) ?? this.#queue(name);
        (tools.get(tool) ?? this.#durations("job", tools, "tool", tool)).record(durationMs);
      },
      counting,
    );
  }

  /** Answers of endpoints. */
  responses(): readonly Point[] {
    return [...this.#endpoints].flatMap(([name, { statuses }]) =>
      [...statuses].flatMap(([status, codes]) =>
        [...codes].map(([code, value]) => ({
          labels: { name, status: status === 0 ? OTHER : `${status}`, code },
          value,
        })),
      ),
    );
  }

  endpointDurations(): readonly Distribution[] {
    return [...this.#endpoints].map(([name, { durations }]) => distribution({ name }, durations));
  }

  upstreamDurations(): readonly Distribution[] {
    return [...this.#upstreams].map(([name, durations]) => distribution({ name }, durations));
  }

  jobDurations(): readonly Distribution[] {
    return [...this.#jobs].flatMap(([name, tools]) =>
      [...tools].map(([tool, durations]) => distribution({ name, tool }, durations)),
    );
  }

  #endpoint(name: string): EndpointTally {
    const known = this.#names.word("endpoint", "name", name);
    const tally = this.#endpoints.get(known) ?? new EndpointTally(this.#bounds);
    this.#endpoints.set(known, tally);
    return tally;
  }

  #queue(name: string): Map<string, Durations> {
    const known = this.#names.word("job", "name", name);
    const tools = this.#jobs.get(known) ?? new Map<string, Durations>();
    this.#jobs.set(known, tools);
    return tools;
  }

  #durations(family: string, all: Map<string, Durations>, label: string, word: string): Durations {
    const known = this.#names.word(family, label, word);
    const durations = all.get(known) ?? new Durations(this.#bounds);
    all.set(known, durations);
    return durations;
  }
}

function distribution(labels: Record<string, string>, { counts, sum }: Durations): Distribution {
  return { labels, counts: [...counts], sum };
}
