import { describe, expect, it } from "vitest";
import { KeelsonError } from "../../../core/errors.js";
import { serving, testRuntime, watchedBody } from "../fixtures.js";
import { reply } from "../reply.js";

describe("what a handler returns", () => {
  it.each([
    ["a value", () => ({ a: [1] }), 200, "application/json", '{"a":[1]}'],
    ["null", () => null, 200, "application/json", "null"],
    ["nothing", () => undefined, 204, null, ""],
    ["a promise of a value", async () => [1], 200, "application/json", "[1]"],
    [
      "a foreign promise",
      // biome-ignore lint/suspicious/noThenProperty: promises of other libraries are objects like this
      () => ({ then: (ok: (v: unknown) => void) => ok({ b: 1 }) }),
      200,
      "application/json",
      '{"b":1}',
    ],
    ["a reply", () => reply(201, { id: 1 }), 201, "application/json", '{"id":1}'],
    ["a reply of text", () => reply(200, "hello"), 200, "text/plain; charset=utf-8", "hello"],
    [
      "a reply of JSON text",
      () => reply(200, "{}", { "Content-Type": "application/json" }),
      200,
      "application/json",
      "{}",
    ],
    ["a reply of bytes", () => reply(200, Uint8Array.of(104, 105)), 200, "application/octet-stream", "hi"],
    [
      "a reply of a value of another type",
      () => reply(400, { a: 1 }, { "content-type": "application/x+json" }),
      400,
      "application/x+json",
      '{"a":1}',
    ],
    ["an empty reply", () => reply(202), 202, null, ""],
    ["a reply that may have no body", () => reply(304, { a: 1 }), 304, null, ""],
    ["a Response", () => Response.json({ r: 1 }, { status: 203 }), 203, "application/json", '{"r":1}'],
    ["an empty Response", () => new Response(null, { status: 204 }), 204, null, ""],
  ])("may be %s", async (_, handler, status, type, text) => {
    const response = await serving({ handler }).ask();
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      status,
      type,
      text,
    ]);
  });

  it("may carry headers of its own, cookies each in a line", async () => {
    const headers = { "X-A": "1", "set-cookie": ["a=1", "b=2"], "content-length": "999" };
    for (const handler of [
      () => reply(200, {}, headers),
      () => {
        const response = new Response("{}", { headers: { "x-a": "1", "set-cookie": "a=1" } });
        response.headers.append("set-cookie", "b=2");
        return response;
      },
    ]) {
      const response = await serving({ handler }).ask();
      expect([response.headers.get("x-a"), response.headers.getSetCookie()]).toEqual(["1", ["a=1", "b=2"]]);
      expect(response.headers.get("content-length")).toBeNull();
    }
  });

  it.each([
    ["a function", () => () => 1],
    ["a BigInt", () => ({ n: 1n })],
    ["a header that breaks the line", () => reply(200, {}, { "x-a": "1\r\nset-cookie: a=1" })],
    ["a header with a bad name", () => reply(200, {}, { "x a": "1" })],
    ["a status that is none", () => reply(999)],
    ["Response.error()", () => Response.error()],
  ])("is a 500 where it is %s, and never reaches the client", async (_, handler) => {
    const { ask, settled } = serving({ handler });
    const response = await ask();
    expect([response.status, response.headers.get("set-cookie")]).toEqual([500, null]);
    expect(settled[0]).toMatchObject({ code: "internal", guard: "handler" });
  });
});

