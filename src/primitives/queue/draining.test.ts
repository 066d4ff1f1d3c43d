import { describe, expect, it } from "vitest";
import { heldRuns, noTrouble, numbered, place, troubled } from "./queue.fixture.js";
import { Queue } from "./queue.js";

function setup(late = false) {
  const trouble = noTrouble();
  trouble.late = late;
  const made = place({}, troubled(trouble));
  const held = heldRuns();
  const queue = new Queue("tools", { jobs: { work: numbered(held.run) }, lease: "30s" }, made.rt);
  const fill = (count: number) =>
    queue.enqueueMany(Array.from({ length: count }, (_, n) => ({ tool: "work" as const, input: { n }, id: `${n}` })));
  return { ...made, trouble, held, queue, fill };
}

describe("draining a worker", () => {
  it("claims no more, waits for what runs, and leaves no timer", async () => {
    const { queue, held, clock, fill } = setup();
    await fill(3);
    const worker = queue.process({ concurrency: 2 });
    await clock.advance(0);
    const drained = worker.drain();
    held.end(0);
    await clock.advance(0);
    held.end(1);
    await clock.advance(0);
    expect(await drained).toBe(true);
    expect([held.running(), (await queue.get("2"))?.state, clock.pending("held")]).toEqual([[], "queued", 0]);
    // The deadlines of the questions that it asked.
    await clock.advance(5_000);
    expect(clock.pending()).toBe(0);
  });

  it("stops what takes too long, and gives it back unharmed if it heeds that", async () => {
    const { queue, held, clock, fill, told } = setup();
    await fill(2);
    const worker = queue.process({ concurrency: 2 });
    await clock.advance(0);
    const drained = worker.drain({ timeout: "5s" });
    await clock.advance(5_000);
    expect(held.signals.get(0)?.reason).toMatchObject({ code: "aborted" });
    held.fail(0, held.signals.get(0)?.reason);
    await clock.advance(1_000);
    expect(await drained).toBe(false);
    expect(told()).toContain("job.released 0");
    expect(await queue.get("0")).toMatchObject({ state: "queued", attempt: 0 });
    // The other goes on without a worker: its lease runs out, and somebody else gets it.
    await clock.advance(31_000);
    const [next] = await queue.claim({ max: 5 }).then((jobs) => jobs.filter(({ id }) => id === "1"));
    expect(next).toMatchObject({ id: "1", attempt: 2 });
    held.end(1);
    await clock.advance(0);
    expect((await queue.get("1"))?.state).toBe("running");
  });

  it("waits not at all where there is no time", async () => {
    const { queue, held, clock, fill } = setup();
    await fill(1);
    queue.process();
    await clock.advance(0);
    const closed = queue.close({ drain: 0 });
    await clock.advance(1);
    expect(held.signals.get(0)?.aborted).toBe(true);
    held.fail(0, new Error("stopped"));
    await clock.advance(0);
    expect([await closed, (await queue.get("0"))?.state]).toEqual([false, "queued"]);
  });

  it("gives back what was claimed before it was told, and comes after", async () => {
    const { queue, held, clock, fill } = setup(true);
    await fill(2);
    const worker = queue.process({ concurrency: 2 });
    // The claim is on its way.
    await Promise.resolve();
    const drained = worker.drain();
    await clock.advance(100);
    expect(await drained).toBe(true);
    expect(held.running()).toEqual([]);
    for (const id of ["0", "1"]) expect(await queue.get(id)).toMatchObject({ state: "queued", attempt: 0 });
  });

  it("happens when a signal aborts, when it is disposed of, and when its queue is closed", async () => {
    const { queue, clock, held, fill } = setup();
    const controller = new AbortController();
    const byHand = queue.process({ signal: controller.signal });
    const other = queue.process();
    {
      await using _scoped = queue.process();
    }
    expect(queue.snapshot().workers).toBe(2);
    controller.abort();
    await clock.advance(0);
    expect(queue.snapshot().workers).toBe(1);
    expect(await queue.close()).toBe(true);
    expect([queue.snapshot().workers, byHand.running, other.running]).toEqual([0, 0, 0]);
    await fill(1);
    await clock.advance(10_000);
    expect(held.running()).toEqual([]);
    expect(queue.process({ signal: controller.signal })).toBeDefined();
    await clock.advance(10_000);
    expect(queue.snapshot().workers).toBe(0);
  });
});

describe("processQueue", () => {
  it("runs what is due, no more than so many, and ends", async () => {
    const { rt, clock } = place();
    const ran: number[] = [];
    const queue = new Queue("tools", { jobs: { work: numbered(({ n }) => void ran.push(n)) }, maxPerRun: 3 }, rt);
    await queue.enqueueMany(Array.from({ length: 5 }, (_, n) => ({ tool: "work" as const, input: { n } })));
    await queue.enqueue("work", { n: 9 }, { delay: "1h" });
    expect(await queue.processQueue()).toEqual({ ran: 3, removed: 0 });
    expect(await queue.processQueue({ maxPerRun: 10, concurrency: 1 })).toEqual({ ran: 2, removed: 0 });
    expect(await queue.processQueue()).toEqual({ ran: 0, removed: 0 });
    expect([ran, clock.pending()]).toEqual([[0, 1, 2, 3, 4], 0]);
    await clock.advance(3_600_000);
    // What has ended an hour ago is forgotten on the way.
    expect(await queue.processQueue()).toEqual({ ran: 1, removed: 5 });
  });

  it("begins no more when its time is over, and waits for what runs", async () => {
    const { queue, held, clock, fill } = setup();
    await fill(3);
    const run = queue.processQueue({ concurrency: 1, maxMs: "1s" });
    await clock.advance(1_500);
    held.end(0);
    await clock.advance(0);
    expect(await run).toEqual({ ran: 1, removed: 0 });
    expect((await queue.stats()).work).toMatchObject({ queued: 2, running: 0 });
  });
});
