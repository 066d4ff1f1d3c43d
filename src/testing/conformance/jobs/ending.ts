import { answered, asking, ids, type JobBench, LEASE_MS, lease, leases, newJob, RETENTION } from "./job-bench.js";

/** Leases, attempts and the ways in which jobs end. */
export function endingTests(bench: JobBench): void {
  bench.describe("runs", () => {
    bench.it("end with their result, once, and are remembered for a while", async (asked) => {
      await asked.enqueue(newJob("1"));
      const mine = lease(await asked.claim(1));
      bench.equal(await asked.state("1"), "running");
      const result = '"ü\u0000"';
      const end = { ...mine, kind: "succeeded", result } as const;
      bench.equal(await asked.finish(end, end), ["kept", "lost"]);
      bench.equal(await asked.finish(end), ["lost"]);
      const record = await asked.get("1");
      bench.has(record, { state: "succeeded", result, error: null, attempt: 1 });
      bench.equal((record.endedAt ?? 0) >= (record.startedAt ?? 1), true);
      bench.equal(answered(await asked.store.cleanup(10)), { removed: 0 });
      await asked.advance(RETENTION.succeeded + 50);
      bench.equal(answered(await asked.store.cleanup(10)), { removed: 1 });
      bench.equal(await asked.get("1"), { state: "unknown" });
      bench.equal((await asked.stats())?.ended.succeeded, 1);
    });

    bench.it("are not remembered where nothing is to be", async (asked) => {
      const none = { succeeded: 0, failed: 0, dead: 0, expired: 0, cancelled: 0 };
      await asked.enqueue(newJob("1", { dedupe: "x" }), newJob("2"), newJob("3", { attempts: 1 }), newJob("4"));
      const [one, two, three] = leases(await asked.claim(3));
      if (one === undefined || two === undefined || three === undefined) throw new Error("three were enqueued");
      await asked.store.finish(
        [
          { ...one, kind: "succeeded", result: "1" },
          { ...two, kind: "failed", error: "no" },
          { ...three, kind: "retry", delayMs: 0, error: "no" },
        ],
        none,
      );
      await asked.store.cancel("4", none);
      const states = [await asked.state("1"), await asked.state("2"), await asked.state("3"), await asked.state("4")];
      bench.equal(states, ["unknown", "unknown", "unknown", "unknown"]);
      bench.has(await asked.stats(), { queued: 0, running: 0, dead: 0 });
      bench.equal(await asked.enqueue(newJob("5", { dedupe: "x" })), {
        accepted: true,
        jobs: [{ id: "5", duplicate: false }],
      });
    });

    bench.it("are tried again when due, behind what waits, until no attempts are left", async (asked) => {
      await asked.enqueue(newJob("1", { attempts: 2 }), newJob("2"));
      const first = lease(await asked.claim(1));
      await asked.finish({ ...first, kind: "retry", delayMs: 100, error: "e1" });
      bench.has(await asked.get("1"), { state: "delayed", attempt: 1, error: "e1" });
      await asked.advance(150);
      const next = await asked.claim(5);
      bench.equal(ids(next), ["2", "1"]);
      const [, second] = next.jobs;
      bench.has(second, { attempt: 2, attempts: 2 });
      bench.equal((second?.fence ?? 0) > first.fence, true);
      // The first holder is late.
      bench.equal(await asked.finish({ ...first, kind: "succeeded", result: "1" }), ["lost"]);
      bench.equal(await asked.extend(first), ["lost"]);
      await asked.finish({ id: "1", fence: second?.fence ?? 0, kind: "retry", delayMs: 0, error: "e2" });
      bench.has(await asked.get("1"), { state: "dead", error: "e2" });
      const stats = await asked.stats();
      bench.equal([stats?.dead, stats?.ended.dead], [1, 1]);
    });

    bench.it(
      "that can't be helped fail at once, and those given back cost no attempt and come first",
      async (asked) => {
        await asked.enqueue(newJob("1"), newJob("2"), newJob("3"));
        const [one, two] = leases(await asked.claim(2));
        if (one === undefined || two === undefined) throw new Error("two were enqueued");
        await asked.finish({ ...one, kind: "failed", error: "no" }, { ...two, kind: "released" });
        bench.has(await asked.get("1"), { state: "failed", error: "no" });
        const [again] = (await asked.claim(1)).jobs;
        bench.has(again, { id: "2", attempt: 1 });
      },
    );

    bench.it("whose lease runs out go to others; who extends keeps it", async (asked) => {
      await asked.enqueue(newJob("1"), newJob("2"), newJob("3", { attempts: 1 }));
      const [one, two, three] = leases(await asked.claim(3));
      if (one === undefined || two === undefined || three === undefined) throw new Error("three were enqueued");
      await asked.advance(LEASE_MS * 0.6);
      bench.equal(ids(await asked.claim(5)), []);
      bench.equal(await asked.extend(one), ["kept"]);
      await asked.advance(LEASE_MS * 0.6);
      const { claim } = answered(await asked.store.finish([], RETENTION, asking(5, { a: 0 })));
      bench.equal(
        claim?.jobs.map(({ id, attempt }) => [id, attempt]),
        [["2", 2]],
      );
      bench.equal(await asked.state("3"), "dead");
      bench.equal(await asked.extend(one, two, three, { id: "no", fence: 1 }), ["kept", "lost", "lost", "lost"]);
      bench.equal(await asked.finish({ ...two, kind: "succeeded", result: "1" }), ["lost"]);
    });
  });

  bench.describe("cancelling", () => {
    bench.it("ends what waits, asks the worker of what runs, and says so otherwise", async (asked) => {
      await asked.enqueue(newJob("1"), newJob("2"), newJob("3", { delayMs: 60_000 }));
      const mine = lease(await asked.claim(1));
      const answers = [
        await asked.cancel("1"),
        await asked.cancel("2"),
        await asked.cancel("3"),
        await asked.cancel("4"),
      ];
      bench.equal(answers, ["requested", "cancelled", "cancelled", "unknown"]);
      bench.equal(await asked.cancel("2"), "ended");
      bench.has(await asked.stats(), { queued: 0, delayed: 0, running: 1, oldestMs: 0 });
      bench.equal(await asked.extend(mine), ["cancelled"]);
      // Whatever its worker makes of it, short of success.
      await asked.finish({ ...mine, kind: "retry", delayMs: 0, error: "stopped" });
      bench.has(await asked.get("1"), { state: "cancelled", error: "stopped" });
      await asked.enqueue(newJob("5"));
      bench.equal(ids(await asked.claim(5)), ["5"]);
      bench.equal((await asked.stats())?.ended.cancelled, 3);
    });

    bench.it("comes too late for what succeeds, and holds for what is lost", async (asked) => {
      await asked.enqueue(newJob("1"), newJob("2"));
      const [one] = leases(await asked.claim(2));
      if (one === undefined) throw new Error("two were enqueued");
      await asked.cancel("1");
      await asked.cancel("2");
      await asked.finish({ ...one, kind: "succeeded", result: "1" });
      bench.equal(await asked.state("1"), "succeeded");
      await asked.advance(LEASE_MS + 50);
      bench.equal([ids(await asked.claim(5)), await asked.state("2")], [[], "cancelled"]);
    });
  });

  bench.describe("dead jobs", () => {
    bench.it("are queued anew, oldest first, with all their attempts before them", async (asked) => {
      await asked.enqueue(newJob("b", { tool: "b", attempts: 1 }), newJob("a1", { attempts: 1 }));
      await asked.finish({ ...lease(await asked.claim(1, { b: 0 })), kind: "retry", delayMs: 0, error: "no" });
      await asked.advance(50);
      await asked.finish({ ...lease(await asked.claim(1)), kind: "retry", delayMs: 0, error: "no" });
      await asked.advance(50);
      await asked.enqueue(newJob("a2", { attempts: 1 }));
      await asked.finish({ ...lease(await asked.claim(1)), kind: "retry", delayMs: 0, error: "no" });
      bench.equal(answered(await asked.store.requeueDead("c", 5)), { requeued: 0 });
      bench.equal(answered(await asked.store.requeueDead(undefined, 1)), { requeued: 1 });
      bench.equal([await asked.state("b"), await asked.state("a1")], ["queued", "dead"]);
      bench.equal(answered(await asked.store.requeueDead("a", 1)), { requeued: 1 });
      const next = await asked.claim(5, { a: 0, b: 0 });
      bench.equal(next.jobs.map(({ id, attempt }) => [id, attempt]).sort(), [
        ["a1", 1],
        ["b", 1],
      ]);
      bench.equal((await asked.stats())?.dead, 1);
      bench.has(await asked.get("b"), { error: null, state: "running" });
    });

    bench.it("are dropped, oldest first, and are gone", async (asked) => {
      for (const [id, tool] of [
        ["b1", "b"],
        ["a1", "a"],
        ["a2", "a"],
      ] as const) {
        await asked.enqueue(newJob(id, { tool, attempts: 1 }));
        await asked.finish({ ...lease(await asked.claim(1, { [tool]: 0 })), kind: "retry", delayMs: 0, error: "no" });
        await asked.advance(50);
      }
      bench.equal(answered(await asked.store.dropDead("c", 5)), { dropped: 0 });
      bench.equal(answered(await asked.store.dropDead("a", 1)), { dropped: 1 });
      bench.equal(
        [await asked.state("b1"), await asked.state("a1"), await asked.state("a2")],
        ["dead", "unknown", "dead"],
      );
      bench.has(await asked.stats(), {
        dead: 1,
        ended: { succeeded: 0, failed: 0, dead: 2, expired: 0, cancelled: 0 },
      });
      bench.equal(answered(await asked.store.dropDead(undefined, 5)), { dropped: 2 });
      bench.equal(answered(await asked.store.requeueDead(undefined, 5)), { requeued: 0 });
      bench.equal((await asked.stats())?.dead, 0);
    });
  });
}
