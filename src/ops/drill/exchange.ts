import type { Client, Dispatcher } from "undici";
import { misses } from "../expect/judge.js";
import { type Answered, codeOf } from "../http/exchange.js";
import type { Connections } from "./connections.js";
import type { Lane } from "./lane.js";
import { OUTCOME, outcomeOfFailure } from "./outcome.js";

/** Answers that are looked into are cut off there. */
const MOST_BYTES = 8 * 1024 * 1024;

/** Whom requests tell how they ended. Each does once. */
export interface Exchanges {
  /** Milliseconds since the start. */
  now(): number;
  ended(exchange: Exchange, outcome: number, reason: string | undefined, done: number): void;
}

/**
 * One request under way: undici's handler, in the form that it uses itself, so that headers which nobody looks at are
 * never taken apart.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly lane: Lane;
  readonly laneAt: number;
  readonly stage: number;
  readonly due: number;
  readonly sent: number;
  /** Neighbours among those under way in the same lane, in the order in which they were sent. */
  before: Exchange | undefined = undefined;
  after: Exchange | undefined = undefined;
  readonly #owner: Exchanges;
  readonly #connections: Connections;
  #client: Client | undefined = undefined;
  #ended = false;
  #status = 0;
  #headers: Buffer[] | undefined = undefined;
  #chunks: Buffer[] | undefined = undefined;
  #bytes = 0;

  constructor(
    owner: Exchanges,
    connections: Connections,
    lane: Lane,
    laneAt: number,
    stage: number,
    due: number,
    sent: number,
  ) {
    this.#owner = owner;
    this.#connections = connections;
    this.lane = lane;
    this.laneAt = laneAt;
    this.stage = stage;
    this.due = due;
    this.sent = sent;
  }

  send(options: Dispatcher.DispatchOptions): void {
    const client = this.#connections.take();
    this.#client = client;
    client.dispatch(options, this);
  }

  /** Waits no longer. */
  cut(outcome: number, reason?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#client !== undefined) this.#connections.cut(this.#client);
    this.#owner.ended(this, outcome, reason, this.#owner.now());
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.#ended) abort();
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    this.#status = status;
    if (this.lane.deep) this.#headers = headers;
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (!this.lane.deep) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES) this.cut(OUTCOME.unknown, "the answer is longer than 8 MB");
    else {
      this.#chunks ??= [];
      this.#chunks.push(chunk);
    }
    return true;
  }

  onComplete(): void {
    if (this.#ended) return;
    this.#ended = true;
    const done = this.#owner.now();
    this.#free();
    const outcome = this.lane.byStatus[this.#status] ?? OUTCOME.unknown;
    if (outcome !== OUTCOME.success) this.#owner.ended(this, outcome, `status ${this.#status}`, done);
    else if (!this.lane.deep) this.#owner.ended(this, outcome, undefined, done);
    else this.#judge(done);
  }

  onError(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    // undici is not done with this client yet, and must not find another request with it.
    setImmediate(() => this.#free());
    const code = codeOf(error);
    this.#owner.ended(this, outcomeOfFailure(error, code), code, this.#owner.now());
  }

  #free(): void {
    if (this.#client !== undefined) this.#connections.giveBack(this.#client);
  }

  #judge(done: number): void {
    const [miss] = misses(this.#answer(done), this.lane.scenario.expect, new Date());
    if (miss === undefined) this.#owner.ended(this, OUTCOME.success, undefined, done);
    else {
      // Without what was observed: reasons are counted, and must be few.
      const outcome = this.#status >= 500 ? OUTCOME["5xx"] : OUTCOME.unknown;
      this.#owner.ended(this, outcome, `${miss.what}: expected ${miss.expected}`, done);
    }
  }

  #answer(done: number): Answered {
    const body = Buffer.concat(this.#chunks ?? []);
    const headers: Record<string, string> = {};
    const raw = this.#headers ?? [];
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = String(raw[at]).toLowerCase();
      const value = (raw[at + 1] as Buffer).toString("latin1");
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
    }
    let text: string | undefined;
    return {
      kind: "answered",
      status: this.#status,
      headers,
      body,
      text: () => {
        text ??= body.toString("utf8");
        return text;
      },
      ms: done - this.sent,
      certificateEnds: this.#connections.certificateEnds,
    };
  }
}
