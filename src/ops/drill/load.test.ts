import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FaultyUpstream, faultyUpstream } from "../../testing/faulty-upstream/faulty-upstream.js";
import { UsageError } from "../failure.js";
import { serve } from "../fixture.js";
import { Kept, lane, SELF_SIGNED, stage } from "./fixture.js";
import type { LaneSpec } from "./lane.js";
import { Load } from "./load.js";
import { measure } from "./measure.js";

const NEVER = new AbortController().signal;

function load(lanes: readonly LaneSpec[], env: Record<string, string> = {}): Load {
  const made = new Load({ lanes, seed: 1, env });
  onTestFinished(() => made.close());
  return made;
}

async function server(handler: Parameters<typeof serve>[0]): Promise<string> {
  const { url, close } = await serve(handler);
  onTestFinished(close);
  return url;
}

/** An upstream whose paths say how it fails. */
async function faulty(): Promise<FaultyUpstream> {
  const upstream = await faultyUpstream({
    handler: (request) => {
      const [, name, status] = new URL(request.url).pathname.split("/");
      return Response.json({ name }, { status: Number(status ?? 200) });
    },
  });
  onTestFinished(() => upstream.close());
  return upstream;
}

describe("outcomes", () => {
  it("are told apart: each lane has its own, with the reason", async () => {
    const upstream = await faulty();
    upstream.inject({ kind: "reset", route: "/reset" });
    upstream.inject({ kind: "hang", route: "/hang" });
    upstream.inject({ kind: "hang", before: "body", route: "/half" });
    upstream.inject({ kind: "garbage", form: "truncated", route: "/cut" });
    const at = (path: string) => ({ request: { path } });
    const brief = (path: string) => ({ request: { path, timeout: 150 } });
    const lanes = [
      lane("fine", upstream.url, {}),
      lane("500", upstream.url, at("/x/500")),
      lane("404", upstream.url, at("/x/404")),
      lane("429 allowed", upstream.url, { ...at("/x/429"), allow4xx: [429] }),
      lane("429 wanted", upstream.url, { ...at("/x/429"), expect: { status: 429 }, allow4xx: [429] }),
      lane("200 for 401", upstream.url, { ...at("/x/200"), expect: { status: 401 } }),
      lane("503 wanted", upstream.url, { ...at("/x/503"), expect: { status: 503 } }),
      lane("wrong json", upstream.url, { ...at("/x/200"), expect: { json: { "$.name": "y" } } }),
      lane("right json", upstream.url, {
        ...at("/x/200"),
        expect: { json: { "$.name": "x" }, headers: { "content-type": { contains: "json" } } },
      }),
      lane("reset", upstream.url, at("/reset")),
      lane("hang", upstream.url, brief("/hang")),
      lane("half", upstream.url, brief("/half")),
      lane("cut", upstream.url, at("/cut")),
      lane("nobody", "http://127.0.0.1:1", {}),
    ];
    const { lanes: measured } = await measure(load(lanes), {
      stages: [stage({ duration: "140ms", rate: 1000 })],
      signal: NEVER,
    });
    const endings = measured.map(({ scenario, outcomes, reasons }) => [
      scenario,
      Object.entries(outcomes).flatMap(([outcome, count]) => (count > 0 ? [outcome] : [])),
      reasons.map(({ reason }) => reason),
    ]);
    expect(endings).toEqual([
      ["fine", ["success"], []],
      ["500", ["5xx"], ["status 500"]],
      ["404", ["unknown"], ["status 404"]],
      ["429 allowed", ["expected4xx"], ["status 429"]],
      ["429 wanted", ["success"], []],
      ["200 for 401", ["unknown"], ["status 200"]],
      ["503 wanted", ["success"], []],
      ["wrong json", ["unknown"], ['json $.name: expected "y"']],
      ["right json", ["success"], []],
      ["reset", ["network"], [expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/)]],
      ["hang", ["timeout"], ["no answer in 150 ms"]],
      ["half", ["timeout"], ["no answer in 150 ms"]],
      ["cut", ["network"], [expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/)]],
      ["nobody", ["network"], ["ECONNREFUSED"]],
    ]);
    const by = new Map(measured.map((one) => [one.scenario, one]));
    expect(by.get("429 allowed")).toMatchObject({ valid: 0, bad: 0, response: { n: 0 } });
    const hang = by.get("hang");
    expect(hang?.response).toMatchObject({ n: hang?.valid, censored: hang?.valid });
    expect(hang?.service.p50Ms).toBeGreaterThanOrEqual(150);
  });

  it("of what is no HTTP is unknown, and not the network's", async () => {
    const raw = createTcpServer((socket) => socket.once("data", () => socket.end("hello\r\n\r\n"))).listen(
      0,
      "127.0.0.1",
    );
    await new Promise((resolve) => raw.once("listening", resolve));
    onTestFinished(() => void raw.close());
    const kept = new Kept();
    const { port } = raw.address() as AddressInfo;
    await load([lane("a", `http://127.0.0.1:${port}`, {})]).run([stage({ duration: "100ms", rate: 50 })], {
      sink: kept,
      signal: NEVER,
    });
    expect(new Set(kept.requests.map(({ outcome }) => outcome))).toEqual(new Set(["unknown"]));
    expect([...kept.reasons.keys()]).toEqual([expect.stringMatching(/does not match the HTTP/)]);
  });
});

describe("over TLS", () => {
  it.each([
    [
      "a certificate that nobody vouches for is a failure of the network",
      false,
      10,
      "network",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
    ],
    ["it is taken where the target says so", true, 10, "success", undefined],
    ["how long it is valid can be expected", true, 1_000_000, "unknown", "tlsDaysLeft: expected 1000000"],
  ] as const)("%s", async (_, insecureTls, tlsDaysLeft, outcome, reason) => {
    const secure = createServer(SELF_SIGNED, (_request, response) => void response.end("ok"));
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      secure.closeAllConnections();
      secure.close();
    });
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    const made = load([{ ...lane("a", url, { expect: { tlsDaysLeft } }), target: { url, headers: {}, insecureTls } }]);
    const { lanes } = await measure(made, { stages: [stage({ duration: "100ms", rate: 30 })], signal: NEVER });
    expect(lanes[0]?.outcomes[outcome]).toBe(3);
    expect(lanes[0]?.reasons[0]?.reason).toBe(reason);
  });
});

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
