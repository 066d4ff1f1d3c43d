import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { KeelsonError } from "../../../core/errors.js";
import { StoreFailure } from "../../../core/store.js";
import { Idempotency } from "../../../primitives/idempotency/idempotency.js";
import type { IdempotencyOptions } from "../../../primitives/idempotency/options.js";
import type { AnyEndpointOptions } from "../any-options.js";
import { CountingLimiter, jsonInit, serving, testRuntime, watchedBody } from "../fixtures.js";
import { reply } from "../reply.js";

/** A `POST /test` that counts how often it is carried out, and how to send it with a key. */
function paying(
  options: Partial<AnyEndpointOptions> = {},
  idempotency: object = {},
  settings: IdempotencyOptions = {},
) {
  const told = testRuntime();
  const guard = new Idempotency("payments", settings as IdempotencyOptions<never>, told.rt);
  let carriedOut = 0;
  const served = serving(
    {
      handler: () => ({ carriedOut: ++carriedOut }),
      ...options,
      idempotency: { guard, ...idempotency },
    },
    told,
  );
  const send = (key: string | undefined, body: unknown = { amount: 1 }, path = "/test") =>
    served.ask({ path, ...jsonInit(body, key === undefined ? {} : { "idempotency-key": key }) });
  return { ...served, guard, send, carriedOut: () => carriedOut };
}

/** A handler that is under way until it is given its answer. */
function held() {
  let answer: (value: object) => void = () => undefined;
  let began: () => void = () => undefined;
  const underWay = new Promise<void>((resolve) => {
    began = resolve;
  });
  const handler = () =>
    new Promise<object>((resolve) => {
      answer = resolve;
      began();
    });
  return { handler, underWay, answer: (value: object) => answer(value) };
}

