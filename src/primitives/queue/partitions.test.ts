import { expect, it } from "vitest";
import { numbered, place } from "./queue.fixture.js";
import { Queue } from "./queue.js";

/** How long jobs of a tool that works well wait, beside one that is saturated or not. */
async function waits(saturated: boolean) {
  const { rt, clock } = place();
  const takes = (ms: number) => () => new Promise((resolve) => clock.alarm(ms, () => resolve(1), "background"));
  const jobs = {
    good: numbered(takes(40)),
    // So slow that what comes piles up, and with retries of its own.
    bad: numbered(takes(60_000), { maxRunning: 4, maxQueued: 1_000, timeout: "30s", retry: { base: "1s", cap: "2s" } }),
  };
  const fleet = Array.from({ length: 2 }, () => new Queue("tools", { jobs }, rt));
  const [one, two] = fleet as [(typeof fleet)[0], (typeof fleet)[0]];
  const workers = fleet.map((queue) => queue.process({ concurrency: 6 }));
  let refused = 0;
  for (let n = 0; n < 3_000; n++) {
    if (saturated)
      await one
        .enqueueMany([1, 2, 3].map((i) => ({ tool: "bad" as const, input: { n: n * 3 + i } })))
        .catch(() => refused++);
    await two.enqueue("good", { n });
    await clock.advance(10);
  }
  const seen = fleet.map((queue) => queue.snapshot().byTool.good?.here);
  const stats = await one.stats();
  for (const worker of workers) void worker.drain({ timeout: 0 });
  await clock.advance(120_000);
  const p99 = Math.max(...seen.map((each) => each?.wait.p99 ?? 0));
  return { p99, done: seen.reduce((sum, each) => sum + (each?.succeeded ?? 0), 0), bad: stats.bad, refused };
}

it("lets no tool wait for one that is saturated", async () => {
  const [alone, beside] = [await waits(false), await waits(true)];
  expect(beside.bad).toMatchObject({ running: 4, queued: expect.any(Number) });
  expect([beside.refused > 1_000, beside.bad.queued > 900]).toEqual([true, true]);
  expect({ p99: beside.p99, done: beside.done }).toEqual({ p99: alone.p99, done: alone.done });
});
