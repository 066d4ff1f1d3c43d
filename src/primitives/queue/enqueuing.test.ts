import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../core/config.js";
import { QueueSaturatedError } from "./errors.js";
import { job } from "./job.js";
import { noTrouble, numbered, place, timedOut, troubled, unavailable } from "./queue.fixture.js";
import { Queue } from "./queue.js";

const search = job({ input: z.object({ q: z.string().min(1), at: z.coerce.date().optional() }), run: ({ q }) => q });

describe("enqueueing", () => {
  it("takes jobs in with what they were given, and says so", async () => {
    const { rt, clock, told } = place();
    const queue = new Queue("tools", { jobs: { search } }, rt);
    const context = { traceId: "t1", tenant: "acme", principal: "ann", priority: "high" as const };
    const { id, duplicate } = await queue.enqueue("search", { q: "keel" }, { context, delay: "5s", deadline: "1m" });
    expect([duplicate, told()]).toEqual([false, [`job.enqueued ${id}`]]);
    expect(await queue.get(id)).toMatchObject({
      state: "delayed",
      tool: "search",
      input: { q: "keel" },
      from: "shop",
      traceId: "t1",
      tenant: "acme",
      enqueuedAt: clock.wall(),
      dueAt: clock.wall() + 5_000,
      deadlineAt: clock.wall() + 60_000,
      error: undefined,
    });
    expect(await queue.get("another")).toBeUndefined();
  });

  it("checks the input as the handler will get it: what is written, not what is given", async () => {
    const { rt } = place();
    const queue = new Queue("tools", { jobs: { search } }, rt);
    await expect(queue.enqueue("search", { q: "" })).rejects.toMatchObject({ code: "validation" });
    await queue.enqueue("search", { q: "a", at: new Date(0) });
    const loop: { q: string; self?: unknown } = { q: "a" };
    loop.self = loop;
    for (const wrong of [loop, () => 1, 10n])
      await expect(queue.enqueue("search", wrong as never)).rejects.toMatchObject({ code: "validation" });
    expect((await queue.stats()).search).toMatchObject({ queued: 1 });
  });

  it("hands on an input that is left out", async () => {
    const { rt, clock } = place();
    const got: unknown[] = [];
    const queue = new Queue(
      "tools",
      { jobs: { tidy: job({ input: z.undefined(), run: (input) => void got.push(input) }) } },
      rt,
    );
    await queue.enqueue("tidy", undefined);
    const worker = queue.process();
    await clock.advance(10);
    expect(got).toEqual([undefined]);
    await worker.drain();
  });

  it("refuses what is too large, in bytes and not in letters", async () => {
    const { rt } = place();
    const queue = new Queue("tools", { jobs: { search }, maxPayload: 300 }, rt);
    await queue.enqueue("search", { q: "ü".repeat(100) });
    await expect(queue.enqueue("search", { q: "ü".repeat(150) })).rejects.toMatchObject({ code: "payload_too_large" });
  });

  it("refuses wrong options and tools by name", async () => {
    const { rt } = place();
    const queue = new Queue("tools", { jobs: { search } }, rt);
    const input = { q: "a" };
    await expect(queue.enqueue("find" as never, input as never)).rejects.toThrow(/search/);
    await expect(queue.enqueue("search", input, { id: "" })).rejects.toThrow(ConfigError);
    await expect(queue.enqueue("search", input, { dedupe: "x".repeat(201) })).rejects.toThrow(/dedupe/);
    await expect(queue.enqueue("search", input, { delay: "5s", deadline: "5s" })).rejects.toThrow(
      /longer than the delay/,
    );
    await expect(queue.enqueue("search", input, { delay: "soon" as never })).rejects.toThrow(/delay/);
  });

  it("takes many in, all or none, and an id or a value once", async () => {
    const { rt } = place();
    const queue = new Queue(
      "tools",
      { jobs: { search: numbered(() => 1, { maxQueued: 3 }), other: numbered(() => 1) } },
      rt,
    );
    const many = await queue.enqueueMany([
      { tool: "search", input: { n: 1 }, id: "one" },
      { tool: "search", input: { n: 2 }, dedupe: "x" },
      { tool: "search", input: { n: 3 }, dedupe: "x" },
    ]);
    expect(many.map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
    expect(many[2]?.id).toBe(many[1]?.id);
    expect(await queue.enqueue("search", { n: 9 }, { id: "one" })).toEqual({ id: "one", duplicate: true });
    const tooMany = [
      { tool: "other" as const, input: { n: 4 } },
      { tool: "search" as const, input: { n: 5 } },
      { tool: "search" as const, input: { n: 6 } },
    ];
    await expect(queue.enqueueMany(tooMany)).rejects.toThrow(QueueSaturatedError);
    const stats = await queue.stats();
    expect([stats.search?.queued, stats.other?.queued]).toEqual([2, 0]);
    expect(await queue.enqueueMany([])).toEqual([]);
  });

  it("says that it is full as the tool's owner sees it: our lack of room, or the client's excess", async () => {
    const { rt, told } = place();
    const jobs = {
      ours: numbered(() => 1, { maxQueued: 1 }),
      theirs: numbered(() => 1, { maxQueued: 1, saturated: "rate_limit" }),
    };
    const queue = new Queue("tools", { jobs }, rt);
    await queue.enqueueMany([
      { tool: "ours", input: { n: 1 } },
      { tool: "theirs", input: { n: 1 } },
    ]);
    const refused = { code: "queue_saturated", retryAfterMs: 1_000, depth: 1, limit: 1 };
    await expect(queue.enqueue("ours", { n: 2 })).rejects.toMatchObject({ ...refused, status: 503, tool: "ours" });
    await expect(queue.enqueue("theirs", { n: 2 })).rejects.toMatchObject({ ...refused, status: 429, tool: "theirs" });
    expect(told().filter((type) => type === "job.saturated")).toHaveLength(2);
    expect(queue.snapshot().byTool.ours?.here).toMatchObject({ enqueued: 1, saturated: 1 });
  });

  it("gives jobs the queue's time to live from when they are due, unless they have a deadline", async () => {
    const { rt, clock } = place();
    const queue = new Queue("tools", { jobs: { search: numbered(() => 1) }, ttl: "10s" }, rt);
    const { id } = await queue.enqueue("search", { n: 1 }, { delay: "5s" });
    expect((await queue.get(id))?.deadlineAt).toBe(clock.wall() + 15_000);
    const worker = queue.process();
    await queue.pause("search");
    await clock.advance(16_000);
    await queue.resume("search");
    await clock.advance(1_000);
    expect((await queue.get(id))?.state).toBe("expired");
    await worker.drain();
  });

  it("says that the store failed, and takes the same id in once when it is tried again", async () => {
    const trouble = noTrouble();
    const { rt, heard } = place({}, troubled(trouble));
    const queue = new Queue("tools", { jobs: { search: numbered(() => 1) } }, rt);
    trouble.fail.set("enqueue", { times: 1, failure: timedOut, lost: true });
    const failed = queue.enqueue("search", { n: 1 }, { id: "one" });
    await expect(failed).rejects.toMatchObject({ code: "unavailable", retryAfterMs: expect.any(Number) });
    expect(heard).toMatchObject([
      { type: "queue.failure", operation: "enqueue", applied: "unknown", reason: "timeout" },
    ]);
    expect(await queue.enqueue("search", { n: 1 }, { id: "one" })).toEqual({ id: "one", duplicate: true });
    trouble.fail.set("stats", { times: 1, failure: unavailable });
    await expect(queue.stats()).rejects.toMatchObject({ code: "unavailable" });
    expect(queue.snapshot().statsFailure).toMatch(/stats failed/);
  });
});
