import { answered, asking, atOnce, ids, type JobBench, lease, leases, newJob, RETENTION } from "./job-bench.js";

/** Claiming: oldest first, in turn among tools, each job to one only. */
export function givingOutTests(bench: JobBench): void {
  bench.describe("giving jobs out", () => {
    bench.it("goes by age within a tool, and gives no more than was asked for", async (asked) => {
      for (const id of ["3", "1", "2", "0"]) await asked.enqueue(newJob(id));
      bench.equal(ids(await asked.claim(3)), ["3", "1", "2"]);
      bench.equal(ids(await asked.claim(3)), ["0"]);
      bench.equal(ids(await asked.claim(3)), []);
      bench.equal(ids(await asked.claim(3, { b: 0 })), []);
    });

    bench.it("gives each job to one only, with a fence of its own, however many ask at once", async (asked) => {
      await atOnce(100, (n) => asked.enqueue(newJob(`${n}`)));
      const given = (await atOnce(30, () => asked.claim(5))).flatMap(leases);
      const unique = [new Set(given.map(({ id }) => id)).size, new Set(given.map(({ fence }) => fence)).size];
      bench.equal([given.length, ...unique], [100, 100, 100]);
    });

    bench.it("takes turns among tools: one that has much holds up none that have little", async (asked) => {
      await asked.enqueue(...Array.from({ length: 20 }, (_, n) => newJob(`a${n}`)));
      await asked.enqueue(newJob("b0", { tool: "b" }), newJob("b1", { tool: "b" }), newJob("c0", { tool: "c" }));
      const some = await asked.claim(6, { a: 0, b: 0, c: 0 });
      bench.equal(ids(some).sort(), ["a0", "a1", "a2", "b0", "b1", "c0"]);
    });

    bench.it("begins with another tool each time, so that none waits for ever", async (asked) => {
      const many = (tool: string) => Array.from({ length: 10 }, (_, n) => newJob(`${tool}${n}`, { tool }));
      await asked.enqueue(...many("a"), ...many("b"), ...many("c"));
      const given: string[] = [];
      for (let n = 0; n < 6; n++) given.push(...ids(await asked.claim(1, { a: 0, b: 0, c: 0 })));
      bench.equal(given.sort(), ["a0", "a1", "b0", "b1", "c0", "c1"]);
    });

    bench.it("lets run no more of a tool than may, and holds up no other for that", async (asked) => {
      await asked.enqueue(...Array.from({ length: 8 }, (_, n) => newJob(`a${n}`)), newJob("b0", { tool: "b" }));
      const first = await asked.claim(5, { a: 2, b: 0 });
      bench.equal(ids(first).sort(), ["a0", "a1", "b0"]);
      bench.equal(ids(await asked.claim(5, { a: 2, b: 0 })), []);
      const [one] = first.jobs.filter(({ tool }) => tool === "a");
      if (one === undefined) throw new Error("one of a runs");
      const next = await asked.store.finish(
        [{ id: one.id, fence: one.fence, kind: "succeeded", result: "1" }],
        RETENTION,
        asking(5, { a: 2 }),
      );
      const { claim, finished } = answered(next);
      bench.equal([finished, claim && ids(claim)], [["kept"], ["a2"]]);
      bench.has(await asked.stats(), { running: 2, queued: 5 });
    });

    bench.it(
      "gives out nothing of a tool that is paused, takes in what comes, and goes on after that",
      async (asked) => {
        await asked.enqueue(newJob("a0"), newJob("b0", { tool: "b" }));
        bench.equal(answered(await asked.store.pause("a", true)), { paused: true });
        await asked.enqueue(newJob("a1"));
        bench.equal(ids(await asked.claim(5, { a: 0, b: 0 })), ["b0"]);
        bench.has(await asked.stats(), { paused: true, queued: 2 });
        bench.equal(answered(await asked.store.pause("a", false)), { paused: false });
        bench.equal(ids(await asked.claim(5, { a: 0, b: 0 })), ["a0", "a1"]);
        bench.has(await asked.stats(), { paused: false, running: 2 });
      },
    );

    bench.it("waits until a job is due, and says how long that is", async (asked) => {
      await asked.enqueue(newJob("late", { delayMs: 300 }), newJob("soon", { delayMs: 100 }));
      const none = await asked.claim(5);
      bench.equal([ids(none), (none.nextMs ?? 0) > 0, (none.nextMs ?? 101) <= 100], [[], true, true]);
      bench.equal(await asked.state("soon"), "delayed");
      await asked.advance(150);
      bench.equal(ids(await asked.claim(5)), ["soon"]);
      await asked.advance(200);
      bench.equal(ids(await asked.claim(5)), ["late"]);
      await asked.finish({ ...lease(await claimOne("x")), kind: "succeeded", result: "1" });
      async function claimOne(id: string) {
        await asked.enqueue(newJob(id));
        return asked.claim(1);
      }
    });

    bench.it("expires what nobody ran in time, and looks for others in its place", async (asked) => {
      await asked.enqueue(newJob("1", { deadlineMs: 100 }), newJob("2", { deadlineMs: 100 }), newJob("3"));
      await asked.advance(150);
      bench.equal(ids(await asked.claim(1)), ["3"]);
      bench.equal([await asked.state("1"), await asked.state("2")], ["expired", "expired"]);
      const stats = await asked.stats();
      bench.equal([stats?.ended.expired, stats?.queued, stats?.running], [2, 0, 1]);
    });
  });
}
