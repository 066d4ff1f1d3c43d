import { describe, expect, it } from "vitest";
import { z } from "zod";
import { toFetch } from "../fetch.js";
import { jsonInit, serving, testRuntime, watchedBody } from "../fixtures.js";

const body = z.object({ text: z.string() });
const headers = { "content-type": "application/json" };
const echo = (({ body }: { body: object }) => body) as (call: never) => object;

describe("the body guard", () => {
  it("reads a body in pieces, split anywhere", async () => {
    const { ask } = serving({ body, handler: echo });
    const bytes = new TextEncoder().encode('{"text":"żółw 🐢"}');
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const response = await ask({ body: stream, duplex: "half", headers } as RequestInit);
    expect(await response.json()).toEqual({ text: "żółw 🐢" });
  });

  it("stops reading at the limit, whatever Content-Length said", async () => {
    const { ask } = serving({ body, maxBytes: 20 });
    const { seen, init } = watchedBody(Array(50).fill("0123456789"));
    const response = await ask({ ...init, headers: { ...headers, "content-length": "5" } });
    expect([response.status, seen.pulled, seen.cancelled]).toEqual([413, 3, true]);
  });

  it("takes a body of just the limit", async () => {
    const { ask } = serving({ body, maxBytes: 12 });
    expect((await ask(jsonInit({ text: "a" }))).status).toBe(200);
    expect((await ask(jsonInit({ text: "ab" }))).status).toBe(413);
  });

  it("gives a body only so much time", async () => {
    const { ask, clock, settled } = serving({ body, bodyTimeout: "3s" });
    const { seen, init } = watchedBody(['{"te'], { endless: true });
    const asked = ask({ ...init, headers });
    await clock.advance(2_999);
    expect(settled).toEqual([]);
    await clock.advance(1);
    const response = await asked;
    expect([response.status, seen.cancelled, settled[0]?.guard]).toEqual([408, true, "body"]);
    expect(clock.pending("held")).toBe(0);
  });

  it("leaves no alarm behind that keeps a process alive", async () => {
    const { ask, clock } = serving({ body, handler: echo });
    await ask(jsonInit({ text: "a" }));
    await ask({ ...watchedBody(['{"']).init, headers });
    expect(clock.pending("held")).toBe(0);
  });

  it("says of a body that broke off that the client went away", async () => {
    const { endpoint, settled } = serving({ body });
    const gone = new AbortController();
    const broken = new ReadableStream({
      pull(controller) {
        gone.abort();
        controller.error(new Error("reset"));
      },
    });
    const init = { method: "POST", body: broken, duplex: "half", headers, signal: gone.signal } as RequestInit;
    await toFetch([endpoint])(new Request("http://x/test", init));
    expect(settled[0]).toMatchObject({ status: 499, code: "aborted" });
  });

  it("says so too where only the body shows it, and doesn't count it as a failure of ours", async () => {
    const records: (boolean | undefined)[] = [];
    const { ask, settled } = serving(
      { body },
      testRuntime({ sli: () => ({ record: (bad) => void records.push(bad) }) }),
    );
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    await ask({ body: broken, duplex: "half", headers } as RequestInit);
    expect([settled[0]?.code, records]).toEqual(["aborted", [undefined]]);
  });

  it("shows a body that was read before as a mistake in the set-up", async () => {
    const { endpoint, settled } = serving({ body });
    const request = new Request("http://x/test", { method: "POST", ...jsonInit({ text: "a" }) });
    await request.text();
    expect((await toFetch([endpoint])(request)).status).toBe(500);
    expect(String(settled[0]?.error)).toContain("a request whose body was not read yet");
  });

  it("is not there for an endpoint that needs no body, which leaves it to the handler", async () => {
    const { endpoint, ask } = serving({
      handler: (async ({ request }: { request: Request }) => ({ read: await request.text() })) as (
        call: never,
      ) => object,
    });
    expect(endpoint.guards).not.toContain("body");
    expect(await (await ask({ body: "free text" })).json()).toEqual({ read: "free text" });
  });
});
