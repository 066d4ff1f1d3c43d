import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { type CellStep, type Cells, type Store, StoreFailure } from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../manual-clock.js";
import type { MakeStore, StoreCapabilities, StoreUnderTest } from "./bench.js";
import { describeStore } from "./describe-store.js";
import { failuresOf } from "./failures.fixture.js";

const memory = ({ maxCells = 1000 }: { readonly maxCells?: number }): StoreUnderTest => {
  const clock = new ManualClock();
  return { store: memoryStore({ clock, maxCells }), advance: (ms) => clock.advance(ms) };
};

describeStore("memory", memory, { describe, it, expect });

/** The titles of the tests that a store fails. */
const failures = (make: MakeStore, capabilities?: StoreCapabilities) =>
  failuresOf((framework) => describeStore("mutant", make, framework, capabilities));

type Any = Store<"act", unknown>;

/** The memory store, but for one thing. */
function mutant(change: (store: Any) => Partial<Any>): MakeStore {
  return (wish) => {
    const under = memory(wish);
    const { store } = under;
    const same: Any = {
      capability: "act",
      ctx: undefined,
      kind: "mutant",
      open: (kernel, space) => store.open(kernel, space),
      together: (steps) => store.together(steps),
      stepAll: (steps, call) => store.stepAll(steps, call),
      stats: () => store.stats(),
      close: () => store.close(),
    };
    return { ...under, store: { ...same, ...change(store) } };
  };
}

describe("the conformance suite", () => {
  it("finds nothing wrong with a store that is right", async () => {
    expect(await failures(memory)).toEqual([]);
    expect(await failures(mutant(() => ({})))).toEqual([]);
  });

  it.each<[what: string, change: (store: Any) => Partial<Any>, found: string]>([
    [
      "mixes up spaces",
      (store) => ({ open: (kernel) => store.open(kernel, `one:${kernel.name}`) }),
      "cells: are told apart by what they are for",
    ],
    [
      "trims keys",
      (store) => ({ open: (kernel, space) => rekeyed(store.open(kernel, space), (key) => key.trim()) }),
      "cells: are told apart by their keys, odd ones too",
    ],
    [
      "forgets everything",
      (store) => {
        let n = 0;
        return { open: (kernel, space) => rekeyed(store.open(kernel, space), (key) => `${key} ${n++}`) };
      },
      "limits by gcra: allow no more than there is, however many ask at once",
    ],
    [
      "reads, waits and writes over what came between",
      (store) => ({ open: (kernel, space) => store.open({ ...kernel, step: racy(kernel.step) }, space) }),
      "operations that happen once: begin once, however many begin them at once, and are replayed with all of their record",
    ],
    [
      "never lets anything expire",
      (store) => ({
        open: (kernel, space) =>
          store.open(
            { ...kernel, step: (state, _now, config, input) => kernel.step(state, 1000, config, input) },
            space,
          ),
      }),
      "leases: run out, and get greater numbers after that",
    ],
    [
      "keeps the granted ones of a refused step",
      (store) => ({
        stepAll: async (steps) => {
          const outcomes = await Promise.all(steps.map((step) => store.stepAll([step])));
          return outcomes.flatMap((outcome) => (outcome instanceof StoreFailure ? [] : outcome));
        },
      }),
      "several cells together: are all kept, or none of those that were granted",
    ],
    [
      "goes on after it was closed",
      () => ({ close: () => undefined }),
      "cells: answer with a failure once the store is closed",
    ],
  ])("finds out a store that %s", async (_, change, found) => {
    expect(await failures(mutant(change))).toContain(found);
  });

  it("leaves out what a store says that it can't do", async () => {
    const unbounded: MakeStore = () => memory({});
    expect(await failures(unbounded)).toContain(
      "a full store: refuses what is new, keeps all that is live, and has room again when that is over",
    );
    expect(await failures(unbounded, { bounded: false })).toEqual([]);
    const apart = mutant(() => ({ together: () => false }));
    expect(await failures(apart, { onePartition: false })).toEqual([]);
  });

  it("refuses capabilities that it doesn't know", () => {
    const framework = { describe, it, expect };
    expect(() => describeStore("x", memory, framework, { bunded: true } as StoreCapabilities)).toThrow(ConfigError);
    expect(() => describeStore("x", "memory" as unknown as MakeStore, framework)).toThrow(ConfigError);
  });
});

function rekeyed<C, I, D extends object>(cells: Cells<C, I, D>, rename: (key: string) => string): Cells<C, I, D> {
  return {
    step: (key, config, input, call) => cells.step(rename(key), config, input, call),
    with: (key, config, input): CellStep<D> => cells.with(rename(key), config, input),
  };
}

/** Decides upon what was there some steps ago. */
function racy<S, Rest extends unknown[], R>(step: (state: S | undefined, ...rest: Rest) => R) {
  let calls = 0;
  let stale: S | undefined;
  return (state: S | undefined, ...rest: Rest): R => {
    if (calls++ % 3 === 0) stale = state;
    return step(stale, ...rest);
  };
}
