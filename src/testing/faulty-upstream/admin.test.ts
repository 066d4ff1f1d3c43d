import { describe, expect, it, onTestFinished } from "vitest";
import { ManualClock } from "../manual-clock.js";
import { type FaultyUpstream, faultyUpstream } from "./faulty-upstream.js";

async function start(clock = new ManualClock()): Promise<{ upstream: FaultyUpstream; clock: ManualClock }> {
  const upstream = await faultyUpstream({ handler: () => new Response("fine"), admin: true, clock });
  onTestFinished(() => upstream.close());
  return { upstream, clock };
}

const ask = async ({ adminUrl }: FaultyUpstream, method: string, path: string, body?: unknown, type?: string) => {
  const response = await fetch(`${adminUrl}${path}`, {
    method,
    ...(body !== undefined && {
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": type ?? "application/json" },
    }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const status = async ({ url }: FaultyUpstream) => (await fetch(url)).status;

describe("the admin port", () => {
  it("is only there when it is asked for", async () => {
    const upstream = await faultyUpstream({ handler: () => new Response("fine") });
    onTestFinished(() => upstream.close());
    expect(upstream.adminUrl).toBeUndefined();
  });

  it("injects a fault, tells of it, and removes it", async () => {
    const { upstream } = await start();
    const fault = { kind: "status", status: 503, ttl: "30s" };
    const injected = await ask(upstream, "POST", "/faults", fault);
    expect([injected.status, await status(upstream)]).toEqual([201, 503]);
    const { body } = await ask(upstream, "GET", "/");
    expect(body).toMatchObject({
      url: upstream.url,
      listening: true,
      faults: [{ id: injected.body.id, fault, struck: 1, active: true, leftMs: 30_000 }],
      counts: { requests: 1 },
    });
    expect((await ask(upstream, "DELETE", `/faults/${injected.body.id}`)).status).toBe(200);
    expect(await status(upstream)).toBe(200);
  });

  it("lets every fault go by itself, after a minute where nothing else was said", async () => {
    const { upstream, clock } = await start();
    await ask(upstream, "POST", "/faults", { kind: "status", status: 500 });
    await clock.advance(59_999);
    expect(await status(upstream)).toBe(500);
    await clock.advance(1);
    expect(await status(upstream)).toBe(200);
  });

  it("still answers when the upstream is gone, and brings it back", async () => {
    const { upstream } = await start();
    expect((await ask(upstream, "POST", "/faults", { kind: "refuse" })).body).toMatchObject({ listening: false });
    await expect(fetch(upstream.url)).rejects.toThrow();
    expect((await ask(upstream, "DELETE", "/faults")).body).toMatchObject({ listening: true, faults: [] });
    expect(await status(upstream)).toBe(200);
  });

  it.each<[string, string, unknown, string | undefined, number, RegExp]>([
    ["what is no fault", "POST", { kind: "flood" }, undefined, 400, /fault\.kind: got "flood"/],
    ["a fault that would stay", "POST", { kind: "reset", ttl: "2h" }, undefined, 400, /fault\.ttl: got "2h"/],
    ["a list", "POST", "null", undefined, 400, /fault: got null/],
    ["what is not JSON", "POST", "{", undefined, 400, /JSON/],
    ["what a page in a browser may send", "POST", { kind: "reset" }, "text/plain", 415, /Unsupported/],
    ["another method", "PUT", { kind: "reset" }, undefined, 404, /Not Found/],
  ])("refuses %s", async (_, method, body, type, expected, message) => {
    const { upstream } = await start();
    const answer = await ask(upstream, method, "/faults", body, type);
    expect([answer.status, answer.body.error]).toEqual([expected, expect.stringMatching(message)]);
    expect(await status(upstream)).toBe(200);
  });

  it("knows no fault that is not there", async () => {
    const { upstream } = await start();
    expect((await ask(upstream, "DELETE", "/faults/99")).status).toBe(404);
  });
});
