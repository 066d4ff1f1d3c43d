/** Why requests ended as they did, where the outcome alone doesn't say: by lane, outcome and reason. */
export interface Reason {
  readonly lane: number;
  readonly outcome: number;
  readonly reason: string;
  readonly count: number;
}

/** Requests that ended, a column each. Its buffers can be handed to another thread. Times: milliseconds since the start. */
export interface Batch {
  readonly length: number;
  readonly stage: Uint16Array;
  readonly lane: Uint16Array;
  readonly outcome: Uint8Array;
  /** When it was due; in a closed stage when it was sent. */
  readonly due: Float64Array;
  readonly sent: Float64Array;
  readonly done: Float64Array;
  readonly reasons: readonly Reason[];
  /** Requests under way when the batch was closed. */
  readonly inFlight: number;
}

/** Takes what was measured. */
export interface Sink {
  take(batch: Batch): void;
}

const CAPACITY = 8_192;
/** Beyond these, reasons are counted as one: what comes from a server has no bound. */
const MOST_REASONS = 50;
export const OTHER_REASONS = "other reasons";

/** Collects requests that ended into batches. */
export class BatchWriter {
  readonly #sink: Sink;
  #length = 0;
  #stage = new Uint16Array(CAPACITY);
  #lane = new Uint16Array(CAPACITY);
  #outcome = new Uint8Array(CAPACITY);
  #due = new Float64Array(CAPACITY);
  #sent = new Float64Array(CAPACITY);
  #done = new Float64Array(CAPACITY);
  #reasons = new Map<string, { lane: number; outcome: number; reason: string; count: number }>();

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  add(stage: number, lane: number, outcome: number, due: number, sent: number, done: number): void {
    const at = this.#length++;
    this.#stage[at] = stage;
    this.#lane[at] = lane;
    this.#outcome[at] = outcome;
    this.#due[at] = due;
    this.#sent[at] = sent;
    this.#done[at] = done;
  }

  because(lane: number, outcome: number, reason: string): void {
    const key = `${lane}:${outcome}:${reason}`;
    const known = this.#reasons.get(key);
    if (known !== undefined) known.count++;
    else if (this.#reasons.size < MOST_REASONS || reason === OTHER_REASONS)
      this.#reasons.set(key, { lane, outcome, reason, count: 1 });
    else this.because(lane, outcome, OTHER_REASONS);
  }

  get full(): boolean {
    return this.#length === CAPACITY;
  }

  /** Hands on what there is. The columns are the sink's from then on. */
  flush(inFlight: number): void {
    const length = this.#length;
    this.#sink.take({
      length,
      stage: this.#stage.slice(0, length),
      lane: this.#lane.slice(0, length),
      outcome: this.#outcome.slice(0, length),
      due: this.#due.slice(0, length),
      sent: this.#sent.slice(0, length),
      done: this.#done.slice(0, length),
      reasons: [...this.#reasons.values()],
      inFlight,
    });
    this.#length = 0;
    this.#reasons = new Map();
  }
}
