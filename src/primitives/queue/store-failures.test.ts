import { describe, expect, it } from "vitest";
import { heldRuns, noTrouble, numbered, place, timedOut, troubled, unavailable } from "./queue.fixture.js";
import { Queue } from "./queue.js";

function setup() {
  const trouble = noTrouble();
  trouble.late = true;
  const made = place({}, troubled(trouble));
  const held = heldRuns();
  const ran: number[] = [];
  const jobs = {
    quick: numbered(({ n }) => void ran.push(n)),
    slow: numbered(held.run),
  };
  const queue = new Queue("tools", { jobs, lease: "10s" }, made.rt);
  return { ...made, trouble, held, ran, queue };
}

describe("a worker whose store fails", () => {
  it("tells ends again until they are told, and runs no job twice for that", async () => {
    const { queue, clock, trouble, ran, told } = setup();
    trouble.fail.set("finish", { times: 3, failure: unavailable });
    await queue.enqueue("quick", { n: 1 }, { id: "1" });
    const worker = queue.process();
    await clock.advance(5_000);
    expect([ran, (await queue.get("1"))?.state]).toEqual([[1], "succeeded"]);
    expect(told().filter((one) => one === "job.succeeded 1")).toHaveLength(1);
    expect(told().filter((one) => one === "queue.failure")).toHaveLength(3);
    await worker.drain();
  });

  it("takes an end that was told twice for one", async () => {
    const { queue, clock, trouble, ran, told } = setup();
    trouble.fail.set("finish", { times: 1, failure: timedOut, lost: true });
    await queue.enqueue("quick", { n: 1 }, { id: "1" });
    const worker = queue.process();
    await clock.advance(5_000);
    expect([ran, (await queue.get("1"))?.state]).toEqual([[1], "succeeded"]);
    expect(told()).toContain("job.succeeded 1");
    expect(told()).not.toContain("job.lost 1");
    await worker.drain();
  });

  it("gives an end up when its lease is over, and tells that it was lost", async () => {
    const { queue, clock, trouble, told } = setup();
    trouble.fail.set("finish", { times: 1_000, failure: unavailable });
    trouble.fail.set("claim", { times: 0, failure: unavailable });
    await queue.enqueue("quick", { n: 1 }, { id: "1" });
    const worker = queue.process();
    await clock.advance(30_000);
    expect(told()).toContain("job.lost 1");
    trouble.fail.clear();
    await clock.advance(30_000);
    expect((await queue.get("1"))?.state).toBe("succeeded");
    await worker.drain();
  });

  it("asks more seldom, and goes on within about a second of the store being back", async () => {
    const { queue, clock, trouble, ran } = setup();
    trouble.fail.set("claim", { times: 1_000, failure: unavailable });
    const worker = queue.process();
    await clock.advance(60_000);
    const asked = trouble.calls.filter((call) => call === "claim").length;
    expect(asked).toBeGreaterThan(60);
    expect(asked).toBeLessThan(200);
    trouble.fail.clear();
    await queue.enqueue("quick", { n: 1 });
    await clock.advance(1_100);
    expect(ran).toEqual([1]);
    await worker.drain();
  });

  it("listens again where it couldn't, and ends what it hears late", async () => {
    const listens: ((answer: Promise<() => void>) => void)[] = [];
    let ready = (): void => undefined;
    const made = place({}, (jobs) => ({
      ...troubled(noTrouble())(jobs),
      listen: (listener) => {
        ready = () => listener.ready?.();
        return new Promise((resolve) => listens.push(resolve));
      },
    }));
    const ran: number[] = [];
    const quick = numbered(({ n }) => void ran.push(n));
    const queue = new Queue("tools", { jobs: { quick }, poll: "1h", deadline: "1s" }, made.rt);
    const worker = queue.process();
    listens[0]?.(Promise.reject(new Error("no connection")));
    await made.clock.advance(5_000);
    expect(listens).toHaveLength(2);
    // It comes late, but it comes.
    await made.clock.advance(2_000);
    let ended = 0;
    listens[1]?.(Promise.resolve(() => ended++));
    await made.clock.advance(60_000);
    expect(listens).toHaveLength(2);
    expect(made.told()).toEqual(["queue.failure", "queue.failure"]);
    await queue.enqueue("quick", { n: 1 });
    ready();
    await made.clock.advance(0);
    expect(ran).toEqual([1]);
    await worker.drain();
    expect(ended).toBe(1);
  });

  it("begins nothing of an answer that comes when its leases are over", async () => {
    const answers: (() => void)[] = [];
    const made = place({}, (jobs) => ({
      ...troubled(noTrouble())(jobs),
      claim: async (request) => {
        const claim = await jobs.claim(request);
        if (answers.length === 0) await new Promise<void>((resolve) => answers.push(resolve));
        return claim;
      },
    }));
    const ran: number[] = [];
    const jobs = { quick: numbered(({ n }) => void ran.push(n)) };
    const queue = new Queue("tools", { jobs, lease: "2s", deadline: "1m" }, made.rt);
    await queue.enqueue("quick", { n: 1 }, { id: "1" });
    const worker = queue.process();
    await made.clock.advance(2_000);
    answers[0]?.();
    await made.clock.advance(0);
    // It is given back first, and then claimed anew.
    const told = made.told().filter((one) => one !== "job.enqueued 1");
    expect(told).toEqual(["job.released 1", "job.started 1", "job.succeeded 1"]);
    expect([ran, (await queue.get("1"))?.attempt]).toEqual([[1], 1]);
    await worker.drain();
  });

  it("stops runs whose lease it can't renew in time, and those whose lease is another's", async () => {
    const { queue, clock, trouble, held, told } = setup();
    await queue.enqueue("slow", { n: 1 }, { id: "1" });
    const worker = queue.process({ concurrency: 1 });
    await clock.advance(0);
    trouble.fail.set("extend", { times: 1_000, failure: unavailable });
    await clock.advance(9_000);
    expect(held.signals.get(1)?.aborted).toBe(false);
    await clock.advance(6_000);
    expect(held.signals.get(1)?.reason).toMatchObject({ code: "aborted" });
    trouble.fail.clear();
    const [other] = await queue.claim();
    expect(other).toMatchObject({ id: "1", attempt: 2 });
    await clock.advance(5_000);
    held.end(1, "too late");
    await clock.advance(0);
    expect(told()).toContain("job.lost 1");
    expect(await queue.get("1")).toMatchObject({ state: "running", result: undefined });
    await worker.drain();
  });

  it("ends a run of processQueue, and says what it did", async () => {
    const { queue, trouble, clock } = setup();
    await queue.enqueue("quick", { n: 1 });
    trouble.fail.set("claim", { times: 1, failure: unavailable });
    const run = queue.processQueue();
    await clock.advance(1_000);
    expect(await run).toEqual({ ran: 0, removed: 0 });
    const second = queue.processQueue();
    await clock.advance(1_000);
    expect(await second).toEqual({ ran: 1, removed: 0 });
  });
});
