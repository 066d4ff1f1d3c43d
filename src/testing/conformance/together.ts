import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import { slidingLog } from "../../kernel/limit/sliding-log.js";
import { atOnce, type Bench, type StoreCapabilities, stepped, steppedAll } from "./bench.js";
import { SLOW, taking } from "./limits.js";

const WIDE = { ...SLOW, limit: 100, burst: 100 };

/** Several cells in one step. */
export function togetherTests(bench: Bench, { onePartition = true }: StoreCapabilities): void {
  bench.describe("several cells together", () => {
    bench.it("of one partition are known to be", async ({ store }) => {
      const narrow = store.open(gcra, "limiter:narrow");
      const wide = store.open(slidingLog, "limiter:wide");
      const steps = [narrow.with("a", SLOW, taking()), wide.with("b", WIDE, taking())];
      bench.equal(store.together(steps), onePartition);
    });
    if (!onePartition) return;

    bench.it("are all kept, or none of those that were granted", async ({ store }) => {
      const narrow = store.open(gcra, "limiter:narrow");
      const wide = store.open(slidingLog, "limiter:wide");
      const both = (cost: number) => [narrow.with("a", SLOW, taking(cost)), wide.with("b", WIDE, taking(cost))];
      bench.equal(
        (await steppedAll(store, both(4))).map(({ allowed }) => allowed),
        [true, true],
      );
      bench.equal(
        (await steppedAll(store, both(4))).map(({ allowed }) => allowed),
        [false, true],
      );
      bench.equal((await stepped(wide, "b", WIDE, { op: "peek", amount: 1, at: -1 })).remaining, 96);
    });

    bench.it("are stepped as one, however many step them at once", async ({ store }) => {
      const narrow = store.open(gcra, "limiter:narrow");
      const wide = store.open(slidingLog, "limiter:wide");
      const decisions = await atOnce(30, () =>
        steppedAll(store, [wide.with("b", WIDE, taking()), narrow.with("a", SLOW, taking())]),
      );
      bench.equal(decisions.filter((all) => all.every(({ allowed }) => allowed)).length, 5);
      bench.equal((await stepped(wide, "b", WIDE, { op: "peek", amount: 1, at: -1 })).remaining, 95);
    });

    bench.it("keep what a refusal began: a block", async ({ store }) => {
      const blocking = { ...SLOW, blockMs: 60_000 };
      const narrow = store.open(gcra, "limiter:narrow");
      const wide = store.open(slidingLog, "limiter:wide");
      await stepped(narrow, "a", SLOW, taking(5));
      await steppedAll(store, [narrow.with("a", blocking, taking()), wide.with("b", WIDE, taking())]);
      bench.equal((await stepped(narrow, "a", blocking, taking(0))).allowed, false);
    });

    bench.it("of nothing are granted, and of another store are a mistake", async ({ store }) => {
      bench.equal(await steppedAll(store, []), []);
      bench.equal(store.together([{ key: "somebody else's" }]), false);
      let answer: unknown;
      try {
        answer = await store.stepAll([{ key: "somebody else's" }]);
      } catch (error) {
        answer = error;
      }
      bench.equal(answer instanceof TypeError || answer instanceof StoreFailure, true);
    });
  });
}