describe("a request with an idempotency key", () => {
  it("is carried out once, and answered the same again", async () => {
    const { send } = paying(once());
    const [first, second] = [await send('"k1"'), await send("k1")];
    expect([first.headers.get("idempotency-replayed"), second.headers.get("idempotency-replayed")]).toEqual([
      null,
      "true",
    ]);
    for (const response of [first, second]) {
      expect([response.status, response.headers.get("location"), await response.json()]).toEqual([
        201,
        "/p/1",
        { id: 1 },
      ]);
    }
    expect([first.headers.get("set-cookie"), second.headers.get("set-cookie")]).toEqual(["s=1", null]);
  });

  function once() {
    let id = 0;
    return { handler: () => reply(201, { id: ++id }, { location: `/p/${id}`, "set-cookie": "s=1" }) };
  }

  it("is carried out anew under another key, and every time without one", async () => {
    const { send, carriedOut } = paying();
    for (const key of ["k1", "k2", undefined, undefined]) await send(key);
    expect(carriedOut()).toBe(4);
  });

  it("is refused where the key is missing and required, or is none", async () => {
    const { send, carriedOut, settled } = paying({}, { required: true });
    const missing = await send(undefined);
    expect([missing.status, (await missing.json()).errors]).toEqual([
      400,
      [{ in: "headers", pointer: "/idempotency-key", detail: "Missing" }],
    ]);
    expect([(await send("a b")).status, carriedOut(), settled[0]?.guard]).toEqual([400, 0, "idempotency"]);
  });

  it("is refused where the key was used for another body, path or query", async () => {
    const { send } = paying({ path: "/pay/:to" });
    await send("k1", { amount: 1 }, "/pay/ann?b=1&a=2");
    const statuses = [];
    for (const [body, path] of [
      [{ amount: 2 }, "/pay/ann?b=1&a=2"],
      [{ amount: 1 }, "/pay/bob?b=1&a=2"],
      [{ amount: 1 }, "/pay/ann?b=2&a=1"],
      [{ amount: 1 }, "/pay/ann?a=2&b=1"],
    ] as const) {
      statuses.push((await send("k1", body, path)).status);
    }
    expect(statuses).toEqual([422, 422, 422, 200]);
  });

  it("is told to wait while the first is under way", async () => {
    const { handler, underWay, answer } = held();
    const { send } = paying({ handler });
    const first = send("k1");
    await underWay;
    const second = await send("k1");
    expect(second.status).toBe(409);
    expect(second.headers.get("retry-after")).toBe("30");
    answer({ ok: true });
    expect([(await first).status, (await send("k1")).headers.get("idempotency-replayed")]).toEqual([200, "true"]);
  });

  it("belongs to its principal, or where anyone may call to its client", async () => {
    const auth = (({ header }: { header: (name: string) => string }) => ({ id: header("x-user") })) as (
      call: never,
    ) => object;
    const { ask, carriedOut } = paying({ auth });
    for (const user of ["ann", "bob", "ann"]) await ask(jsonInit({}, { "idempotency-key": "k1", "x-user": user }));
    expect(carriedOut()).toBe(2);
    const open = paying();
    const init = jsonInit({}, { "idempotency-key": "k1" });
    for (const remoteAddress of ["203.0.113.1", "203.0.113.2", "203.0.113.1"]) await open.ask(init, { remoteAddress });
    expect(open.carriedOut()).toBe(2);
  });

  it("belongs to its tenant, and to whom it is said to belong", async () => {
    const by = (({ query }: { query: Record<string, string> }) => query.who) as (call: never) => string;
    const tenant = (({ query }: { query: Record<string, string> }) => query.tenant) as (call: never) => string;
    const { send, carriedOut } = paying({ auth: () => ({ no: "id" }), tenant }, { by });
    for (const query of ["who=a&tenant=1", "who=b&tenant=1", "who=a&tenant=2"]) await send("k1", {}, `/test?${query}`);
    expect(carriedOut()).toBe(3);
    const unowned = paying({ auth: () => ({ no: "id" }) });
    expect([(await unowned.send("k1")).status, unowned.carriedOut()]).toEqual([500, 0]);
    expect(String(unowned.settled[0]?.error)).toContain('endpoint("test").idempotency.by');
  });

  it("is charged by limits also when it is answered again", async () => {
    const limiter = new CountingLimiter("l", 2);
    const { send } = paying({ limits: [{ limiter, by: "client" }] });
    expect([(await send("k1")).status, (await send("k1")).status, (await send("k1")).status]).toEqual([200, 200, 429]);
  });

  it("may come again mended when it was refused before it was carried out", async () => {
    const { send } = paying({ body: z.object({ amount: z.number() }) });
    expect([(await send("k1", { amount: "x" })).status, (await send("k1", { amount: 1 })).status]).toEqual([400, 200]);
  });

  it("is answered again in bytes", async () => {
    const { send } = paying({ handler: () => reply(200, Uint8Array.of(0, 255, 128)) });
    await send("k1");
    expect(new Uint8Array(await (await send("k1")).arrayBuffer())).toEqual(Uint8Array.of(0, 255, 128));
  });

  it("is answered again without a body where there was none", async () => {
    const { send } = paying({ handler: () => undefined });
    await send("k1");
    const again = await send("k1");
    expect([again.status, await again.text()]).toEqual([204, ""]);
  });

  it("is not carried out where the store can't say whether it was", async () => {
    const { guard, send, carriedOut } = paying();
    guard.begin = () => ({ outcome: "failed", failure: new StoreFailure("timeout", "unknown") });
    expect([(await send("k1")).status, carriedOut()]).toEqual([503, 0]);
  });
});

describe("a failure under an idempotency key", () => {
  const failing = (error: unknown, idempotency = {}) => {
    let calls = 0;
    return paying(
      {
        handler: () => {
          if (++calls === 1) throw error;
          return { calls };
        },
      },
      idempotency,
    );
  };
  const outcomes = async ({ send }: { send: (key: string) => Promise<Response> }) => [
    (await send("k1")).status,
    (await send("k1")).status,
  ];

  it("that is a refusal frees the key", async () => {
    expect(await outcomes(failing(new KeelsonError("conflict")))).toEqual([409, 200]);
    expect(await outcomes(failing(new KeelsonError("upstream_circuit_open")))).toEqual([503, 200]);
  });

  it("that may have come after something was done is kept, unless it is said not to be", async () => {
    expect(await outcomes(failing(new Error("half done")))).toEqual([500, 500]);
    expect(await outcomes(failing(new KeelsonError("upstream_timeout")))).toEqual([504, 504]);
    expect(await outcomes(failing(new Error("half done"), { onFailure: "forget" }))).toEqual([500, 200]);
  });

  it("that is returned is kept, unless it says to come back", async () => {
    const statuses = [500, 503, 200];
    const { send } = paying({ handler: () => reply(statuses.shift() ?? 0) });
    expect([(await send("a")).status, (await send("a")).status]).toEqual([500, 500]);
    expect([(await send("b")).status, (await send("b")).status]).toEqual([503, 200]);
  });

  it("of the client's patience is left to the lease", async () => {
    const gone = new AbortController();
    const { ask, send, clock } = paying(
      {
        handler: (({ signal }: { signal: AbortSignal }) => {
          gone.abort();
          throw signal.reason;
        }) as (call: never) => never,
      },
      {},
      { lease: "10s" },
    );
    await ask({ ...jsonInit({ amount: 1 }, { "idempotency-key": "k1" }), signal: gone.signal });
    const waiting = await send("k1");
    expect((await waiting.json()).detail).toContain("still being carried out");
    await clock.advance(10_000);
    const over = await send("k1");
    expect([over.status, (await over.json()).detail]).toEqual([409, expect.stringContaining("not known")]);
  });
});

