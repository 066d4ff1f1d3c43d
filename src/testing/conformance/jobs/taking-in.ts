import { atOnce, ids, type JobBench, lease, newJob } from "./job-bench.js";

/** Enqueueing: once, all or none, as much as there is room for. */
export function takingInTests(bench: JobBench): void {
  bench.describe("taking jobs in", () => {
    bench.it("keeps what it is told, whatever the text", async (asked) => {
      const payload = 'ünï "\u0000\n😀 {["';
      const id = "ünï-😀 :\u0000{}";
      await asked.enqueue(newJob(id, { payload, deadlineMs: 5_000, attempts: 7 }));
      const record = await asked.get(id);
      bench.has(record, {
        id,
        tool: "a",
        state: "queued",
        attempt: 0,
        attempts: 7,
        payload,
        result: null,
        error: null,
      });
      bench.has(record, { startedAt: 0, endedAt: 0, dueAt: record.enqueuedAt ?? 0 });
      bench.equal((record.deadlineAt ?? 0) - (record.enqueuedAt ?? 0), 5_000);
      const [job] = (await asked.claim(1)).jobs;
      bench.has(job, { id, payload, tool: "a", attempt: 1, attempts: 7 });
      bench.equal(await asked.get("another"), { state: "unknown" });
    });

    bench.it("takes the same id in once, however often and however many at once", async (asked) => {
      const answers = await atOnce(10, () => asked.enqueue(newJob("1")));
      const first = answers.filter((one) => one.accepted && one.jobs[0]?.duplicate === false);
      bench.equal([first.length, answers.length], [1, 10]);
      await asked.finish({ ...lease(await asked.claim(1)), kind: "succeeded", result: "1" });
      bench.equal(await asked.enqueue(newJob("1"), newJob("2"), newJob("2")), {
        accepted: true,
        jobs: [
          { id: "1", duplicate: true },
          { id: "2", duplicate: false },
          { id: "2", duplicate: true },
        ],
      });
      bench.has(await asked.stats(), { queued: 1 });
    });

    bench.it("lets a living job stand in for others with its value, of its own tool", async (asked) => {
      const valued = (id: string, tool = "a") => newJob(id, { tool, dedupe: "x" });
      await asked.enqueue(valued("1"));
      bench.equal(await asked.enqueue(valued("2"), valued("3", "b"), valued("4", "b")), {
        accepted: true,
        jobs: [
          { id: "1", duplicate: true },
          { id: "3", duplicate: false },
          { id: "3", duplicate: true },
        ],
      });
      const running = lease(await asked.claim(1));
      bench.equal(await asked.enqueue(valued("2")), { accepted: true, jobs: [{ id: "1", duplicate: true }] });
      await asked.finish({ ...running, kind: "failed", error: "no" });
      bench.equal(await asked.enqueue(valued("2")), { accepted: true, jobs: [{ id: "2", duplicate: false }] });
      await asked.cancel("2");
      bench.equal(await asked.enqueue(valued("5")), { accepted: true, jobs: [{ id: "5", duplicate: false }] });
    });

    bench.it("takes all or none where a tool is full", async (asked) => {
      const capped = (id: string, more = {}) => newJob(id, { maxQueued: 2, ...more });
      await asked.enqueue(capped("1"));
      const full = { accepted: false, tool: "a", depth: 2, maxQueued: 2 } as const;
      bench.equal(await asked.enqueue(newJob("x", { tool: "b" }), capped("2", { dedupe: "y" }), capped("3")), full);
      bench.equal([await asked.state("x"), await asked.state("2")], ["unknown", "unknown"]);
      bench.equal(await asked.enqueue(capped("4", { delayMs: 60_000, dedupe: "y" })), {
        accepted: true,
        jobs: [{ id: "4", duplicate: false }],
      });
      bench.equal(await asked.enqueue(capped("5")), full);
      // Duplicates take no room.
      bench.equal((await asked.enqueue(capped("1"), capped("6", { dedupe: "y" }))).accepted, true);
      // What is not capped, and other tools, have room.
      bench.equal((await asked.enqueue(newJob("7"), capped("8", { tool: "b" }))).accepted, true);
    });

    bench.it("counts for a cap what waits for its first attempt, and no retries", async (asked) => {
      const capped = (id: string) => newJob(id, { maxQueued: 2 });
      await asked.enqueue(capped("1"), capped("2"));
      const [one, two] = (await asked.claim(2)).jobs;
      if (one === undefined || two === undefined) throw new Error("two were enqueued");
      await asked.finish(
        { id: one.id, fence: one.fence, kind: "retry", delayMs: 60_000, error: "again" },
        { id: two.id, fence: two.fence, kind: "retry", delayMs: 0, error: "again" },
      );
      bench.equal((await asked.enqueue(capped("3"), capped("4"))).accepted, true);
      bench.equal((await asked.enqueue(capped("5"))).accepted, false);
      bench.has(await asked.stats(), { queued: 3, delayed: 1, running: 0 });
      // One that is given back waits for its first attempt again.
      const [, three] = (await asked.claim(2)).jobs;
      if (three === undefined) throw new Error("three wait");
      bench.equal((await asked.enqueue(capped("5"))).accepted, true);
      await asked.finish({ id: three.id, fence: three.fence, kind: "released" });
      bench.equal(await asked.enqueue(capped("6")), { accepted: false, tool: "a", depth: 3, maxQueued: 2 });
    });

    bench.it("never takes more than fits, however many come at once", async (asked) => {
      const answers = await atOnce(40, (n) => asked.enqueue(newJob(`${n}`, { maxQueued: 15 })));
      bench.equal(answers.filter(({ accepted }) => accepted).length, 15);
      bench.equal(ids(await asked.claim(40)).length, 15);
    });
  });
}
