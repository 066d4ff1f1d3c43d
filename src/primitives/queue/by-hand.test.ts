import { describe, expect, it } from "vitest";
import { z } from "zod";
import { job } from "./job.js";
import { numbered, place } from "./queue.fixture.js";
import { Queue } from "./queue.js";

describe("jobs claimed by hand", () => {
  function setup() {
    const made = place();
    const jobs = {
      work: job({ input: z.object({ n: z.number() }).transform(({ n }) => n), output: z.number() }),
      other: numbered(() => 1),
    };
    return { ...made, queue: new Queue("tools", { jobs, lease: "10s", attempts: 2 }, made.rt) };
  }

  it("are completed with a result, once", async () => {
    const { queue, clock } = setup();
    const context = { traceId: "t" };
    await queue.enqueue("work", { n: 1 }, { id: "1", context, deadline: "1m" });
    await queue.enqueue("other", { n: 2 });
    const [held, ...more] = await queue.claim({ tools: ["work"], max: 5 });
    if (held?.tool !== "work") throw new Error("one was enqueued");
    expect(more).toEqual([]);
    expect(held).toMatchObject({
      id: "1",
      input: 1,
      attempt: 1,
      attempts: 2,
      context: { traceId: "t", deadline: 60_000 },
    });
    await clock.advance(6_000);
    expect(await queue.extend(held)).toBe("kept");
    await clock.advance(6_000);
    await expect(queue.complete(held, "no number" as never)).rejects.toMatchObject({ code: "internal" });
    expect(await queue.complete(held, 7)).toBe("kept");
    expect(await queue.complete(held, 7)).toBe("lost");
    expect(await queue.get("1")).toMatchObject({ state: "succeeded", result: 7 });
    expect(queue.snapshot().byTool.work?.here).toMatchObject({ started: 1, succeeded: 1 });
  });

  it("fail, are given back, or are lost to others", async () => {
    const { queue, clock } = setup();
    await queue.enqueue("work", { n: 1 }, { id: "1" });
    const [first] = await queue.claim();
    if (first === undefined) throw new Error("one was enqueued");
    expect(await queue.release(first)).toBe("kept");
    const [second] = await queue.claim();
    if (second === undefined) throw new Error("it was given back");
    expect([second.attempt, second.fence > first.fence]).toEqual([1, true]);
    expect(await queue.fail(second, new Error("not now"))).toBe("kept");
    await clock.advance(2_000);
    const [third] = await queue.claim({ lease: "2s" });
    if (third === undefined) throw new Error("it is due again");
    await clock.advance(2_000);
    expect(await queue.claim()).toEqual([]);
    expect([await queue.extend(third), await queue.fail(third, "late")]).toEqual(["lost", "lost"]);
    expect(await queue.get("1")).toMatchObject({ state: "dead", attempt: 2 });
  });

  it("are not handed out where they can't be read: those of a newer version go back, others fail", async () => {
    const { queue, memory } = setup();
    const raw = (id: string, payload: string) => ({
      id,
      tool: "work",
      payload,
      delayMs: 0,
      deadlineMs: 0,
      attempts: 2,
      maxQueued: 0,
      dedupe: "",
    });
    const store = memory.jobs("tools");
    store.enqueue([
      raw("newer", '{"v":2,"input":{"n":1}}'),
      raw("garbage", "]["),
      raw("wrong", '{"v":1,"input":{"n":"x"}}'),
    ]);
    expect(await queue.claim({ max: 5 })).toEqual([]);
    const states = await Promise.all(["newer", "garbage", "wrong"].map((id) => queue.get(id)));
    expect(states.map((one) => one?.state)).toEqual(["queued", "failed", "failed"]);
    expect(states[2]?.error?.code).toBe("validation");
  });

  it("need tools that are there, and a number", async () => {
    const { queue } = setup();
    await expect(queue.claim({ tools: ["none" as never] })).rejects.toThrow(/work, other/);
    await expect(queue.claim({ max: 0 })).rejects.toThrow(/max/);
  });
});

describe("jobs of a newer version", () => {
  it("are left to newer workers for a while, and cost no attempt", async () => {
    const { rt, clock, memory, told } = place();
    const queue = new Queue("tools", { jobs: { work: numbered(() => 1), other: numbered(() => 2) } }, rt);
    const plain = { delayMs: 0, deadlineMs: 0, attempts: 1, maxQueued: 0, dedupe: "" };
    memory.jobs("tools").enqueue([{ id: "newer", tool: "work", payload: '{"v":2}', ...plain }]);
    const worker = queue.process();
    await queue.enqueue("other", { n: 1 }, { id: "other" });
    await clock.advance(3_000);
    expect(told().filter((one) => one === "job.released newer")).toHaveLength(1);
    expect(await queue.get("newer")).toMatchObject({ state: "queued", attempt: 0 });
    expect((await queue.get("other"))?.state).toBe("succeeded");
    await clock.advance(10_000);
    expect(told().filter((one) => one === "job.released newer").length).toBeGreaterThan(1);
    await worker.drain();
  });
});
