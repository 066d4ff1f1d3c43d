import { ConfigError, onlyKnown } from "../../core/config.js";
import type { TestFramework } from "../contract-tests.js";
import { Bench, type MakeStore, type StoreCapabilities } from "./bench.js";
import { cellTests } from "./cells.js";
import { countTests } from "./counts.js";
import { limitTests } from "./limits.js";
import { onceTests } from "./once.js";
import { togetherTests } from "./together.js";

/**
 * Defines tests of all that a store has to do: every kernel on it, alone and by many at once; several cells in one
 * step; what expires, what is live, what is full; odd keys, versions, closing. A store that passes can take the place
 * of any other.
 *
 * @example
 * describeStore(
 *   "memory",
 *   ({ maxCells }) => {
 *     const clock = new ManualClock();
 *     return { store: memoryStore({ clock, maxCells: maxCells ?? 1000 }), advance: (ms) => clock.advance(ms) };
 *   },
 *   { describe, it, expect },
 * );
 *
 * @throws {ConfigError} when `make` is no function, or a capability is not known
 */
export function describeStore(
  name: string,
  make: MakeStore,
  framework: TestFramework,
  capabilities: StoreCapabilities = {},
): void {
  if (typeof make !== "function") throw new ConfigError("describeStore.make", make, "a function that makes a store");
  onlyKnown(capabilities, "describeStore.capabilities", ["bounded", "anyKernel", "onePartition"]);
  const bench = new Bench(make, framework);
  bench.describe(`the store ${name}`, () => {
    cellTests(bench, capabilities);
    limitTests(bench);
    togetherTests(bench, capabilities);
    onceTests(bench);
    countTests(bench);
  });
}
