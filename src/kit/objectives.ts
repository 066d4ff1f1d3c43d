import { ConfigError } from "../core/config.js";
import type { SliReadings } from "../observe/call-slis.js";
import { type Objective, objectivesOf, type SliKind } from "../observe/slo/objective.js";
import type { Promised } from "../observe/slo/slo.js";
import { judgedInCall, type SloCallParts } from "../observe/slo/slo-call.js";
import { SloWatch } from "../observe/slo/slo-watch.js";
import type { ObjectiveSnapshot } from "../observe/slo/snapshot.js";
import type { Ground } from "./ground.js";

/** What a service promises, and whether it keeps it. */
export class Objectives {
  readonly watch: SloWatch;
  readonly #all: Objective[] = [];
  readonly #bound: boolean;

  constructor({ rt: { clock, random, events }, slis, sloStore, bound }: Ground) {
    this.watch = new SloWatch({ clock, random, events, slis, store: sloStore });
    this.#bound = bound;
  }

  /** Whether anything was promised. */
  get any(): boolean {
    return this.#all.length > 0;
  }

  /**
   * Takes down what an endpoint or upstream promises, where it promises anything.
   *
   * @param method what it was given to, for the error
   * @throws {ConfigError} when it is no objective, or something with that name promises already
   */
  promise(kind: SliKind, method: string, name: string, slo: Promised["slo"]): void {
    if (slo === undefined) return;
    const where = `${method}(${JSON.stringify(name)}).slo`;
    if (this.#all.some((one) => one.kind === kind && one.name === name))
      throw new ConfigError(where, name, "one objective for what has that name");
    const objectives = objectivesOf(kind, name, slo, where);
    this.#all.push(...objectives);
    // What lives for one call has nothing that watches: it is judged when it is looked at.
    if (this.#bound) this.watch.add(objectives);
  }

  /** Judges by what lies in the store of one call. */
  judged(read: SliReadings, parts: SloCallParts): Promise<Record<string, ObjectiveSnapshot>> {
    return judgedInCall(this.#all, read, parts);
  }
}
