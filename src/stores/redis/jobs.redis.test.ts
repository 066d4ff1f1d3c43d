import { afterAll, describe, expect, it } from "vitest";
import { uniquePrefix } from "../../../test/redis/inject.js";
import type { Claim, ClaimRequest, JobRecord, JobStore, NewJob } from "../../core/jobs.js";
import { StoreFailure } from "../../core/store.js";
import { ioRedis } from "./clients.fixture.js";
import { redisStore } from "./redis-store.js";

const { client, close } = ioRedis();
afterAll(close);

const retention = { succeeded: 1_000, failed: 1_000, dead: 5_000, expired: 1_000, cancelled: 1_000 };
const START = 1_764_000_000_000;

function setup() {
  const time = { now: START };
  const store = redisStore(client, { prefix: uniquePrefix("jobs"), now: () => time.now, deadline: "10s" });
  return { time, jobs: store.jobs("tools"), store };
}

function job(id: string, more: Partial<NewJob> = {}): NewJob {
  const plain = {
    tool: "a",
    payload: `{"n":"${id}"}`,
    delayMs: 0,
    deadlineMs: 0,
    attempts: 3,
    maxQueued: 0,
    dedupe: "",
  };
  return { id, ...plain, ...more };
}

function asking(max: number, tools: Readonly<Record<string, number>> = { a: 0 }): ClaimRequest {
  const named = Object.entries(tools).map(([name, maxRunning]) => ({ name, maxRunning }));
  return { tools: named, max, leaseMs: 1_000, scan: 100, retention };
}

async function ok<T>(answer: T | StoreFailure | Promise<T | StoreFailure>): Promise<T> {
  const outcome = await answer;
  if (outcome instanceof StoreFailure) throw new Error(outcome.reason, { cause: outcome.error });
  return outcome;
}

const claim = (jobs: JobStore, max: number, tools?: Record<string, number>): Promise<Claim> =>
  ok(jobs.claim(asking(max, tools)));
const record = async (jobs: JobStore, id: string) => (await ok(jobs.get(id))) as JobRecord;
const held = ({ jobs }: Claim) => jobs.map(({ id, fence }) => ({ id, fence }));

describe("jobs in redis", () => {
  it("go from queued to running to their end, and are forgotten when their time has passed", async () => {
    const { jobs, time } = setup();
    const payload = 'ünï "\u0000\n😀 {[';
    await ok(jobs.enqueue([job("1", { payload })]));
    expect(await record(jobs, "1")).toMatchObject({ state: "queued", payload, enqueuedAt: START, dueAt: START });
    time.now += 10;
    const claimed = await claim(jobs, 5);
    expect(claimed).toMatchObject({ now: START + 10, nextMs: 1_000 });
    const [{ fence } = { fence: 0 }] = claimed.jobs;
    expect(claimed.jobs).toEqual([
      { id: "1", tool: "a", attempt: 1, attempts: 3, fence, payload, enqueuedAt: START, dueAt: START, deadlineAt: 0 },
    ]);
    expect(await record(jobs, "1")).toMatchObject({ state: "running", startedAt: START + 10 });
    const result = '"ü\u0000"';
    const ended = await ok(jobs.finish([{ id: "1", fence, kind: "succeeded", result }], retention));
    expect(ended).toEqual({ finished: ["kept"], claim: undefined });
    expect(await record(jobs, "1")).toMatchObject({ state: "succeeded", result, error: null, endedAt: START + 10 });
    expect(await ok(jobs.cleanup(10))).toEqual({ removed: 0 });
    time.now += 1_000;
    expect(await ok(jobs.cleanup(10))).toEqual({ removed: 1 });
    expect(await ok(jobs.get("1"))).toEqual({ state: "unknown" });
  });

  it("are given to one only, however many ask at once", async () => {
    const { jobs } = setup();
    await Promise.all(Array.from({ length: 300 }, (_, n) => ok(jobs.enqueue([job(`${n}`)]))));
    const given = (await Promise.all(Array.from({ length: 40 }, () => claim(jobs, 10)))).flatMap(held);
    expect(new Set(given.map(({ id }) => id)).size).toBe(300);
    expect(new Set(given.map(({ fence }) => fence)).size).toBe(300);
    expect(given).toHaveLength(300);
  });
});
