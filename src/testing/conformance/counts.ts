import { cacheEntryKernel } from "../../kernel/cache/entry.js";
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

  bench.describe("a value that processes share", () => {
    const config = { leaseMs: 200 };
    const epoch = 2 ** 47;
    const read = (fence: number) => ({ op: "read", fence, epoch }) as const;

    bench.it("is loaded by one, however many ask at once, and then the same for all", async ({ store }) => {
      const cells = store.open(cacheEntryKernel, "cache:a");
      const asked = await atOnce(20, (n) => stepped(cells, "key", config, read(n + 1)));
      const loading = asked.flatMap(({ fence }) => (fence > 0 ? fence : []));
      bench.equal(loading.length, 1);
      const [fence = 0] = loading;
      const text = '{"ü\u0000":"\\n😀"}';
      const written = { text, freshMs: 3_600_000, keepMs: 0, epoch };
      const late = await stepped(cells, "key", config, { ...written, op: "commit", fence: fence + 1 });
      const mine = await stepped(cells, "key", config, { ...written, op: "commit", fence });
      bench.equal([late.kept, mine.kept, mine.waited], [false, true, true]);
      const found = await atOnce(5, (n) => stepped(cells, "key", config, read(n + 50)));
      bench.equal(
        found.map(({ text, fence }) => [text, fence]),
        found.map(() => [text, 0]),
      );
    });

    bench.it("is not written by who began to load it before it was dropped, or was too slow", async (one) => {
      const cells = one.store.open(cacheEntryKernel, "cache:a");
      const written = { op: "commit", text: "1", freshMs: 3_600_000, keepMs: 0, epoch } as const;
      await stepped(cells, "key", config, read(1));
      await stepped(cells, "key", config, { op: "delete", epoch });
      bench.equal((await stepped(cells, "key", config, { ...written, fence: 1 })).kept, false);
      await stepped(cells, "key", config, read(2));
      await one.advance(250);
      bench.equal((await stepped(cells, "key", config, read(3))).fence, 3);
      bench.equal((await stepped(cells, "key", config, { ...written, fence: 2 })).kept, false);
      bench.equal((await stepped(cells, "key", config, { ...written, fence: 3 })).kept, true);
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