describe("what a handler throws", () => {
  it("is answered by its code, with its headers, and with when to come back", async () => {
    const { ask } = serving({
      handler: () => {
        throw new KeelsonError("upstream_circuit_open", "serper is down at 10.0.0.5", {
          retryAfterMs: 1_500,
          source: "upstream:serper",
        });
      },
    });
    const response = await ask();
    const text = await response.text();
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(text).not.toMatch(/serper|10\.0/);
  });

  it("is a 500 where it has no status that an error can have, and bad headers are left out", async () => {
    for (const status of [0, 200, 700, Number.NaN]) {
      const { ask } = serving({
        handler: () => {
          throw new KeelsonError("conflict", "odd", { status, headers: { "x-a": "1\r\nx-b: 2", "x-c": "3" } });
        },
      });
      const response = await ask();
      expect([response.status, (await response.json()).status]).toEqual([500, 500]);
      expect([response.headers.get("x-a"), response.headers.get("x-c")]).toEqual([null, "3"]);
    }
  });

  it.each([
    ["an error", new Error("SELECT * FROM users")],
    ["text", "SELECT * FROM users"],
    ["nothing", undefined],
  ])("is a 500 that says nothing of %s", async (_, thrown) => {
    const { ask, settled } = serving({ handler: () => Promise.reject(thrown) });
    const response = await ask();
    const problem = await response.json();
    expect(Object.keys(problem).sort()).toEqual(["code", "status", "title", "traceId", "type"]);
    expect([response.status, problem.code]).toEqual([500, "internal"]);
    expect(settled[0]).toHaveProperty("error.cause", thrown);
  });

  it("is a 500 where something aborted that is not the client", async () => {
    const { ask } = serving({ handler: () => Promise.reject(AbortSignal.abort().reason) });
    expect((await ask()).status).toBe(500);
  });
});

describe("the signal", () => {
  it("aborts when the client goes away, and the call counts as neither good nor bad", async () => {
    const records: (boolean | undefined)[] = [];
    const gone = new AbortController();
    const { ask, settled } = serving(
      {
        handler: (({ signal }: { signal: AbortSignal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
            gone.abort();
          })) as (call: never) => unknown,
      },
      withSli(records),
    );
    await ask({ signal: gone.signal });
    expect(settled[0]).toMatchObject({ status: 499, code: "aborted" });
    expect(records).toEqual([undefined]);
  });

  it("aborts when the time is up, and the client need not wait for a handler that ignores it", async () => {
    let seen: AbortSignal | undefined;
    const { ask, clock } = serving({
      timeout: "2s",
      handler: (({ signal }: { signal: AbortSignal }) => {
        seen = signal;
        return new Promise(() => undefined);
      }) as (call: never) => unknown,
    });
    const asked = ask();
    await clock.advance(1_999);
    expect(seen?.aborted).toBe(false);
    await clock.advance(1);
    const response = await asked;
    expect([response.status, (await response.json()).detail, seen?.aborted]).toEqual([
      503,
      "The request took too long",
      true,
    ]);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("stops a stream that comes when nobody waits for it any more", async () => {
    const late = watchedBody(["a"], { endless: true });
    let answer: (response: Response) => void = () => undefined;
    const { ask, clock } = serving({ timeout: "2s", handler: () => new Promise((resolve) => (answer = resolve)) });
    const asked = ask();
    await clock.advance(2_000);
    expect((await asked).status).toBe(503);
    answer(new Response(late.init.body as ReadableStream));
    await clock.advance(0);
    expect(late.seen.cancelled).toBe(true);
  });

  it("leaves nothing behind when the handler is in time", async () => {
    const { ask, clock, settled } = serving({
      timeout: "2s",
      handler: (async ({ context }: { context: { deadline: number } }) => ({ deadline: context.deadline })) as (
        call: never,
      ) => unknown,
    });
    expect(await (await ask()).json()).toEqual({ deadline: 2_000 });
    expect(clock.pending("held")).toBe(0);
    await clock.advance(5_000);
    expect(settled.map(({ status }) => status)).toEqual([200]);
  });
});

describe("the indicator of an endpoint", () => {
  it("takes 5xx for bad, and leaves out what the client did wrong", async () => {
    const records: (boolean | undefined)[] = [];
    for (const status of [200, 204, 302, 400, 401, 404, 429, 499, 500, 503]) {
      await serving({ handler: () => reply(status) }, withSli(records)).ask();
    }
    expect(records).toEqual([false, false, false, undefined, undefined, undefined, undefined, undefined, true, true]);
  });
});

function withSli(records: (boolean | undefined)[]) {
  return testRuntime({ sli: () => ({ record: (bad) => void records.push(bad) }) });
}
