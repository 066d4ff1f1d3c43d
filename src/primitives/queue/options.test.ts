import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../core/config.js";
import { runtime } from "../../core/runtime.js";
import { job } from "./job.js";
import { numbered, place } from "./queue.fixture.js";
import { Queue } from "./queue.js";

const input = z.object({ n: z.number() });
const made = (options: object, limits: object = {}) =>
  new Queue("tools", { jobs: { work: numbered(() => 1, limits) }, ...options } as never, place().rt);

describe("options of a queue", () => {
  it.each<[option: string, value: object, limits?: object]>([
    ["lease", { lease: "10ms" }],
    ["attempts", { attempts: 0 }],
    ["retry.base", { retry: { base: "soon" } }],
    ["retry.bas", { retry: { bas: 1 } }],
    ["ttl", { ttl: -1 }],
    ["retention.dead", { retention: { dead: "x" } }],
    ["retention.gone", { retention: { gone: 1 } }],
    ["claimScan", { claimScan: 0 }],
    ["concurrency", { concurrency: 1.5 }],
    ["poll", { poll: "1ms" }],
    ["maxPerRun", { maxPerRun: 0 }],
    ["maxPayload", { maxPayload: "much" }],
    ["maxResult", { maxResult: -1 }],
    ["deadline", { deadline: 0 }],
    ["wrkers", { wrkers: 1 }],
    ["jobs", { jobs: {} }],
    ["jobs.work.maxRunning", {}, { maxRunning: -1 }],
    ["jobs.work.maxQueued", {}, { maxQueued: "many" }],
    ["jobs.work.attempts", {}, { attempts: 1_001 }],
    ["jobs.work.timeout", {}, { timeout: 0 }],
    ["jobs.work.retryIf", {}, { retryIf: true }],
    ["jobs.work.saturated", {}, { saturated: "busy" }],
    ["jobs.work.maxPayload", {}, { maxPayload: "x" }],
    ["jobs.work.maxResult", {}, { maxResult: "x" }],
    ["jobs.work.prioritty", {}, { prioritty: 1 }],
  ])("name %s where it is wrong", (option, value, limits) => {
    const make = () => made(value, limits);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(`queue("tools").${option}`);
  });

  it("refuse names that stores can't have, and jobs that nobody can do", () => {
    expect(() => new Queue("a b", { jobs: { work: numbered(() => 1) } }, place().rt)).toThrow(/queue\.name/);
    expect(() => new Queue("tools", { jobs: { "a b": numbered(() => 1) } }, place().rt)).toThrow(ConfigError);
    expect(() => job({ input } as never)).toThrow(/job\.run/);
    expect(() => job({ input: {}, run: () => 1 } as never)).toThrow(/job\.input/);
    expect(() => job({ input, output: "string" } as never)).toThrow(/job\.output/);
  });

  it("of a worker and of a run are checked, too", async () => {
    const queue = made({});
    expect(() => queue.process({ concurrency: 0 })).toThrow(/process\.concurrency/);
    expect(() => queue.process({ batch: 0 })).toThrow(/process\.batch/);
    expect(() => queue.process({ poll: "1ms" })).toThrow(/process\.poll/);
    expect(() => queue.process({ concurency: 1 } as never)).toThrow(/concurency/);
    await expect(queue.processQueue({ maxPerRun: 0 })).rejects.toThrow(/maxPerRun/);
    await expect(queue.processQueue({ maxMs: 0 })).rejects.toThrow(/maxMs/);
    await expect(queue.cleanupExpired({ max: 0 })).rejects.toThrow(/max/);
    await expect(queue.requeueDead({ max: 0 })).rejects.toThrow(/max/);
    await expect(queue.pause("none" as never)).rejects.toThrow(/work/);
  });

  it("follow knobs", async () => {
    const values: Record<string, unknown> = { queued: 1 };
    const knobs = { values, revision: 0 };
    const jobs = { work: numbered(() => 1, { maxQueued: (k: { queued: number }) => k.queued }) };
    const queue = new Queue("tools", { jobs }, place({ knobs }).rt);
    await queue.enqueue("work", { n: 1 });
    await expect(queue.enqueue("work", { n: 2 })).rejects.toMatchObject({ code: "queue_saturated" });
    values.queued = 2;
    knobs.revision++;
    await queue.enqueue("work", { n: 2 });
    expect(queue.snapshot().byTool.work?.here?.config.maxQueued).toBe(2);
  });
});

describe("handlers", () => {
  const jobs = {
    near: numbered(() => 1),
    far: job({ input, output: z.number() }),
    away: job({ input, output: z.number() }),
  };

  it("are given for all the jobs that have none, once, and only for those", () => {
    const queue = new Queue("tools", { jobs }, place().rt);
    const run = () => 1;
    for (const wrong of [
      { far: run },
      { far: run, away: 1 },
      { far: run, away: run, near: run },
      { far: run, away: run, gone: run },
    ])
      expect(() => queue.handle(wrong as never)).toThrow(/queue\("tools"\)\.handle/);
    queue.handle({ far: run, away: run });
    expect(() => queue.handle({ far: run, away: run })).toThrow(/already/);
  });

  it("that are missing keep a queue from working, and a store that is missing or keeps no jobs", async () => {
    const producer = new Queue("tools", { jobs: { far: jobs.far } }, place().rt);
    expect(() => producer.process()).toThrow(/handle/);
    await expect(producer.processQueue()).rejects.toThrow(/handle/);
    const storeless = new Queue("tools", { jobs: { near: jobs.near } }, runtime());
    expect(() => storeless.process()).toThrow(/no store/);
    await expect(storeless.enqueue("near", { n: 1 })).rejects.toThrow(/no store/);
    const { memory } = place();
    const store = Object.create(memory, { jobs: { value: undefined } });
    const jobless = new Queue("tools", { jobs: { near: jobs.near } }, runtime({ store }));
    await expect(jobless.enqueue("near", { n: 1 })).rejects.toThrow(/\(memory\) keeps no jobs/);
  });

  it("run where they are: a worker claims only what it can do", async () => {
    const { rt, clock } = place();
    const producer = new Queue("tools", { jobs }, rt);
    const worker = new Queue("tools", { jobs: { far: jobs.far } }, rt);
    worker.handle({ far: ({ n }) => n * 2 });
    await producer.enqueue("far", { n: 2 }, { id: "far" });
    await producer.enqueue("away", { n: 3 }, { id: "away" });
    const running = worker.process();
    await clock.advance(5_000);
    expect(await producer.get("far")).toMatchObject({ state: "succeeded", result: 4 });
    expect((await producer.get("away"))?.state).toBe("queued");
    await running.drain();
  });
});
