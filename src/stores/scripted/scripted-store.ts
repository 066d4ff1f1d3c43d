import type { Bulletins } from "../../core/bulletins.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { Deadlines } from "../../core/deadlines.js";
import type { JobStore } from "../../core/jobs.js";
import type { Kernel } from "../../core/kernel.js";
import {
  type CellStep,
  type Cells,
  type MaybePromise,
  type Outcome,
  type Store,
  type StoreCall,
  StoreFailure,
  type StoreStats,
} from "../../core/store.js";
import { Batch, type BatchSending } from "./batch.js";
import { Glances } from "./glances.js";
import { ScriptedJobs } from "./jobs/scripted-jobs.js";
import type { Link } from "./link.js";
import { OneStep, type Part, type Request, Steps } from "./request.js";
import { Rounds } from "./rounds.js";
import { type Script, steppingScript } from "./script.js";
import { Silence } from "./silence.js";
import { slotOf } from "./slot.js";
import { twins as ownTwins } from "./twins/all.js";
import type { AnyTwin, Twin } from "./twins/twin.js";

/** What a store over scripts is made of. */
export interface ScriptedStoreParts {
  readonly link: Link;
  /** Before every key. */
  readonly prefix: string;
  /** For calls that bring none, in milliseconds. */
  readonly deadlineMs: number;
  /** Where a cell lies in a cluster: what is put between braces. Left out: each key for itself. */
  readonly partition?: ((space: string, key: string) => string) | undefined;
  /** Twins of kernels that this package doesn't know. */
  readonly twins?: readonly AnyTwin[] | undefined;
  readonly replicas?: BatchSending["replicas"];
  /** In place of the server's time. */
  readonly now?: (() => number) | undefined;
  readonly clock?: Clock | undefined;
}

/** Cells stepped in one script call. While the server runs one, this process makes ready the next; more at once gain nothing. */
const MOST_CELLS = 64;

