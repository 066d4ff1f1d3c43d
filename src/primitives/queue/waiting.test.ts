import { describe, expect, it } from "vitest";
import { z } from "zod";
import { JobError } from "./errors.js";
import { job } from "./job.js";
import { heldRuns, noTrouble, numbered, place, timedOut, troubled, unavailable } from "./queue.fixture.js";
import { Queue } from "./queue.js";

function setup(change: { late?: boolean; silent?: boolean } = {}) {
  const trouble = Object.assign(noTrouble(), change);
  const made = place({}, troubled(trouble));
  const held = heldRuns();
  const jobs = {
    work: numbered(held.run, { attempts: 1 }),
    final: numbered(() => Promise.reject(new Error("no such luck")), { attempts: 1, retryIf: () => false }),
  };
  const queue = new Queue("tools", { jobs }, made.rt);
  return { ...made, trouble, held, queue };
}

/** What a promise came to, for tests in virtual time. */
function outcome<T>(promise: Promise<T>) {
  const state: { value?: T; error?: unknown; over: boolean } = { over: false };
  promise.then(
    (value) => Object.assign(state, { value, over: true }),
    (error: unknown) => Object.assign(state, { error, over: true }),
  );
  return state;
}

describe("enqueueAndWait", () => {
  it.each([
    ["at once", {}],
    ["as promises", { late: true }],
    ["as promises, and tells nothing", { late: true, silent: true }],
  ])("gives the result where the store answers %s", async (_, change) => {
    const { queue, held, clock } = setup(change);
    const waited = outcome(queue.enqueueAndWait("work", { n: 1 }, { wait: "30s" }));
    const worker = queue.process();
    await clock.advance(10_000);
    held.end(1, { answer: [42] });
    await clock.advance(5_000);
    expect(waited).toEqual({ over: true, value: { answer: [42] } });
    await worker.drain();
    await queue.close();
    await clock.advance(20_000);
    expect(clock.pending()).toBe(0);
  });

  it("says how it ended where there is no result", async () => {
    const { queue, held, clock } = setup();
    const worker = queue.process();
    const failed = outcome(queue.enqueueAndWait("final", { n: 1 }, { wait: "30s", id: "f" }));
    const dead = outcome(queue.enqueueAndWait("work", { n: 2 }, { wait: "30s" }));
    const cancelled = outcome(queue.enqueueAndWait("work", { n: 3 }, { wait: "30s", id: "c", delay: "5s" }));
    const expired = outcome(queue.enqueueAndWait("work", { n: 4 }, { wait: "30s", deadline: "2s" }));
    await clock.advance(0);
    held.fail(2, new TypeError("oops"));
    await queue.cancel("c");
    await clock.advance(2_500);
    expect(failed.error).toBeInstanceOf(JobError);
    expect(failed.error).toMatchObject({ code: "job_failed", jobId: "f", tool: "final", state: "failed" });
    expect(failed.error).toMatchObject({ cause: { message: "no such luck" } });
    expect(dead.error).toMatchObject({ code: "job_dead", cause: { name: "TypeError", message: "oops" } });
    expect(cancelled.error).toMatchObject({ code: "job_cancelled" });
    // It ran when its time was over: that is no expiry before it ran.
    expect(expired.error).toMatchObject({ code: "job_failed", cause: { code: "job_expired" } });
    held.end(4);
    await worker.drain();
  });

  it("waits no longer than it may, by its own time or the context's; the job goes on", async () => {
    const { queue, held, clock } = setup();
    const worker = queue.process();
    const own = outcome(queue.enqueueAndWait("work", { n: 1 }, { wait: "3s", id: "1" }));
    const context = outcome(queue.enqueueAndWait("work", { n: 2 }, { wait: "30s", context: { deadline: 2_000 } }));
    await clock.advance(1_999);
    expect([own.over, context.over]).toEqual([false, false]);
    await clock.advance(1);
    expect(context.error).toMatchObject({ code: "job_timeout", state: undefined });
    await clock.advance(1_000);
    expect(own.error).toMatchObject({ code: "job_timeout", jobId: "1" });
    held.end(1, "late");
    held.end(2);
    await clock.advance(0);
    expect(await queue.get("1")).toMatchObject({ state: "succeeded", result: "late" });
    await worker.drain();
  });

  it("ends with the reason of a signal, and then cancels the job only where it is asked to and the job is its own", async () => {
    const { queue, held, clock } = setup();
    const worker = queue.process();
    const [stays, goes, others] = [new AbortController(), new AbortController(), new AbortController()];
    const one = outcome(queue.enqueueAndWait("work", { n: 1 }, { wait: "30s", id: "1", signal: stays.signal }));
    const two = outcome(
      queue.enqueueAndWait(
        "work",
        { n: 2 },
        { wait: "30s", id: "2", delay: "10s", signal: goes.signal, cancelOnAbort: true },
      ),
    );
    await queue.enqueue("work", { n: 3 }, { id: "3", dedupe: "x" });
    const three = outcome(
      queue.enqueueAndWait("work", { n: 3 }, { wait: "30s", dedupe: "x", signal: others.signal, cancelOnAbort: true }),
    );
    await clock.advance(0);
    for (const controller of [stays, goes, others]) controller.abort(new Error("left"));
    await clock.advance(0);
    for (const { error } of [one, two, three]) expect(error).toMatchObject({ message: "left" });
    const states = await Promise.all(["1", "2", "3"].map(async (id) => (await queue.get(id))?.state));
    expect(states).toEqual(["running", "cancelled", "running"]);
    const gone = queue.enqueueAndWait("work", { n: 4 }, { wait: "1s", signal: stays.signal });
    await expect(gone).rejects.toThrow("left");
    expect((await queue.stats()).work).toMatchObject({ queued: 0, delayed: 0, running: 2 });
    held.end(1);
    held.end(3);
    await worker.drain();
  });

  it("gives the result of the job that stands in, one that has ended already, too", async () => {
    const { queue, held, clock } = setup({ late: true });
    const worker = queue.process();
    const first = outcome(queue.enqueueAndWait("work", { n: 1 }, { wait: "30s", dedupe: "x", id: "a" }));
    await clock.advance(0);
    const second = outcome(queue.enqueueAndWait("work", { n: 2 }, { wait: "30s", dedupe: "x", id: "b" }));
    await clock.advance(0);
    held.end(1, "one");
    await clock.advance(0);
    expect([first.value, second.value, held.running()]).toEqual(["one", "one", []]);
    const again = outcome(queue.enqueueAndWait("work", { n: 3 }, { wait: "30s", id: "a" }));
    await clock.advance(0);
    expect(again.value).toBe("one");
    await worker.drain();
  });

  it("outlives a store that fails meanwhile, and says so where the job was not taken in", async () => {
    const { queue, held, clock, trouble } = setup({ late: true, silent: true });
    const worker = queue.process();
    trouble.fail.set("get", { times: 3, failure: unavailable });
    const waited = outcome(queue.enqueueAndWait("work", { n: 1 }, { wait: "30s" }));
    await clock.advance(100);
    held.end(1, "in the end");
    await clock.advance(10_000);
    expect(waited.value).toBe("in the end");
    trouble.fail.set("enqueue", { times: 1, failure: timedOut });
    const refused = queue.enqueueAndWait("work", { n: 2 }, { wait: "30s" });
    await expect(refused).rejects.toMatchObject({ code: "unavailable" });
    await worker.drain();
  });

  it("ends what it hears too late of listening, and looks until then", async () => {
    let listening: (end: () => void) => void = () => undefined;
    const { rt, clock } = place({}, (jobs) => ({
      ...troubled(noTrouble())(jobs),
      listen: () =>
        new Promise((resolve) => {
          listening = resolve;
        }),
    }));
    const queue = new Queue("tools", { jobs: { work: numbered(({ n }) => n) }, deadline: "1s" }, rt);
    const waited = outcome(queue.enqueueAndWait("work", { n: 1 }, { wait: "30s" }));
    await queue.processQueue();
    await clock.advance(2_000);
    expect(waited.value).toBe(1);
    let ended = 0;
    listening(() => ended++);
    await clock.advance(0);
    expect(ended).toBe(1);
  });

  it("checks the result by the schema of whoever waits", async () => {
    const { rt, clock } = place();
    const input = z.object({ n: z.number() });
    const worker = new Queue("tools", { jobs: { work: job({ input, output: z.string() }) } }, rt);
    worker.handle({ work: ({ n }) => `${n}` });
    const caller = new Queue("tools", { jobs: { work: job({ input, output: z.string().transform(Number) }) } }, rt);
    const stranger = new Queue("tools", { jobs: { work: job({ input, output: z.boolean() }) } }, rt);
    const running = worker.process();
    const right = outcome(caller.enqueueAndWait("work", { n: 7 }, { wait: "5s" }));
    const wrong = outcome(stranger.enqueueAndWait("work", { n: 7 }, { wait: "5s" }));
    await clock.advance(100);
    expect([right.value, wrong.error]).toEqual([
      7,
      expect.objectContaining({ code: "job_failed", state: "succeeded" }),
    ]);
    await running.drain();
  });

  it("needs to be told how long", async () => {
    const { queue } = setup();
    await expect(queue.enqueueAndWait("work", { n: 1 }, {} as never)).rejects.toThrow(/wait/);
  });
});
