import type { Kernel } from "../../core/kernel.js";
import { StoreFailure } from "../../core/store.js";
import { gcra } from "../../kernel/limit/gcra.js";
import { type Bench, type StoreCapabilities, stepped } from "./bench.js";
import { SLOW, taking } from "./limits.js";

/** Keys that a store could trip over. */
const ODD_KEYS = [
  "a",
  "A",
  "a:b",
  "a b",
  " a",
  "{a}",
  "{a}b",
  "a\nb",
  "a\u0000b",
  "é",
  "e\u0301",
  "😀",
  "__proto__",
  "constructor",
  "*",
  "%",
  "'",
  '"',
  "\\",
  "x".repeat(1024),
];

type Counter = Kernel<readonly number[], undefined, { readonly add: number }, { readonly sum: number }>;

/** What is true of every cell, whatever is in it. */
export function cellTests(bench: Bench, { bounded = true, anyKernel = true }: StoreCapabilities): void {
  bench.describe("cells", () => {
    bench.it("are told apart by their keys, odd ones too", async ({ store }) => {
      const cells = store.open(gcra, "limiter:a");
      for (const key of ODD_KEYS) await stepped(cells, key, SLOW, taking(2));
      for (const key of ODD_KEYS) bench.equal((await stepped(cells, key, SLOW, taking())).remaining, 2);
    });

    bench.it("are told apart by what they are for", async ({ store }) => {
      await stepped(store.open(gcra, "limiter:a"), "key", SLOW, taking(5));
      bench.equal((await stepped(store.open(gcra, "limiter:b"), "key", SLOW, taking(5))).allowed, true);
    });

    bench.it("are the same for all who open them for the same", async ({ store }) => {
      await stepped(store.open(gcra, "limiter:a"), "key", SLOW, taking(5));
      bench.equal((await stepped(store.open(gcra, "limiter:a"), "key", SLOW, taking())).allowed, false);
    });

    bench.it("answer with a failure once the store is closed", async ({ store }) => {
      const cells = store.open(gcra, "limiter:a");
      await store.close();
      const outcome = await cells.step("key", SLOW, taking());
      bench.equal(outcome instanceof StoreFailure ? outcome.reason : outcome, "unavailable");
    });
  });

  if (bounded)
    bench.describe("a full store", () => {
      bench.it(
        "refuses what is new, keeps all that is live, and has room again when that is over",
        async ({ store, advance }) => {
          const cells = store.open(gcra, "limiter:a");
          const brief = { ...SLOW, windowMs: 200 };
          for (const key of ["a", "b", "c"]) await stepped(cells, key, brief, taking(5));
          for (let n = 0; n < 50; n++) {
            const outcome = await cells.step(`attacker ${n}`, brief, taking());
            bench.equal(outcome instanceof StoreFailure ? [outcome.reason, outcome.applied] : outcome, [
              "capacity",
              "no",
            ]);
          }
          for (const key of ["a", "b", "c"]) bench.equal((await stepped(cells, key, brief, taking(5))).allowed, false);
          await advance(250);
          bench.equal((await stepped(cells, "attacker 1", brief, taking())).allowed, true);
        },
        { maxCells: 3 },
      );
    });

  if (anyKernel)
    bench.describe("versions of a state", () => {
      const counter = (version: number, factor: number): Counter => ({
        name: "conformance-counter",
        version,
        width: 1,
        upgrade: (older) => [((older as readonly number[])[0] as number) * factor],
        step(state, _now, _config, { add }) {
          const sum = ((state?.[0] as number | undefined) ?? 0) + add;
          return { granted: true, decision: { sum }, state: [sum], ttlMs: 60_000 };
        },
      });

      bench.it("are read by the next one; the one before then says that it is outdated", async ({ store }) => {
        const former = store.open(counter(1, 1), "counter:a");
        await stepped(former, "key", undefined, { add: 3 });
        const next = store.open(counter(2, 10), "counter:a");
        bench.equal(await stepped(next, "key", undefined, { add: 1 }), { sum: 31 });
        const outcome = await former.step("key", undefined, { add: 1 });
        bench.equal(outcome instanceof StoreFailure ? outcome.reason : outcome, "version");
      });
    });
}