/** A store whose server runs kernels' twins as scripts. What waits in the same tick for the same slot goes together. */
export class ScriptedStore implements Store<"act", undefined> {
  readonly capability = "act";
  readonly ctx = undefined;
  readonly kind: string;
  readonly #parts: ScriptedStoreParts;
  readonly #clock: Clock;
  readonly #twins = new Map<string, AnyTwin>();
  readonly #queues = new Map<string, ScriptedJobs>();
  readonly #spaces = new Map<string, ScriptedCells<never, never, object>>();
  readonly #scripts = new Map<string, Script>();
  readonly #deadlines = new Map<number, Deadlines>();
  /** By slot; one only where there is no cluster. */
  readonly #batches = new Map<number, Batch>();
  /** How scripts are sent. */
  readonly sending: BatchSending;
  /** Over publish and subscribe; `undefined` where there is none. */
  readonly bulletins: Bulletins | undefined;
  readonly #rounds = new Rounds(() => {
    const batches = [...this.#batches.values()];
    this.#batches.clear();
    for (const batch of batches) void batch.send(this.sending);
  });
  readonly #glances = new Glances(this);
  #closed = false;

  constructor(parts: ScriptedStoreParts) {
    const { link, now, clock = systemClock, prefix } = parts;
    const { channels } = link;
    this.bulletins = channels && {
      tell: (topic, text) => channels.publish(`${prefix}:news:${topic}`, text),
      hear: (topic, listener, gap) => channels.subscribe(`${prefix}:news:${topic}`, listener, gap),
    };
    this.#parts = parts;
    this.#clock = clock;
    this.kind = link.kind;
    for (const twin of [...ownTwins, ...(parts.twins ?? [])]) this.#twins.set(`${twin.name}@${twin.version}`, twin);
    this.sending = {
      link,
      silence: new Silence(this.monotonic),
      scriptOf: (twins) => this.#scriptOf(twins),
      now: now === undefined ? () => "" : () => String(now()),
      replicas: parts.replicas,
    };
  }

  /** @throws {TypeError} when the space is open for another kernel, or the kernel has no twin */
  open<S, Config, Input, D extends object>(
    kernel: Kernel<S, Config, Input, D>,
    space: string,
  ): Cells<Config, Input, D> {
    const { name, version } = kernel;
    const known = this.#spaces.get(space);
    if (known !== undefined && known.twin.name !== name)
      throw new TypeError(`${this.kind}: "${space}" is open for ${known.twin.name}, not for ${name}`);
    if (known?.twin.version === version) return known as unknown as Cells<Config, Input, D>;
    const twin = this.#twins.get(`${name}@${version}`);
    if (twin === undefined)
      throw new TypeError(`${this.kind}: the kernel ${name} (version ${version}) has no twin here; pass it in "twins"`);
    const glances = this.#parts.link.read !== undefined && twin.glance !== undefined ? this.#glances : undefined;
    const cells = new ScriptedCells(this, twin as unknown as Twin<Config, Input, D>, space, glances);
    this.#spaces.set(space, cells as unknown as ScriptedCells<never, never, object>);
    return cells;
  }

  together(steps: readonly CellStep<object>[]): boolean {
    if (!steps.every((step) => this.#owns(step))) return false;
    return new Set((steps as ScriptedStep[]).map(({ slot }) => slot)).size <= 1;
  }

  /** @throws {TypeError} when a cell is named twice: one step at the sum of both costs says what is meant */
  stepAll<D extends object>(steps: readonly CellStep<D>[], call?: StoreCall): MaybePromise<Outcome<readonly D[]>> {
    const parts: Part[] = [];
    const names = new Set<string>();
    let slot: number | undefined;
    for (const step of steps) {
      if (!this.#owns(step)) throw new TypeError(`stepAll: the cell "${step.key}" is another store's`);
      const { part } = step;
      if (names.has(part.name)) throw new TypeError(`stepAll: the cell "${step.key}" is named twice`);
      slot ??= step.slot;
      if (step.slot !== slot) throw new TypeError(`stepAll: the cell "${step.key}" lies in another partition`);
      names.add(part.name);
      parts.push(part);
    }
    if (slot === undefined) return [];
    return this.ask(new Steps<D>(parts, call), slot, call);
  }

  /** The jobs of a queue: all in one slot. */
  jobs(queue: string): JobStore {
    let jobs = this.#queues.get(queue);
    if (jobs === undefined) {
      jobs = new ScriptedJobs(this, `${this.#parts.prefix}:jobs:{${queue}}`);
      this.#queues.set(queue, jobs);
    }
    return jobs;
  }

  stats(): StoreStats {
    return { cells: null, capacity: null };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** From now on answers `unavailable`. The client is its owner's to close. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parts.link.close();
  }

  /** The name of a cell on the server. */
  nameOf(space: string, key: string): string {
    const { prefix, partition } = this.#parts;
    return partition === undefined
      ? `${prefix}:${space}:${key}`
      : `${prefix}:${space}:{${partition(space, key)}}:${key}`;
  }

  /** Where a cell lies. */
  slotOf(name: string): number {
    return this.#parts.link.cluster ? slotOf(name) : 0;
  }

  /** Sends a request with all that wait for the same slot. */
  ask<T extends object>(request: Request<T>, slot: number, call: StoreCall | undefined): Promise<Outcome<T>> {
    if (this.#closed) request.settle(new StoreFailure("unavailable", "no"));
    else if (call?.signal?.aborted) request.expire();
    else this.#add(request as unknown as Request<object>, slot, call);
    return request.answer;
  }

  #add(request: Request<object>, slot: number, call: StoreCall | undefined): void {
    let batch = this.#batches.get(slot);
    if (batch === undefined) {
      batch = new Batch(slot);
      this.#batches.set(slot, batch);
    }
    batch.add(request, this.deadlines(call), this.monotonic);
    this.#rounds.add();
    if (batch.size < MOST_CELLS) return;
    this.#batches.delete(slot);
    void batch.send(this.sending);
  }

  readonly monotonic = () => this.#clock.monotonic();

  /** Milliseconds of the time that was brought, or monotonic ones. */
  time(): number {
    return this.#parts.now?.() ?? this.#clock.monotonic();
  }

  /** Those of a call, or the store's. */
  deadlines(call: StoreCall | undefined): Deadlines {
    const ms = call?.deadlineMs ?? this.#parts.deadlineMs;
    let deadlines = this.#deadlines.get(ms);
    if (deadlines === undefined) {
      deadlines = new Deadlines(this.#clock, ms);
      this.#deadlines.set(ms, deadlines);
    }
    return deadlines;
  }

  #scriptOf(twins: readonly AnyTwin[]): Script {
    const id = twins.map(({ name, version }) => `${name}@${version}`).join(" ");
    let known = this.#scripts.get(id);
    if (known === undefined) {
      known = steppingScript(twins);
      this.#scripts.set(id, known);
    }
    return known;
  }

  #owns(step: CellStep<object>): step is ScriptedStep {
    return step instanceof ScriptedStep && step.store === this;
  }
}

/** The cells of one space. */
class ScriptedCells<Config, Input, D extends object> implements Cells<Config, Input, D> {
  readonly glance?: NonNullable<Cells<Config, Input, D>["glance"]>;

  constructor(
    readonly store: ScriptedStore,
    readonly twin: Twin<Config, Input, D>,
    readonly space: string,
    glances: Glances | undefined,
  ) {
    if (glances !== undefined)
      this.glance = (key, config, input, call) => glances.at(store.nameOf(space, key), twin, config, input, call);
  }

  step(key: string, config: Config, input: Input, call?: StoreCall): Promise<Outcome<D>> {
    const part = this.part(key, config, input);
    return this.store.ask(new OneStep<D>(part, call), this.store.slotOf(part.name), call);
  }

  with(key: string, config: Config, input: Input): CellStep<D> {
    const part = this.part(key, config, input);
    return new ScriptedStep(this.store, key, part, this.store.slotOf(part.name));
  }

  part(key: string, config: Config, input: Input): Part {
    return {
      name: this.store.nameOf(this.space, key),
      twin: this.twin as unknown as AnyTwin,
      config: config as never,
      input: input as never,
    };
  }
}

class ScriptedStep implements CellStep<never> {
  constructor(
    readonly store: ScriptedStore,
    readonly key: string,
    readonly part: Part,
    readonly slot: number,
  ) {}
}
