import { sharedBreakerKernel } from "../../kernel/breaker/shared-breaker.js";
import { idempotencyKernel } from "../../kernel/idempotency/idempotency.js";
import { leaseKernel } from "../../kernel/leases/leases.js";
import { atOnce, type Bench, stepped } from "./bench.js";

const ONCE = { leaseMs: 200, ttlMs: 3_600_000, onLeaseExpired: "rerun" } as const;
const LEASES = { capacity: 3, leaseMs: 200 };
const SHARED = { quorum: 2, probeMs: 200 };

/** What happens once, or few at a time. */
export function onceTests(bench: Bench): void {
  bench.describe("operations that happen once", () => {
    const begin = (fence: number, fingerprint = "f") => ({ op: "begin", fingerprint, fence }) as const;
    const kernel = idempotencyKernel<{ readonly status: number; readonly body: string }>();

    bench.it("begin once, however many begin them at once, and are replayed with all of their record", async (one) => {
      const cells = one.store.open(kernel, "idempotency:a");
      const begun = await atOnce(20, (n) => stepped(cells, "op", ONCE, begin(n + 1)));
      const firsts = begun.flatMap((decision) => (decision.outcome === "first" ? decision.fence : []));
      bench.equal(firsts.length, 1);
      const record = { status: 201, body: 'ünïcode, "quotes"\n\u0000 and 😀' };
      const [fence = 0] = firsts;
      bench.equal(await stepped(cells, "op", ONCE, { op: "complete", fence, record }), { outcome: "kept" });
      bench.equal(await stepped(cells, "op", ONCE, begin(99)), { outcome: "replay", record });
      bench.equal(await stepped(cells, "op", ONCE, begin(99, "another")), { outcome: "mismatch" });
    });

    bench.it("may begin again when they were released, or their lease ran out; a late end is lost", async (one) => {
      const { store, advance } = one;
      const cells = store.open(kernel, "idempotency:a");
      await stepped(cells, "op", ONCE, begin(1));
      await stepped(cells, "op", ONCE, { op: "release", fence: 1 });
      bench.equal((await stepped(cells, "op", ONCE, begin(2))).outcome, "first");
      bench.equal((await stepped(cells, "op", ONCE, begin(3))).outcome, "in_flight");
      await advance(250);
      bench.equal((await stepped(cells, "op", ONCE, begin(4))).outcome, "first");
      const late = { op: "complete", fence: 2, record: { status: 200, body: "" } } as const;
      bench.equal(await stepped(cells, "op", ONCE, late), { outcome: "lost" });
    });
  });

  bench.describe("leases", () => {
    bench.it(
      "are given out up to the capacity, however many ask at once, with numbers of their own",
      async ({ store }) => {
        const cells = store.open(leaseKernel, "leases:a");
        const asked = await atOnce(20, (n) => stepped(cells, "key", LEASES, { op: "acquire", nonce: n + 1 }));
        const fences = asked.flatMap(({ held, fence }) => (held ? fence : []));
        bench.equal([fences.length, new Set(fences).size], [3, 3]);
      },
    );

    bench.it("run out, and get greater numbers after that", async ({ store, advance }) => {
      const cells = store.open(leaseKernel, "leases:a");
      const { fence } = await stepped(cells, "key", LEASES, { op: "acquire", nonce: 1 });
      await advance(250);
      bench.equal((await stepped(cells, "key", LEASES, { op: "renew", fence })).held, false);
      const next = await stepped(cells, "key", LEASES, { op: "acquire", nonce: 2 });
      bench.equal(next.fence > fence, true);
    });
  });

  bench.describe("a shared breaker", () => {
    bench.it("opens by a quorum, lets one probe through, and closes for all when that went well", async ({ store }) => {
      const cells = store.open(sharedBreakerKernel, "breaker:a");
      const advertise = (node: number) => ({ op: "advertise", node, openMs: 60_000 }) as const;
      bench.equal((await stepped(cells, "key", SHARED, advertise(1))).open, false);
      bench.equal((await stepped(cells, "key", SHARED, advertise(2))).open, true);
      const probes = await atOnce(20, () => stepped(cells, "key", SHARED, { op: "probe" }));
      const granted = probes.flatMap(({ fence }) => (fence > 0 ? fence : []));
      bench.equal(granted.length, 1);
      const settle = { op: "settle", fence: granted[0] ?? 0, recovered: true } as const;
      bench.equal((await stepped(cells, "key", SHARED, settle)).open, false);
      bench.equal((await stepped(cells, "key", SHARED, { op: "read" })).nodes, 0);
    });
  });
}
