import { describe, expect, it } from "vitest";
import { z } from "zod";
import { KeelsonError } from "../../core/errors.js";
import { job } from "./job.js";
import { heldRuns, numbered, place } from "./queue.fixture.js";
import { Queue } from "./queue.js";

const some = (from: number, to: number, tool = "work") =>
  Array.from({ length: to - from }, (_, i) => ({ tool: tool as never, input: { n: from + i } }));

describe("a worker", () => {
  it("runs what there is, as many at a time as it may, and what comes without waiting for a poll", async () => {
    const { rt, clock } = place();
    const held = heldRuns();
    const queue = new Queue("tools", { jobs: { work: numbered(held.run) } }, rt);
    await queue.enqueueMany(some(0, 5));
    const worker = queue.process({ concurrency: 3 });
    await clock.advance(0);
    expect([held.running(), worker.running]).toEqual([[0, 1, 2], 3]);
    held.end(1);
    await clock.advance(0);
    expect(held.running()).toEqual([0, 2, 3]);
    for (const n of [0, 2, 3, 4]) {
      held.end(n);
      await clock.advance(0);
    }
    expect(held.running()).toEqual([]);
    await queue.enqueue("work", { n: 9 });
    await clock.advance(0);
    expect([held.running(), held.state.most]).toEqual([[9], 3]);
    held.end(9);
    expect(await worker.drain()).toBe(true);
    expect((await queue.stats()).work).toMatchObject({ queued: 0, running: 0, ended: { succeeded: 6 } });
  });

  it("runs no more of a kind than may run anywhere, and lets no kind wait for another", async () => {
    const { rt, clock } = place();
    const held = heldRuns();
    const jobs = { slow: numbered(held.run, { maxRunning: 2 }), quick: numbered(() => 1) };
    const [one, two] = [new Queue("tools", { jobs }, rt), new Queue("tools", { jobs }, rt)];
    await one.enqueueMany([...some(0, 6, "slow"), ...some(0, 20, "quick")]);
    const workers = [one.process({ concurrency: 5 }), two.process({ concurrency: 5 })];
    await clock.advance(2_000);
    expect(held.running()).toHaveLength(2);
    expect((await one.stats()).quick).toMatchObject({ ended: { succeeded: 20 } });
    for (let n = 0; n < 6; n++) {
      held.end(n);
      await clock.advance(1_500);
    }
    expect([held.state.most, (await one.stats()).slow?.ended.succeeded]).toEqual([2, 6]);
    await Promise.all(workers.map((worker) => worker.drain()));
  });

  it("tries again after waits drawn from nought to twice the last bound, until no attempts are left", async () => {
    const { rt, clock, heard } = place();
    const error = new Error("no such luck");
    const fails = numbered(() => Promise.reject(error), { attempts: 4, retry: { base: "1s", cap: "3s" } });
    const queue = new Queue("tools", { jobs: { fails } }, rt);
    const { id } = await queue.enqueue("fails", { n: 1 });
    const worker = queue.process();
    await clock.advance(20_000);
    const waits = heard.filter(({ type }) => type === "job.retried").map(({ delayMs }) => delayMs as number);
    expect(waits).toHaveLength(3);
    for (const [i, bound] of [1_000, 2_000, 3_000].entries()) expect(waits[i]).toBeLessThanOrEqual(bound);
    expect(new Set(waits).size).toBe(3);
    expect(heard.at(-1)).toMatchObject({ type: "job.dead", id, attempt: 4, error });
    expect(await queue.get(id)).toMatchObject({
      state: "dead",
      attempt: 4,
      error: { message: "no such luck", name: "Error" },
    });
    expect(await queue.requeueDead()).toEqual({ requeued: 1 });
    await clock.advance(20_000);
    expect((await queue.get(id))?.state).toBe("dead");
    await worker.drain();
  });

  it("tries again only what another attempt may help", async () => {
    const { rt, clock } = place();
    const jobs = {
      refused: numbered(() => Promise.reject(new KeelsonError("not_found", "no such thing"))),
      asked: numbered(() => Promise.reject(new Error("no")), { retryIf: () => false }),
      wrong: numbered(() => Promise.reject(new Error("no")), {
        attempts: 1,
        retryIf: () => {
          throw new Error("oops");
        },
      }),
      mute: numbered(() => Promise.reject(Object.create(null)), { attempts: 1 }),
    };
    const queue = new Queue("tools", { jobs }, rt);
    for (const tool of ["refused", "asked", "wrong", "mute"] as const)
      await queue.enqueue(tool, { n: 1 }, { id: tool });
    const worker = queue.process();
    await clock.advance(10);
    const states = await Promise.all(["refused", "asked", "wrong", "mute"].map((id) => queue.get(id)));
    expect(states.map((one) => [one?.state, one?.attempt])).toEqual([
      ["failed", 1],
      ["failed", 1],
      ["dead", 1],
      ["dead", 1],
    ]);
    expect(states[0]?.error).toEqual({ message: "no such thing", name: "KeelsonError", code: "not_found" });
    expect(states[2]?.error?.message).toMatch(/could not be told/);
    await worker.drain();
  });

  it("fails a run that takes too long though its handler heeds nothing, and takes no result of it", async () => {
    const { rt, clock } = place();
    const held = heldRuns();
    const queue = new Queue("tools", { jobs: { work: numbered(held.run, { timeout: "2s", attempts: 1 }) } }, rt);
    const { id } = await queue.enqueue("work", { n: 1 });
    const worker = queue.process();
    await clock.advance(1_999);
    expect(held.signals.get(1)?.aborted).toBe(false);
    await clock.advance(1);
    expect(held.signals.get(1)?.reason).toMatchObject({ code: "job_timeout" });
    held.end(1);
    await clock.advance(0);
    expect(await queue.get(id)).toMatchObject({ state: "dead", error: { code: "job_timeout" } });
    await worker.drain();
  });

  it("fails a run whose job's deadline passes", async () => {
    const { rt, clock } = place();
    const held = heldRuns();
    const queue = new Queue("tools", { jobs: { work: numbered(held.run) } }, rt);
    const { id } = await queue.enqueue("work", { n: 1 }, { deadline: "3s" });
    const worker = queue.process();
    await clock.advance(3_000);
    expect(held.signals.get(1)?.reason).toMatchObject({ code: "job_expired" });
    expect(await queue.get(id)).toMatchObject({ state: "failed", error: { code: "job_expired" } });
    await worker.drain();
  });

  it("keeps the leases of long runs, and tells those whose job was cancelled", async () => {
    const { rt, clock, told } = place();
    const held = heldRuns();
    const queue = new Queue("tools", { jobs: { work: numbered(held.run) }, lease: "10s" }, rt);
    const { id } = await queue.enqueue("work", { n: 1 });
    await queue.enqueue("work", { n: 2 });
    const worker = queue.process();
    await clock.advance(60_000);
    expect(held.running()).toEqual([1, 2]);
    expect(await queue.cancel(id)).toBe("requested");
    await clock.advance(8_000);
    expect(held.signals.get(1)?.reason).toMatchObject({ code: "job_cancelled" });
    expect(held.signals.get(2)?.aborted).toBe(false);
    held.fail(1, held.signals.get(1)?.reason);
    held.end(2);
    await clock.advance(0);
    expect((await queue.get(id))?.state).toBe("cancelled");
    expect(told()).toContain(`job.cancelled ${id}`);
    await worker.drain();
  });

  it("gives handlers who asked for the job, and carries their context", async () => {
    const inContext: unknown[] = [];
    const { rt, clock } = place({
      inContext: (context, fn) => {
        inContext.push(context.traceId);
        return fn();
      },
    });
    const got: unknown[] = [];
    const work = job({
      input: z.object({ n: z.number() }),
      run: (
        { n },
        { id, tool, attempt, attempts, context: { traceId, tenant, principal, priority, deadline }, ctx },
      ) => {
        got.push({ n, id, tool, attempt, attempts, traceId, tenant, principal, priority, deadline, ctx });
      },
    });
    const queue = new Queue("tools", { jobs: { work } }, rt);
    const context = { traceId: "t", tenant: "acme", principal: "ann", priority: "low" as const };
    await queue.enqueue("work", { n: 1 }, { id: "one", context, deadline: "1m" });
    const worker = queue.process();
    await clock.advance(0);
    const call = { n: 1, id: "one", tool: "work", attempt: 1, attempts: 3, deadline: 60_000, ctx: undefined };
    expect(got).toEqual([{ ...call, ...context }]);
    expect(inContext).toEqual(["t"]);
    await worker.drain();
  });

  it("gives each run a span of its own, and tells how long it took and where it was enqueued", async () => {
    const { rt, clock } = place();
    const spans: (string | undefined)[] = [];
    const work = job({
      input: z.object({ n: z.number() }),
      attempts: 2,
      run: async (_, { attempt, context }) => {
        spans.push(context.spanId);
        await new Promise<void>((resolve) => void clock.alarm(20, resolve, "held"));
        if (attempt === 1) throw new Error("once more");
      },
    });
    const queue = new Queue("tools", { jobs: { work }, retry: { base: "1s" } }, rt);
    const ends: object[] = [];
    for (const type of ["job.retried", "job.succeeded"] as const)
      rt.events.on(type, ({ durationMs, producer, context }) => ends.push({ type, durationMs, producer, ...context }));
    await clock.advance(1);
    const from = { traceId: "a".repeat(32), spanId: "b".repeat(16) };
    await queue.enqueue("work", { n: 1 }, { context: from });
    const worker = queue.process();
    for (const ms of [0, 20, 2_000, 20]) await clock.advance(ms);
    expect(new Set([...spans, from.spanId]).size).toBe(3);
    expect(ends).toMatchObject([
      { type: "job.retried", durationMs: 20, producer: from, traceId: from.traceId, spanId: spans[0] },
      { type: "job.succeeded", durationMs: 20, producer: from, traceId: from.traceId, spanId: spans[1] },
    ]);
    await worker.drain();
  });

  it("refuses results that are no JSON, too large, or not what was promised", async () => {
    const { rt, clock } = place();
    const results: Record<string, unknown> = { bigint: 10n, large: "x".repeat(2_000), wrong: "no number" };
    const jobs = {
      bigint: numbered(() => results.bigint),
      large: numbered(() => results.large, { maxResult: "1kb" }),
      wrong: job({ input: z.object({ n: z.number() }), output: z.number() }),
    };
    const queue = new Queue("tools", { jobs }, rt);
    queue.handle({ wrong: () => results.wrong as number });
    for (const tool of ["bigint", "large", "wrong"] as const) await queue.enqueue(tool, { n: 1 }, { id: tool });
    const worker = queue.process();
    await clock.advance(0);
    for (const id of ["bigint", "large", "wrong"])
      expect(await queue.get(id)).toMatchObject({ state: "failed", error: { code: "internal" } });
    await worker.drain();
  });
});
