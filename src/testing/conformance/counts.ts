import { namespaceKernel } from "../../kernel/namespace/namespace.js";
import { sliCell } from "../../kernel/sli/sli-cell.js";
import { atOnce, type Bench, stepped } from "./bench.js";

const KEEP = { keepMs: 3_600_000 };
const COUNT = { ttlMs: 3_600_000 };

/** What many add to, or read. */
export function countTests(bench: Bench): void {
  bench.describe("the version of a namespace", () => {
    bench.it("is the same for all who read it first at once, and another after it was bumped", async ({ store }) => {
      const cells = store.open(namespaceKernel, "namespace:a");
      const read = await atOnce(20, (n) => stepped(cells, "key", KEEP, { op: "read", nonce: 1000 + n }));
      const epochs = new Set(read.map(({ epoch }) => epoch));
      bench.equal(epochs.size, 1);
      const { epoch } = await stepped(cells, "key", KEEP, { op: "bump", nonce: 2 ** 47 });
      bench.equal(epochs.has(epoch), false);
      bench.equal(await stepped(cells, "key", KEEP, { op: "read", nonce: 7 }), { epoch });
    });
  });

  bench.describe("counts", () => {
    bench.it("add up, whoever adds to them and in whatever order", async ({ store }) => {
      const cells = store.open(sliCell, "sli:a");
      await atOnce(20, (n) => stepped(cells, "minute", COUNT, { counts: [3, 1, n % 4, 3] }));
      const { counts } = await stepped(cells, "minute", COUNT, { counts: [0, 0] });
      bench.equal(counts, [60, 20, 0, 15, 1, 15, 2, 15, 3, 15]);
    });
  });
}
