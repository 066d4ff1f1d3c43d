import { describe, expect, it, onTestFinished } from "vitest";
import { UsageError } from "../failure.js";
import { Kept, lane, stage } from "./fixture.js";
import { load, NEVER, server } from "./load.fixture.js";
import { measure } from "./measure.js";

describe("an open stage", () => {
  it("sends every arrival, keeps when each was due, and nothing is sent early", async () => {
    const url = await server((_, response) => void response.end("ok"));
    const kept = new Kept();
    const { stages } = await load([lane("a", url, {}), lane("b", url, { weight: 3 })]).run(
      [stage({ duration: "300ms", rate: [100, 500] }), stage({ duration: "200ms", rate: 500 })],
      { sink: kept, signal: NEVER },
    );
    expect(kept.requests).toHaveLength(190);
    expect(stages.map(({ due, unsent }) => [due.reduce((a, b) => a + b, 0), unsent])).toEqual([
      [90, [0, 0]],
      [100, [0, 0]],
    ]);
    for (const { due, sent, done } of kept.requests) {
      expect(sent).toBeGreaterThanOrEqual(due);
      expect(done).toBeGreaterThanOrEqual(sent);
    }
    const ofB = kept.requests.filter((one) => one.lane === 1).length;
    expect(Math.abs(ofB - 142.5)).toBeLessThan(4);
  });

  it("shows a stall in p95, which a closed one hides", async () => {
    // A tenth of the real case: a second of ten. Requests that arrive in the stall wait until its end.
    const stalls: ReturnType<typeof setTimeout>[] = [];
    onTestFinished(() => stalls.forEach(clearTimeout));
    const stalling = async () => {
      let began: number | undefined;
      return server((_, response) => {
        began ??= performance.now();
        const at = performance.now() - began;
        if (at < 300 || at >= 500) response.end("ok");
        else stalls.push(setTimeout(() => response.end("ok"), 500 - at));
      });
    };
    const p95Of = async (of: object) => {
      const measured = await measure(load([lane("a", await stalling(), {})]), {
        stages: [stage(of)],
        signal: NEVER,
      });
      return measured.lanes[0]?.response.p95Ms;
    };
    const open = await p95Of({ duration: "2s", rate: 250 });
    const closed = await p95Of({ duration: "2s", concurrency: 1 });
    // A tenth of the arrivals wait for 0 to 200 ms: the upper half of them is the highest twentieth of all.
    expect(open).toBeGreaterThan(70);
    expect(closed).toBeLessThan((open ?? 0) / 2);
  });

  it("keeps to its limit of requests under way; what waits for it is late by that, and what isn't sent is told", async () => {
    let underWay = 0;
    let most = 0;
    const held: (() => void)[] = [];
    const url = await server((_, response) => {
      most = Math.max(most, ++underWay);
      held.push(() => {
        underWay--;
        response.end("ok");
      });
    });
    const kept = new Kept();
    const letGo = setInterval(() => held.splice(0).forEach((answer) => void answer()), 60);
    onTestFinished(() => clearInterval(letGo));
    const { stages } = await load([lane("a", url, {})]).run([stage({ duration: "300ms", rate: 200, maxInFlight: 4 })], {
      sink: kept,
      signal: NEVER,
    });
    expect(most).toBe(4);
    const unsent = stages[0]?.unsent[0] ?? 0;
    expect(unsent).toBeGreaterThan(0);
    expect(unsent + kept.requests.length).toBe(60);
    expect(stages[0]?.heldBack).toBe(unsent);
    const latest = kept.requests.at(-1);
    expect((latest?.done ?? 0) - (latest?.due ?? 0)).toBeGreaterThan((latest?.done ?? 0) - (latest?.sent ?? 0));
  });

  it("goes on in time when it was held back and is not any more", async () => {
    const held: (() => void)[] = [];
    let asked = 0;
    const url = await server((_, response) => {
      if (++asked > 4) return void response.end("ok");
      held.push(() => void response.end("ok"));
      if (asked === 4) setTimeout(() => held.forEach((answer) => void answer()), 50);
    });
    const kept = new Kept();
    const { stages } = await load([lane("a", url, {})]).run([stage({ duration: "2s", rate: 40, maxInFlight: 4 })], {
      sink: kept,
      signal: NEVER,
    });
    expect(stages[0]).toEqual({ due: [80], unsent: [0], heldBack: 0 });
    expect(kept.requests).toHaveLength(80);
  });

  it("that asks for more than can be sent tells what it didn't send", async () => {
    const url = await server((_, response) => void response.end("ok"));
    const kept = new Kept();
    const { stages } = await load([lane("a", url, {})]).run([stage({ duration: "200ms", rate: 2_000_000 })], {
      sink: kept,
      signal: NEVER,
    });
    expect(stages[0]?.due).toEqual([400_000]);
    expect((stages[0]?.unsent[0] ?? 0) + kept.requests.length).toBe(400_000);
    expect(stages[0]?.unsent[0]).toBeGreaterThan(4_000);
  });
});

