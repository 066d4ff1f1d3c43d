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
const ids = ({ jobs }: Claim) => jobs.map(({ id }) => id);
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

  it("are taken in once, however often they are enqueued; a living value stands in for another", async () => {
    const { jobs } = setup();
    const both = await Promise.all([ok(jobs.enqueue([job("1", { dedupe: "x" })])), ok(jobs.enqueue([job("1")]))]);
    const stand = await ok(jobs.enqueue([job("2", { dedupe: "x" }), job("3", { dedupe: "x", tool: "b" })]));
    expect([...both, stand]).toEqual([
      { accepted: true, jobs: [{ id: "1", duplicate: false }] },
      { accepted: true, jobs: [{ id: "1", duplicate: true }] },
      {
        accepted: true,
        jobs: [
          { id: "1", duplicate: true },
          { id: "3", duplicate: false },
        ],
      },
    ]);
    const first = await claim(jobs, 5);
    expect(ids(first)).toEqual(["1"]);
    await ok(jobs.finish([{ id: "1", fence: first.jobs[0]?.fence ?? 0, kind: "failed", error: "no" }], retention));
    expect(await ok(jobs.enqueue([job("2", { dedupe: "x" })]))).toMatchObject({
      jobs: [{ id: "2", duplicate: false }],
    });
  });

  it("are refused all together where one is too many; retries and duplicates need no room", async () => {
    const { jobs, time } = setup();
    const capped = (id: string, more = {}) => job(id, { maxQueued: 2, ...more });
    const answers = await Promise.all([
      ok(jobs.enqueue([capped("1")])),
      ok(jobs.enqueue([job("x", { tool: "b" }), capped("2"), capped("3")])),
      ok(jobs.enqueue([capped("4", { delayMs: 50 })])),
      ok(jobs.enqueue([capped("5")])),
      ok(jobs.enqueue([capped("1")])),
    ]);
    const full = { accepted: false, tool: "a", depth: 2, maxQueued: 2 };
    expect(answers).toMatchObject([{ accepted: true }, full, { accepted: true }, full, { accepted: true }]);
    expect(await ok(jobs.get("x"))).toEqual({ state: "unknown" });
    const [{ fence } = { fence: 0 }] = (await claim(jobs, 1)).jobs;
    await ok(jobs.enqueue([capped("6")]));
    await ok(jobs.finish([{ id: "1", fence, kind: "retry", delayMs: 0, error: "again" }], retention));
    time.now += 50;
    expect((await ok(jobs.stats())).tools.a).toMatchObject({ queued: 2, delayed: 1, running: 0 });
    expect(await ok(jobs.enqueue([capped("7")]))).toMatchObject(full);
  });

  it("are tried again when they are due, with fences that grow, until no attempts are left", async () => {
    const { jobs, time } = setup();
    await ok(jobs.enqueue([job("1", { attempts: 2 })]));
    const [first] = (await claim(jobs, 1)).jobs;
    const fence = first?.fence ?? 0;
    await ok(jobs.finish([{ id: "1", fence, kind: "retry", delayMs: 100, error: "e1" }], retention));
    expect(await record(jobs, "1")).toMatchObject({ state: "delayed", attempt: 1, error: "e1", dueAt: START + 100 });
    expect(await claim(jobs, 1)).toMatchObject({ jobs: [], nextMs: 100 });
    time.now += 100;
    const [second] = (await claim(jobs, 1)).jobs;
    expect(second).toMatchObject({ attempt: 2 });
    expect(second?.fence).toBeGreaterThan(fence);
    const late = await ok(jobs.finish([{ id: "1", fence, kind: "succeeded", result: "1" }], retention));
    expect(late.finished).toEqual(["lost"]);
    const again = { id: "1", fence: second?.fence ?? 0, kind: "retry", delayMs: 1, error: "e2" } as const;
    expect((await ok(jobs.finish([again, again], retention))).finished).toEqual(["kept", "lost"]);
    expect(await record(jobs, "1")).toMatchObject({ state: "dead", error: "e2" });
    expect((await ok(jobs.stats())).tools.a).toMatchObject({ dead: 1, ended: { dead: 1 } });
    expect(await ok(jobs.requeueDead("b", 5))).toEqual({ requeued: 0 });
    expect(await ok(jobs.requeueDead(undefined, 5))).toEqual({ requeued: 1 });
    expect(await claim(jobs, 1)).toMatchObject({ jobs: [{ id: "1", attempt: 1, attempts: 2 }] });
  });

  it("are given to somebody else when a lease runs out; who extends keeps it", async () => {
    const { jobs, time } = setup();
    await ok(jobs.enqueue([job("1"), job("2"), job("3", { attempts: 1 })]));
    const leases = held(await claim(jobs, 3));
    time.now += 900;
    expect(await ok(jobs.extend(leases.slice(0, 1), 1_000))).toEqual(["kept"]);
    time.now += 100;
    const next = await ok(jobs.finish([], retention, asking(5)));
    expect(next.claim?.jobs).toMatchObject([{ id: "2", attempt: 2 }]);
    expect(await record(jobs, "3")).toMatchObject({ state: "dead" });
    expect(await ok(jobs.extend(leases, 1_000))).toEqual(["kept", "lost", "lost"]);
  });

  it("are given out in turn among tools; caps and pauses of one hold up no other", async () => {
    const { jobs } = setup();
    await ok(jobs.enqueue(Array.from({ length: 20 }, (_, n) => job(`a${n}`))));
    await ok(jobs.enqueue([job("b0", { tool: "b" }), job("b1", { tool: "b" }), job("c0", { tool: "c" })]));
    const some = await claim(jobs, 6, { a: 0, b: 0, c: 0 });
    expect(ids(some).sort()).toEqual(["a0", "a1", "a2", "b0", "b1", "c0"]);
    expect(ids(await claim(jobs, 10, { a: 5 }))).toEqual(["a3", "a4"]);
    expect(ids(await claim(jobs, 10, { a: 5 }))).toEqual([]);
    await ok(jobs.enqueue([job("b2", { tool: "b" })]));
    await ok(jobs.pause("a", true));
    expect(ids(await claim(jobs, 3, { a: 0, b: 0 }))).toEqual(["b2"]);
    expect((await ok(jobs.stats())).tools.a).toMatchObject({ paused: true, running: 5, queued: 15 });
    await ok(jobs.pause("a", false));
    expect(ids(await claim(jobs, 2, { a: 0, b: 0 }))).toEqual(["a5", "a6"]);
  });

  it("are cancelled where they wait; where they run their worker is told", async () => {
    const { jobs } = setup();
    await ok(jobs.enqueue([job("1"), job("2"), job("3", { delayMs: 50 })]));
    const [lease] = held(await claim(jobs, 1));
    const answers = await Promise.all(["1", "2", "3", "4"].map((id) => jobs.cancel(id, retention)));
    expect(answers).toEqual(["requested", "cancelled", "cancelled", "unknown"]);
    expect(await jobs.cancel("2", retention)).toBe("ended");
    expect((await ok(jobs.stats())).tools.a).toMatchObject({
      queued: 0,
      delayed: 0,
      running: 1,
      ended: { cancelled: 2 },
    });
    const mine = lease ?? { id: "", fence: 0 };
    expect(await ok(jobs.extend([mine], 1_000))).toEqual(["cancelled"]);
    await ok(jobs.finish([{ ...mine, kind: "retry", delayMs: 0, error: "stopped" }], retention));
    expect(await record(jobs, "1")).toMatchObject({ state: "cancelled", error: "stopped" });
    await ok(jobs.enqueue([job("5")]));
    expect(ids(await claim(jobs, 5))).toEqual(["5"]);
    expect((await ok(jobs.stats())).tools.a).toMatchObject({ queued: 0, running: 1 });
  });

  it("expire when nobody ran them in time, and are released unharmed to the front", async () => {
    const { jobs, time } = setup();
    await ok(jobs.enqueue([job("1", { deadlineMs: 100 }), job("2"), job("3")]));
    time.now += 100;
    const [two] = held(await claim(jobs, 1));
    expect([two?.id, (await record(jobs, "1")).state]).toEqual(["2", "expired"]);
    await ok(jobs.finish([{ id: "2", fence: two?.fence ?? 0, kind: "released" }], retention));
    expect(await claim(jobs, 1)).toMatchObject({ jobs: [{ id: "2", attempt: 1 }] });
  });

  it("are given to one only, however many ask at once", async () => {
    const { jobs } = setup();
    await Promise.all(Array.from({ length: 300 }, (_, n) => ok(jobs.enqueue([job(`${n}`)]))));
    const given = (await Promise.all(Array.from({ length: 40 }, () => claim(jobs, 10)))).flatMap(held);
    expect(new Set(given.map(({ id }) => id)).size).toBe(300);
    expect(new Set(given.map(({ fence }) => fence)).size).toBe(300);
    expect(given).toHaveLength(300);
  });

  it("leave nothing behind where nothing is to be remembered", async () => {
    const { jobs } = setup();
    const none = { succeeded: 0, failed: 0, dead: 0, expired: 0, cancelled: 0 };
    await ok(jobs.enqueue([job("1", { dedupe: "x" }), job("2")]));
    const [one, two] = held(await claim(jobs, 2));
    await ok(
      jobs.finish(
        [
          { id: "1", fence: one?.fence ?? 0, kind: "succeeded", result: "1" },
          { id: "2", fence: two?.fence ?? 0, kind: "failed", error: "no" },
        ],
        none,
      ),
    );
    expect(await Promise.all(["1", "2"].map((id) => jobs.get(id)))).toEqual([
      { state: "unknown" },
      { state: "unknown" },
    ]);
    expect(await ok(jobs.enqueue([job("3", { dedupe: "x" })]))).toMatchObject({
      jobs: [{ id: "3", duplicate: false }],
    });
  });

  it("tell who listens that there is something to do, and how it ended", async () => {
    const { jobs, store } = setup();
    const heard: unknown[] = [];
    let wake: () => void = () => undefined;
    const told = async (count: number) => {
      while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    const end = await jobs.listen?.({
      ready: () => {
        heard.push("ready");
        wake();
      },
      ended: (note) => {
        heard.push(note);
        wake();
      },
    });
    await ok(jobs.enqueue([job("1")]));
    await told(1);
    const [one] = held(await claim(jobs, 1));
    await ok(jobs.finish([{ id: "1", fence: one?.fence ?? 0, kind: "succeeded", result: '"r"' }], retention));
    await told(2);
    expect(heard).toEqual(["ready", { id: "1", state: "succeeded", result: '"r"', error: null }]);
    end?.();
    store.close();
    expect(await jobs.claim(asking(1))).toEqual(new StoreFailure("unavailable", "no"));
  });
});
