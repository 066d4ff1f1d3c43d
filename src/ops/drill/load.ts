import { seeded } from "../../core/seeded.js";
import type { Stage } from "../config/scenario.js";
import type { Sink } from "./batch.js";
import { Connections } from "./connections.js";
import { type Lane, type LaneSpec, laneOf } from "./lane.js";
import { Run, type RunResult } from "./run.js";
import { Interleave, plan } from "./schedule.js";
import type { Share } from "./share.js";

/** Options of {@link Load}. */
export interface LoadOptions {
  readonly lanes: readonly LaneSpec[];
  /** Seeds payloads, templates and the order of lanes. */
  readonly seed: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every `of`th arrival, from the `at`th on. Default: all. */
  readonly share?: Share;
}

/** Options of {@link Load.run}. */
export interface RunOptions {
  readonly sink: Sink;
  readonly signal: AbortSignal;
  /** When it begins, by this thread's `performance.now()`. Default: now. */
  readonly start?: number;
}

/**
 * Load on one or several servers from this thread. Connections, and the count of requests that payloads are made by, live
 * as long as it does: run after run goes over warm connections.
 */
export class Load {
  readonly #lanes: readonly Lane[];
  readonly #connections: readonly Connections[];
  readonly #interleave: Interleave;
  readonly #share: Share;
  readonly #indexes: number[];

  /** @throws {UsageError} when a template names what there isn't */
  constructor({ lanes, seed, env, share = { at: 0, of: 1 } }: LoadOptions) {
    const context = { env, seed: (seed + Math.imul(share.at, 0x9e3779b9)) >>> 0, now: () => Date.now() };
    this.#lanes = lanes.map((lane) => laneOf(lane, context));
    const byTarget = new Map<string, Connections>();
    this.#connections = lanes.map(({ target }) => {
      const key = `${new URL(target.url).origin} ${target.insecureTls}`;
      const connections = byTarget.get(key) ?? new Connections(target);
      byTarget.set(key, connections);
      return connections;
    });
    this.#interleave = new Interleave(
      lanes.map(({ weight, scenario }) => weight ?? scenario.weight),
      seeded(seed),
    );
    this.#share = share;
    this.#indexes = lanes.map(() => share.at);
  }

  /** Names of its lanes. */
  get lanes(): readonly string[] {
    return this.#lanes.map(({ name }) => name);
  }

  /**
   * Runs stages to their end, and until the last request is answered or out of time; or until the signal is aborted, which
   * cuts off what is under way. Once at a time.
   *
   * @throws {UsageError} when a payload generator fails
   */
  run(stages: readonly Stage[], { sink, signal, start = performance.now() }: RunOptions): Promise<RunResult> {
    return new Run({
      lanes: this.#lanes,
      connections: this.#connections,
      interleave: this.#interleave,
      plan: plan(stages),
      share: this.#share,
      sink,
      signal,
      start,
      nextIndex: (lane) => {
        const index = this.#indexes[lane] as number;
        this.#indexes[lane] = index + this.#share.of;
        return index;
      },
    }).whole();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await Promise.all([...new Set(this.#connections)].map((connections) => connections.close()));
  }
}