describe("a closed stage", () => {
  it("has so many requests under way, each due when it is sent", async () => {
    let underWay = 0;
    let most = 0;
    const url = await server((_, response) => {
      most = Math.max(most, ++underWay);
      setImmediate(() => {
        underWay--;
        response.end("ok");
      });
    });
    const kept = new Kept();
    const { stages } = await load([lane("a", url, {})]).run([stage({ duration: "150ms", concurrency: 5 })], {
      sink: kept,
      signal: NEVER,
    });
    expect(most).toBeLessThanOrEqual(5);
    expect(kept.requests.length).toBeGreaterThan(5);
    expect(stages[0]).toEqual({ due: [kept.requests.length], unsent: [0], heldBack: 0 });
    expect(kept.requests.every(({ due, sent }) => due === sent)).toBe(true);
  });
});

describe("requests", () => {
  it("are made by generators: counted, seeded, the same in every run", async () => {
    const seen = async () => {
      const bodies: string[] = [];
      const url = await server((request, response, body) => {
        bodies.push(`${request.url} ${request.headers["x-of"]} ${request.headers["content-type"]} ${body}`);
        response.end();
      });
      const scenario = {
        request: { method: "POST", path: "/base", headers: { "x-of": "{{env.WHO}}" } },
        payload: ({ index, random }: { index: number; random(): number }) => ({
          path: `/item/${index}`,
          body: { pick: Math.floor(random() * 1e6) },
        }),
      };
      const made = load([lane("a", url, scenario)], { WHO: "ada" });
      for (let block = 0; block < 2; block++)
        await made.run([stage({ duration: "100ms", rate: 20 })], { sink: new Kept(), signal: NEVER });
      return bodies;
    };
    const first = await seen();
    expect(first).toHaveLength(4);
    expect(first[3]).toMatch(/^\/item\/3 ada application\/json \{"pick":\d+\}$/);
    expect(await seen()).toEqual(first);
  });

  it("whose generator fails end the run with its name", async () => {
    const url = await server((_, response) => void response.end());
    const payload = ({ index }: { index: number }) => {
      if (index === 2) throw new Error("no more");
      return {};
    };
    const run = load([lane("a", url, { payload })]).run([stage({ duration: "5s", rate: 100 })], {
      sink: new Kept(),
      signal: NEVER,
    });
    await expect(run).rejects.toThrow(new UsageError("scenarios.a.payload: failed at request 2: no more"));
  });

  it("whose templates name nothing are refused before any is sent", () => {
    const missing = { request: { path: "/{{env.NOWHERE}}" } };
    expect(() => load([lane("a", "http://127.0.0.1:1", missing)])).toThrow(/no variable NOWHERE/);
  });
});

describe("a run that is aborted", () => {
  it("cuts off what is under way, and ends", async () => {
    const stop = new AbortController();
    let asked = 0;
    const url = await server(() => {
      if (++asked === 3) stop.abort();
    });
    const kept = new Kept();
    const { stages } = await load([lane("a", url, {})]).run([stage({ duration: "60s", rate: 100 })], {
      sink: kept,
      signal: stop.signal,
    });
    expect(kept.requests.length).toBeGreaterThanOrEqual(3);
    expect(new Set(kept.requests.map(({ outcome }) => outcome))).toEqual(new Set(["aborted"]));
    expect(stages[0]?.unsent).toEqual([0]);
  });
});

describe("measure", () => {
  it("gives a block's requests in the order in which they were due", async () => {
    const url = await server((_, response) => void response.end("ok"));
    const lanes = [lane("a", url, {}), lane("b", url, {})];
    const { samples, lanes: measured } = await measure(load(lanes), {
      stages: [stage({ duration: "100ms", rate: 100 })],
      signal: NEVER,
      samples: true,
    });
    const due = [5, 15, 25, 35, 45, 55, 65, 75, 85, 95];
    expect(samples.map(({ dueMs }) => dueMs)).toEqual(due.map((ms) => expect.closeTo(ms, 6)));
    expect(new Set(samples.map(({ scenario }) => scenario))).toEqual(new Set(["a", "b"]));
    for (const { outcome, responseMs, serviceMs } of samples) {
      expect(outcome).toBe("success");
      expect(responseMs).toBeGreaterThanOrEqual(serviceMs);
    }
    expect(measured.reduce((sum, { valid }) => sum + valid, 0)).toBe(10);
  });

  it("goes over the connections of the block before", async () => {
    const sockets = new Set<unknown>();
    const url = await server((request, response) => {
      sockets.add(request.socket);
      response.end("ok");
    });
    const made = load([lane("a", url, {})]);
    const block = () => measure(made, { stages: [stage({ duration: "100ms", concurrency: 1 })], signal: NEVER });
    await block();
    const { lanes } = await block();
    expect(lanes[0]?.valid).toBeGreaterThan(0);
    expect(sockets.size).toBe(1);
  });
});
