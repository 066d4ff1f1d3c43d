import { type Clock, systemClock } from "./clock.js";
import type { Context } from "./context.js";
import { Events } from "./events.js";
import type { FrontDoor } from "./front-door.js";
import type { Store } from "./store.js";
import type { Work } from "./work.js";

/** Where primitives get everything from that is not their own: time, chance, listeners, the store, the knobs. */
export interface Runtime {
  readonly service: string;
  readonly clock: Clock;
  /** From 0 up to 1, like `Math.random`. Injected, so that a run can be repeated from a seed. */
  readonly random: () => number;
  readonly events: Events;
  /** Left out where a kit is only defined and bound later, to each call. */
  readonly store?: Store;
  readonly knobs: KnobSource;
  /** Counts the requests under way, and says when nothing new is to begin. */
  readonly work?: Work;
  /** Refuses requests while there is more to do than can be done. */
  readonly overload?: FrontDoor;
  /** Counts outcomes for the service-level indicators. */
  readonly sli?: SliRecorders;
  /** The context of the present call where none is passed along. */
  readonly currentContext?: () => Context | undefined;
  /** Runs what guards have let through in its context. */
  readonly inContext?: <T>(context: Context, fn: () => T) => T;
}

/** The recorder of an endpoint or upstream; the same one for the same name. */
export type SliRecorders = (kind: "endpoint" | "upstream", name: string) => SliRecorder;

/** Takes the outcomes of one endpoint or upstream. */
export interface SliRecorder {
  /** @param bad `undefined`: neither good nor bad (cancelled by the caller, refused for the client's own fault) */
  record(bad: boolean | undefined, durationMs: number): void;
}

/** The knobs in effect. */
export interface KnobSource {
  readonly values: Readonly<Record<string, unknown>>;
  /** Raised with every change. */
  readonly revision: number;
  /** Gets the error of whoever can't use a changed value and goes on with what it had. Left out: it is thrown. */
  refused?(error: unknown): void;
}

/** A value, or how to get it from the knobs. */
export type Tunable<K, T> = T | ((knobs: K) => T);

const NO_KNOBS: KnobSource = { values: {}, revision: 0 };

/** A runtime for primitives used on their own. What is left out is the machine's. */
export function runtime(parts: Partial<Runtime> = {}): Runtime {
  return {
    service: "service",
    clock: systemClock,
    random: Math.random,
    events: new Events(),
    knobs: NO_KNOBS,
    ...parts,
  };
}

/** A configuration made from options that may depend on knobs; made again when a knob changes. */
export class Derived<T> {
  readonly #knobs: KnobSource;
  readonly #build: (read: ReadTunable) => T;
  #revision: number;
  #value: T;

  /** @throws {ConfigError} what `build` throws: a bad option is found when it is given */
  constructor(knobs: KnobSource, build: (read: ReadTunable) => T) {
    this.#knobs = knobs;
    this.#build = build;
    this.#revision = knobs.revision;
    this.#value = build(this.#read);
  }

  readonly #read: ReadTunable = (option) =>
    typeof option === "function" ? (option as (knobs: unknown) => never)(this.#knobs.values) : (option as never);

  /**
   * The configuration in effect. Where a knob was turned to what the knob allows and the option doesn't, it stays what
   * it was: a slip of the hand must not fail every call.
   */
  get value(): T {
    if (this.#revision !== this.#knobs.revision) {
      this.#revision = this.#knobs.revision;
      try {
        this.#value = this.#build(this.#read);
      } catch (error) {
        if (this.#knobs.refused === undefined) throw error;
        this.#knobs.refused(error);
      }
    }
    return this.#value;
  }
}

/** Reads an option that may depend on the knobs. */
export type ReadTunable = <T>(option: Tunable<never, T>) => T;
