import { type CellStep, type Cells, type Outcome, type Store, StoreFailure } from "../../core/store.js";
import type { TestFramework } from "../contract-tests.js";

/** A store to be tested, and how to treat it. */
export interface StoreUnderTest {
  readonly store: Store<"act", unknown>;
  /**
   * Lets time pass for the store: moves its clock, or waits. The suite asks for some tenths of a second at most at a
   * time.
   */
  advance(ms: number): void | Promise<void>;
  /** Cleans up after a test; the store is closed before. */
  close?(): void | Promise<void>;
}

/** What a test asks of the store it wants. */
export interface StoreWish {
  /** Cells that it holds at most. Only asked for where the store says that it is `bounded`. */
  readonly maxCells?: number;
}

/** Makes a store for one test, with nothing in it. */
export type MakeStore = (wish: StoreWish) => StoreUnderTest | Promise<StoreUnderTest>;

/** What a store can't do, or does in another way. */
export interface StoreCapabilities {
  /** Whether it can be made with a `maxCells`. Default true. */
  readonly bounded?: boolean;
  /** Whether it runs any kernel, or only those that it has a twin of. Default true. */
  readonly anyKernel?: boolean;
  /** Whether cells of different keys lie in one partition, so that `stepAll` takes them. Default true. */
  readonly onePartition?: boolean;
}

/** What the parts of the suite are written with. */
export class Bench {
  readonly #make: MakeStore;
  readonly #framework: TestFramework;

  constructor(make: MakeStore, framework: TestFramework) {
    this.#make = make;
    this.#framework = framework;
  }

  describe(name: string, define: () => void): void {
    this.#framework.describe(name, define);
  }

  /** A test with a store of its own. */
  it(title: string, run: (under: StoreUnderTest) => Promise<void>, wish: StoreWish = {}): void {
    this.#framework.it(title, async () => {
      const under = await this.#make(wish);
      try {
        await run(under);
      } finally {
        await under.store.close();
        await under.close?.();
      }
    });
  }

  equal(actual: unknown, expected: unknown): void {
    this.#framework.expect(actual).toEqual(expected);
  }
}

/** Steps a cell, which has to work. */
export async function stepped<C, I, D extends object>(
  cells: Cells<C, I, D>,
  key: string,
  config: C,
  input: I,
): Promise<D> {
  return decided(await cells.step(key, config, input));
}

/** Steps several, which has to work. */
export async function steppedAll<D extends object>(
  store: Store<"act", unknown>,
  steps: readonly CellStep<D>[],
): Promise<readonly D[]> {
  return decided(await store.stepAll(steps));
}

/** Does the same `times` times at once. */
export function atOnce<T>(times: number, run: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, n) => run(n)));
}

function decided<D extends object>(outcome: Outcome<D>): D {
  if (outcome instanceof StoreFailure)
    throw new Error(`the store failed (${outcome.reason})`, { cause: outcome.error });
  return outcome;
}
