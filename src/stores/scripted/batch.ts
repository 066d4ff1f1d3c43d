import type { Deadlines } from "../../core/deadlines.js";
import { StoreFailure } from "../../core/store.js";
import { Due } from "./due.js";
import { evaluate, type Sending } from "./evaluate.js";
import { failureOf } from "./failure.js";
import type { Part, Request } from "./request.js";
import type { Script } from "./script.js";
import type { AnyTwin, Arg } from "./twins/twin.js";

/** How a batch is sent. */
export interface BatchSending extends Sending {
  /** The script that steps cells of these kernels, in this order. */
  scriptOf(twins: readonly AnyTwin[]): Script;
}

/**
 * Requests that go to the server in one script call. What follows upon each other with the same kernel, configuration
 * and input is told once, with a count: the thousand callers of one limiter send little more than their keys.
 */
export class Batch {
  readonly requests: Request<object>[] = [];
  readonly #keys: string[] = [];
  readonly #args: string[] = ["", "0"];
  /** The keys, until one of them comes twice. */
  #distinct: Set<string> | undefined = new Set();
  /** Where in the arguments a twin is named, and which. */
  readonly #named: { readonly at: number; readonly twin: AnyTwin }[] = [];
  readonly #twins = new Set<AnyTwin>();
  readonly #dues = new Map<Deadlines, Due>();
  #last: Part | undefined;
  /** Where the count of the last run is. */
  #countAt = 0;
  /** What the longest of them waits. */
  #longestMs = 0;

  constructor(readonly slot: number) {}

  /** Cells to be stepped. */
  get size(): number {
    return this.#keys.length;
  }

  add(request: Request<object>, deadlines: Deadlines, now: () => number): void {
    const { parts } = request;
    // What can't be encoded throws here, before anything is changed.
    if (parts.length === 1) this.#alone(parts[0] as Part);
    else {
      const encoded = parts.map(({ twin, config, input }) => twin.encode(config, input));
      for (const [i, args] of encoded.entries()) this.#run(parts[i] as Part, args, i < parts.length - 1);
      this.#last = undefined;
    }
    this.requests.push(request);
    // From here on nobody takes it back: who gives up meanwhile doesn't know whether it was done.
    request.sent = true;
    this.#due(deadlines, now).add(request);
  }

  /** Sends it and settles the requests. Never rejects. */
  async send(sending: BatchSending): Promise<void> {
    const { link, silence } = sending;
    if (!link.ready() || !silence.ask(this.slot, this.#longestMs))
      return this.#fail(new StoreFailure("unavailable", "no"));
    const twins = [...this.#twins].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version - b.version));
    for (const { at, twin } of this.#named) this.#args[at] = String(twins.indexOf(twin) + 1);
    this.#args[0] = sending.now();
    try {
      const answer = evaluate(sending, sending.scriptOf(twins), this.#keys, this.#args);
      this.#read((await answer.finally(() => silence.heard(this.slot))) as readonly unknown[]);
    } catch (error) {
      this.#fail(failureOf(error));
    }
  }

  #read(values: readonly unknown[]): void {
    this.#settled();
    const now = values[0] as number;
    let at = 1;
    for (const request of this.requests) at = request.read(values, at, now);
  }

  #fail(failure: StoreFailure): void {
    this.#settled();
    for (const request of this.requests) request.settle(failure);
  }

  #settled(): void {
    for (const due of this.#dues.values()) due.done();
    this.#dues.clear();
  }

  #due(deadlines: Deadlines, now: () => number): Due {
    let due = this.#dues.get(deadlines);
    if (due === undefined) {
      due = new Due(deadlines, now());
      this.#longestMs = Math.max(this.#longestMs, deadlines.ms);
      this.#dues.set(deadlines, due);
    }
    return due;
  }

  #alone(part: Part): void {
    const last = this.#last;
    if (last !== undefined && last.twin === part.twin && last.config === part.config && last.input === part.input) {
      this.#args[this.#countAt] = String(Number(this.#args[this.#countAt]) + 1);
      this.#key(part.name);
      return;
    }
    this.#run(part, part.twin.encode(part.config, part.input), false);
    this.#last = part;
  }

  #key(name: string): void {
    this.#keys.push(name);
    if (this.#distinct === undefined || this.#distinct.add(name).size === this.#keys.length) return;
    this.#distinct = undefined;
    this.#args[1] = "1";
  }

  #run({ name, twin }: Part, args: readonly Arg[], more: boolean): void {
    this.#key(name);
    this.#twins.add(twin);
    this.#countAt = this.#args.length;
    this.#named.push({ at: this.#countAt + 2, twin });
    this.#args.push("1", more ? "1" : "0", "", String(args.length));
    for (const arg of args) this.#args.push(typeof arg === "string" ? arg : String(arg));
  }
}
