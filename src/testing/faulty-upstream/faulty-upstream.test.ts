import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError } from "../../core/config.js";
import { ManualClock } from "../manual-clock.js";
import type { Fault } from "./fault.js";
import { type FaultyUpstream, type FaultyUpstreamOptions, faultyUpstream } from "./faulty-upstream.js";

async function start(options: Partial<FaultyUpstreamOptions> = {}): Promise<FaultyUpstream> {
  const upstream = await faultyUpstream({ handler: () => Response.json({ hits: ["one", "two"] }), ...options });
  onTestFinished(() => upstream.close());
  return upstream;
}

/** Lets real input and output happen until something is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const status = async (upstream: FaultyUpstream, path = "/", init?: RequestInit) => {
  const response = await fetch(upstream.url + path, init);
  await response.arrayBuffer();
  return response.status;
};

/** The code of a failed request, wherever the platform's fetch has put it. */
async function failure(request: Promise<unknown>): Promise<unknown> {
  try {
    await request;
  } catch (error) {
    return ((error as Error).cause as { code?: string } | undefined)?.code;
  }
  return "nothing failed";
}

describe("a faulty upstream", () => {
  it("answers with its handler while nothing is wrong", async () => {
    const upstream = await start({
      handler: async (request) =>
        Response.json({
          method: request.method,
          url: request.url,
          type: request.headers.get("content-type"),
          body: await request.text(),
        }),
    });
    const response = await fetch(`${upstream.url}/a?b=c`, {
      method: "POST",
      body: "żółw",
      headers: { "content-type": "text/plain" },
    });
    expect(await response.json()).toEqual({
      method: "POST",
      url: `${upstream.url}/a?b=c`,
      type: "text/plain",
      body: "żółw",
    });
  });

  it("answers with a status, and says when to come back", async () => {
    const upstream = await start({ errorBody: (code) => ({ message: "down", code }) });
    upstream.inject({ kind: "status", status: 429, retryAfter: "1200ms" });
    const response = await fetch(upstream.url);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(await response.json()).toEqual({ message: "down", code: 429 });
  });

  it("strikes the next n requests and is gone", async () => {
    const upstream = await start();
    const fault = upstream.inject({ kind: "status", status: 500, next: 2 });
    expect([await status(upstream), await status(upstream), await status(upstream)]).toEqual([500, 500, 200]);
    expect([fault.struck, fault.active, upstream.faults]).toEqual([2, false, []]);
  });

  it.each([
    ["/search", [503, 503, 200]],
    ["POST /search", [200, 503, 200]],
    ["/s*", [503, 503, 503]],
    ["GET /*", [503, 200, 503]],
  ])("strikes %s alone", async (route, expected) => {
    const upstream = await start();
    upstream.inject({ kind: "status", status: 503, route });
    expect([
      await status(upstream, "/search?q=a"),
      await status(upstream, "/search", { method: "POST" }),
      await status(upstream, "/shops"),
    ]).toEqual(expected);
  });

  it("strikes a share of the requests, the same ones for the same seed", async () => {
    const run = async (seed: number) => {
      const upstream = await start({ seed });
      upstream.inject({ kind: "status", status: 500, probability: 0.5 });
      const statuses: number[] = [];
      for (let sent = 0; sent < 20; sent++) statuses.push(await status(upstream));
      return statuses;
    };
    const statuses = await run(7);
    expect(new Set(statuses)).toEqual(new Set([200, 500]));
    expect(await run(7)).toEqual(statuses);
    expect(await run(8)).not.toEqual(statuses);
  });

  it("answers later, by a delay and its jitter, and lets other faults act after it", async () => {
    const clock = new ManualClock();
    const upstream = await start({ clock, seed: 3 });
    upstream.inject({ kind: "latency", delay: "200ms", jitter: "100ms" });
    upstream.inject({ kind: "status", status: 500 });
    const answer = status(upstream);
    await until(() => clock.pending() === 1);
    await clock.advance(200);
    expect(upstream.counts().inFlight).toBe(1);
    await clock.advance(100);
    expect(await answer).toBe(500);
    expect(upstream.counts().byFault).toEqual({ latency: 1, status: 1 });
  });

  it("holds answers back until it is told", async () => {
    const upstream = await start();
    const hold = upstream.inject({ kind: "hold", next: 2 });
    const held = [status(upstream), status(upstream)];
    await until(() => upstream.counts().inFlight === 2);
    expect(await status(upstream)).toBe(200);
    expect([hold.active, upstream.faults.length]).toEqual([false, 1]);
    hold.remove();
    expect(await Promise.all(held)).toEqual([200, 200]);
    expect(upstream.faults).toEqual([]);
  });

  it("resets the connection", async () => {
    const upstream = await start();
    upstream.inject({ kind: "reset" });
    expect(await failure(fetch(upstream.url))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(upstream.counts()).toMatchObject({ requests: 1, unanswered: 1, inFlight: 0 });
  });

  it("never answers, and notices that the client has gone away", async () => {
    const upstream = await start();
    upstream.inject({ kind: "hang" });
    const client = new AbortController();
    const answer = fetch(upstream.url, { signal: client.signal }).catch((error: Error) => error.name);
    await until(() => upstream.counts().inFlight === 1);
    client.abort();
    expect(await answer).toBe("AbortError");
    await until(() => upstream.counts().inFlight === 0);
    expect(upstream.counts().unanswered).toBe(1);
  });

  it("hangs in the middle of a body", async () => {
    const upstream = await start();
    upstream.inject({ kind: "hang", before: "body" });
    const response = await fetch(upstream.url);
    const reader = response.body?.getReader();
    const piece = await reader?.read();
    expect([response.status, new TextDecoder().decode(piece?.value)]).toEqual([200, '{"hits":["o']);
    expect(upstream.counts().inFlight).toBe(1);
    await reader?.cancel();
  });

  it("sends a whole answer that is no JSON", async () => {
    const upstream = await start();
    upstream.inject({ kind: "garbage" });
    const response = await fetch(upstream.url);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.text()).toBe('{"hits":["o');
  });

  it("breaks off before the end it has announced", async () => {
    const upstream = await start();
    upstream.inject({ kind: "garbage", form: "truncated" });
    const response = await fetch(upstream.url);
    expect(response.headers.get("content-length")).toBe("22");
    await expect(response.text()).rejects.toThrow();
  });

  it("is gone, cuts what is under way, and comes back on its port", async () => {
    const upstream = await start();
    const { url } = upstream;
    upstream.inject({ kind: "hang" });
    const cut = failure(fetch(url));
    await until(() => upstream.counts().inFlight === 1);
    await upstream.refuse();
    expect(upstream.listening).toBe(false);
    expect(await cut).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(await failure(fetch(url))).toBe("ECONNREFUSED");
    await upstream.recover();
    expect([upstream.url, await status(upstream), upstream.faults]).toEqual([url, 200, []]);
  });

  it("is gone only for a while where it is told so, and not back sooner for an older promise", async () => {
    const clock = new ManualClock();
    const upstream = await start({ clock });
    await upstream.refuse({ ttl: "5s" });
    await clock.advance(4_000);
    await upstream.recover();
    await upstream.refuse({ ttl: "30s" });
    await clock.advance(29_999);
    expect(upstream.listening).toBe(false);
    await clock.advance(1);
    await until(() => upstream.listening);
    expect(await status(upstream)).toBe(200);
  });

  it("forgets a fault after its time, and lets go what that held", async () => {
    const clock = new ManualClock();
    const upstream = await start({ clock });
    upstream.inject({ kind: "hold", ttl: "2s" });
    const held = status(upstream);
    await until(() => upstream.counts().inFlight === 1);
    await clock.advance(2_000);
    expect([await held, await status(upstream), clock.pending()]).toEqual([200, 200, 0]);
  });

  it("counts requests by route, status and fault, and how many there were at a time", async () => {
    const upstream = await start();
    const hold = upstream.inject({ kind: "hold", route: "/slow" });
    const slow = [status(upstream, "/slow"), status(upstream, "/slow")];
    await until(() => upstream.counts().inFlight === 2);
    hold.remove();
    await Promise.all(slow);
    upstream.inject({ kind: "status", status: 500, next: 1 });
    await status(upstream, "/fast", { method: "PUT" });
    await until(() => upstream.counts().inFlight === 0);
    expect(upstream.counts()).toEqual({
      requests: 3,
      inFlight: 0,
      peakInFlight: 2,
      unanswered: 0,
      byRoute: { "GET /slow": 2, "PUT /fast": 1 },
      byStatus: { 200: 2, 500: 1 },
      byFault: { hold: 2, status: 1 },
    });
    upstream.resetCounts();
    expect(upstream.counts()).toMatchObject({ requests: 0, byRoute: {}, byStatus: {}, byFault: {}, peakInFlight: 0 });
  });

  it.each<[unknown, RegExp]>([
    [{ kind: "earthquake" }, /fault\.kind: got "earthquake"; allowed: "latency" \| "hold"/],
    [{ kind: "status", status: 200 }, /fault\.status: got 200/],
    [{ kind: "status", status: 500, retryAfter: "soon" }, /fault\.retryAfter/],
    [{ kind: "latency", delay: -1 }, /fault\.delay/],
    [{ kind: "reset", probability: 0 }, /fault\.probability/],
    [{ kind: "reset", next: 0 }, /fault\.next/],
    [{ kind: "reset", ttl: 0 }, /fault\.ttl/],
    [{ kind: "reset", route: "search" }, /fault\.route: got "search"/],
    [{ kind: "hang", before: "dawn" }, /fault\.before/],
    [{ kind: "garbage", form: "html" }, /fault\.form/],
    [{ kind: "reset", delay: 5 }, /fault\.delay: got 5; allowed: no such option/],
    [null, /fault: got null/],
  ])("refuses the fault %j", async (fault, message) => {
    const upstream = await start();
    expect(() => upstream.inject(fault as Fault)).toThrow(ConfigError);
    expect(() => upstream.inject(fault as Fault)).toThrow(message);
  });
});