describe("a long call under an idempotency key", () => {
  it("keeps its lease", async () => {
    const { handler, underWay, answer } = held();
    const { send, clock, guard } = paying({ handler }, {}, { lease: "9s" });
    const renew = vi.spyOn(guard, "renew");
    const first = send("k1");
    await underWay;
    await clock.advance(60_000);
    expect((await (await send("k1")).json()).detail).toContain("still being carried out");
    answer({ ok: true });
    expect((await first).status).toBe(200);
    await clock.advance(60_000);
    expect([(await send("k1")).status, renew.mock.calls.length]).toEqual([200, 20]);
  });

  it("that is answered after its time was up is kept, for whoever asks again", async () => {
    const { handler, underWay, answer } = held();
    const { send, clock } = paying({ timeout: "2s", handler });
    const first = send("k1");
    await underWay;
    await clock.advance(2_000);
    expect((await first).status).toBe(503);
    answer({ late: true });
    await clock.advance(0);
    expect(await (await send("k1")).json()).toEqual({ late: true });
  });
});

describe("a stream under an idempotency key", () => {
  const streaming = (chunks: readonly string[], settings: IdempotencyOptions = {}) =>
    paying({ handler: () => new Response(watchedBody(chunks).init.body as ReadableStream) }, {}, settings);

  it("is passed on and kept", async () => {
    const { send } = streaming(["a", "b"]);
    expect([await (await send("k1")).text(), await (await send("k1")).text()]).toEqual(["ab", "ab"]);
  });

  it("that is too large is passed on, and known to have been", async () => {
    const { send } = streaming(["aa", "bb"], { maxBytes: 3 });
    expect(await (await send("k1")).text()).toBe("aabb");
    const again = await send("k1");
    expect([again.status, (await again.json()).detail]).toEqual([409, expect.stringContaining("too large")]);
  });

  it("is read to its end when the client leaves, and kept", async () => {
    const { send } = streaming(["a", "b", "c"]);
    const reader = (await send("k1")).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await (await send("k1")).text()).toBe("abc");
  });

  it("that breaks off is left to the lease", async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.error(new Error("gone"));
          },
        }),
      );
    const { send, clock } = paying({ handler: broken }, {}, { lease: "3s" });
    await expect((await send("k1")).text()).rejects.toThrow();
    expect((await send("k1")).status).toBe(409);
    await clock.advance(3_000);
    expect((await (await send("k1")).json()).detail).toContain("not known");
  });
});

describe("the options of idempotency", () => {
  it.each([
    [{ idempotency: { guard: undefined } }, /idempotency\.guard/],
    [{ method: "GET" }, /method/],
  ])("%o are refused", (options, message) => {
    expect(() => paying(options as never, (options as { idempotency?: object }).idempotency)).toThrow(message);
  });

  it("are told by the surface and to browsers", async () => {
    const { endpoint, ask } = paying({ origins: ["https://shop.example"] }, { required: true });
    expect(endpoint.surface()).toMatchObject({ idempotency: "required" });
    expect(endpoint.guards.at(-1)).toBe("idempotency");
    const response = await ask({
      method: "OPTIONS",
      headers: { origin: "https://shop.example", "access-control-request-method": "POST" },
    });
    expect(response.headers.get("access-control-allow-headers")).toContain("idempotency-key");
  });
});
