import { ConfigError } from "../../../core/config.js";
import type { TestFramework } from "../../contract-tests.js";
import { endingTests } from "./ending.js";
import { givingOutTests } from "./giving-out.js";
import { JobBench, type MakeJobStore } from "./job-bench.js";
import { modelTests } from "./model-tests.js";
import { takingInTests } from "./taking-in.js";
import { tellingTests } from "./telling.js";

/**
 * Defines tests of all that a store of jobs has to do: taking in once and all or none, caps, giving out in turn, leases
 * and fences, retries, dead jobs, cancelling, telling; and thousands of random steps beside a model that is simple
 * enough to be right. A store that passes can take the place of any other under a queue.
 *
 * @example
 * describeJobStore(
 *   "memory",
 *   () => {
 *     const clock = new ManualClock();
 *     const store = memoryStore({ clock });
 *     return { jobs: store.jobs("tools"), advance: (ms) => clock.advance(ms), closeStore: () => store.close() };
 *   },
 *   { describe, it, expect },
 * );
 *
 * @throws {ConfigError} when `make` is no function
 */
export function describeJobStore(name: string, make: MakeJobStore, framework: TestFramework): void {
  if (typeof make !== "function")
    throw new ConfigError("describeJobStore.make", make, "a function that makes a store of jobs");
  const bench = new JobBench(make, framework);
  bench.describe(`the store of jobs ${name}`, () => {
    takingInTests(bench);
    givingOutTests(bench);
    endingTests(bench);
    tellingTests(bench);
    modelTests(bench);
  });
}
