import { componentsGeneric, type FunctionReference, type HttpRouter, httpRouter } from "convex/server";
import { convexTest } from "convex-test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { anonymous, unlimited } from "../../boundary/declare.js";
import { perCall } from "../../core/binding.js";
import { createKit } from "../../kit/kit.js";
import { convexStore } from "../../stores/convex/convex-store.js";
import type { ActionPlace, KeelsonComponent } from "../../stores/convex/ctx.js";
import { register } from "../../stores/convex/test.js";
import { route } from "./route.js";

const { keelson } = componentsGeneric() as unknown as { keelson: KeelsonComponent };

const kit = createKit({ service: "shop", store: perCall<ActionPlace>() });
const open = kit.limiter("open", { algorithm: "gcra", limit: 2, per: "1m", onStoreFailure: "open" });
const closed = kit.limiter("closed", { algorithm: "gcra", limit: 2, per: "1m", onStoreFailure: "closed" });
const hot = kit.limiter("hot", { algorithm: "fixed-window", limit: 10, per: "1m" });
const pages = kit.cache<string>("pages", { ttl: "1m", tier2: true });
const large = kit.cache<string>("large", { ttl: "1m", tier2: { maxBytes: "950kb" } });
const callee = kit.upstream("callee", { breaker: { minimumCalls: 2 } });

afterEach(() => void vi.useRealTimers());

function deployment() {
  const t = convexTest({ modules: { "./_generated/api.ts": () => Promise.resolve({}) } });
  register(t);
  return t;
}

/** What Convex throws once it has tried a mutation often enough. */
function conflict(): Error {
  return new Error(
    'Documents read from or written to the "cells" table changed while this mutation was being run and on every ' +
      "subsequent retry. See https://docs.convex.dev/error#1",
  );
}

/** An action whose every mutation conflicts with others. */
function contended(): ActionPlace {
  const fail = () => Promise.reject(conflict());
  return { runQuery: fail, runMutation: fail, runAction: fail } as unknown as ActionPlace;
}

describe("a store that is bound to a call", () => {
  it("makes of a conflict what the limiter's policy says, and no exception", async () => {
    const { use } = kit.using(convexStore(contended(), keelson));
    expect(await use(open).check("ada")).toMatchObject({ allowed: true, degraded: true, source: "open" });
    expect(await use(closed).check("ada")).toMatchObject({ allowed: false, degraded: true, source: "closed" });
    const reasons: string[] = [];
    const off = kit.events.on("store.failure", ({ reason }) => void reasons.push(reason));
    await use(open).check("ada");
    off();
    expect(reasons).toEqual(["contention"]);
  });

  it("looks in a query, checks in a mutation, and does all in an action", async () => {
    const t = deployment();
    await t.mutation(async (ctx) => {
      const store = convexStore(ctx, keelson);
      expect(store.capability).toBe("write");
      expect((await kit.using(store).use(open).check("ada")).allowed).toBe(true);
    });
    await t.query(async (ctx) => {
      const store = convexStore(ctx, keelson);
      expect(store.capability).toBe("read");
      expect((await kit.using(store).use(open).peek("ada")).remaining).toBe(1);
      // Past the types: nothing is written, and the policy says what that comes to.
      const { check } = kit.using(store).use(closed) as unknown as {
        check(key: string): Promise<{ allowed: boolean }>;
      };
      expect((await check.call(kit.using(store).use(closed), "ada")).allowed).toBe(false);
    });
    await t.action(async (ctx) => {
      const store = convexStore(ctx, keelson);
      expect(store.capability).toBe("act");
      expect((await kit.using(store).use(open).check("ada")).remaining).toBe(0);
    });
  });

  it("takes back what a mutation took that throws", async () => {
    const t = deployment();
    const taken = t.mutation(async (ctx) => {
      await kit.using(convexStore(ctx, keelson)).use(open).check("ada");
      throw new Error("changed my mind");
    });
    await expect(taken).rejects.toThrow("changed my mind");
    const left = await t.query(
      async (ctx) => (await kit.using(convexStore(ctx, keelson)).use(open).peek("ada")).remaining,
    );
    expect(left).toBe(2);
  });

  it("lets cached values be read in queries and set in mutations", async () => {
    const t = deployment();
    await t.mutation((ctx) => kit.using(convexStore(ctx, keelson)).use(pages).set("a", "one"));
    expect(await t.query((ctx) => kit.using(convexStore(ctx, keelson)).use(pages).get("a"))).toBe("one");
    expect(await t.query(async (ctx) => (await kit.using(convexStore(ctx, keelson)).use(pages).get("b")) ?? null)).toBe(
      null,
    );
  });

  it("shares a circuit with all other calls", async () => {
    const t = deployment();
    const called = (fn: () => Promise<unknown>) =>
      t.action((ctx) => kit.using(convexStore(ctx, keelson)).use(callee).run(fn)).catch((error: Error) => error);
    for (let n = 0; n < 2; n++) await called(() => Promise.reject(new Error("down")));
    expect(await called(() => Promise.resolve(1))).toMatchObject({ code: "upstream_circuit_open" });
    const state = await t.query((ctx) => kit.using(convexStore(ctx, keelson)).use(callee).state());
    expect(state).toBe("open");
  });

  it.each([
    [null, keelson, "convexStore.ctx: got null; allowed: the ctx of a query"],
    [contended(), undefined, "convexStore.component: got undefined; allowed: components.keelson"],
  ])("says what it needs", (ctx, component, message) => {
    expect(() => convexStore(ctx as ActionPlace, component as KeelsonComponent)).toThrow(message);
  });

  it("refuses a number of shards that is none", () => {
    expect(() => convexStore(contended(), keelson, { shards: { hot: 1 } })).toThrow("convexStore.shards.hot: got 1");
  });
});

describe("a limit in several documents", () => {
  const shards = { hot: 4 };

  it("never allows more than the limit, and as much as each document's part", async () => {
    const t = deployment();
    let allowed = 0;
    for (let n = 0; n < 60; n++) {
      const check = t.action((ctx) =>
        kit
          .using(convexStore(ctx, keelson, { shards }))
          .use(hot)
          .check("all"),
      );
      if ((await check).allowed) allowed++;
    }
    expect(allowed).toBe(10);
  });

  it("is reset as a whole", async () => {
    const t = deployment();
    const on = <T>(what: (limiter: { check(key: string): unknown; reset(key: string): unknown }) => T) =>
      t.action(async (ctx) => (await what(kit.using(convexStore(ctx, keelson, { shards })).use(hot))) as unknown);
    for (let n = 0; n < 60; n++) await on((limiter) => limiter.check("all"));
    await on((limiter) => limiter.reset("all"));
    let allowed = 0;
    for (let n = 0; n < 60; n++)
      if (((await on((limiter) => limiter.check("all"))) as { allowed: boolean }).allowed) allowed++;
    expect(allowed).toBe(10);
  });
});

describe("clean-up", () => {
  const { cleanup } = keelson as unknown as {
    cleanup: {
      run: FunctionReference<"mutation", "internal", Record<string, never>, { readonly cells: number }>;
    };
  };

  it("deletes what has expired and nothing else, in a run of its own", async () => {
    const t = deployment();
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const check = (key: string) => t.action((ctx) => kit.using(convexStore(ctx, keelson)).use(open).check(key));
    await check("old");
    vi.setSystemTime(1_700_000_000_000 + 40_000);
    await check("new");
    expect(await t.mutation(cleanup.run, {})).toEqual({ cells: 1, slis: 0, jobs: 0 });
    const left = await t.query(
      async (ctx) => (await kit.using(convexStore(ctx, keelson)).use(open).peek("new")).remaining,
    );
    expect(left).toBe(1);
  });

  it("stays below what a transaction may read, however large the values are", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const t = convexTest({ modules: { "./_generated/api.ts": () => Promise.resolve({}) }, transactionLimits: true });
    register(t);
    const value = "x".repeat(900_000);
    for (let n = 0; n < 20; n++)
      await t.mutation((ctx) => kit.using(convexStore(ctx, keelson)).use(large).set(`${n}`, value));
    vi.setSystemTime(1_700_000_000_000 + 3_600_000);
    const cleaned: number[] = [];
    for (let n = 0; n < 10 && cleaned.at(-1) !== 0; n++) cleaned.push((await t.mutation(cleanup.run, {})).cells);
    expect([cleaned[0], cleaned.at(-1), cleaned.reduce((sum, one) => sum + one)]).toEqual([3, 0, 20]);
  });
});

describe("routes", () => {
  const served = (handler: () => unknown, limits: unknown = unlimited("a test")) => {
    const one = createKit({ service: "shop", store: perCall<ActionPlace>() });
    const limiter = one.limiter("few", { algorithm: "gcra", limit: 1, per: "1m" });
    const endpoint = one.endpoint({
      name: "thing",
      method: "GET",
      path: "/things/:id",
      auth: anonymous("a test"),
      limits: limits === "few" ? [{ limiter, by: "client" }] : unlimited("a test"),
      handler: handler as never,
    });
    const http = httpRouter();
    let ended = 0;
    const onEnd = async () => void ended++;
    route(http, { kit: one, component: keelson, endpoints: [endpoint], onEnd });
    const t = convexTest({
      modules: {
        "./_generated/api.ts": () => Promise.resolve({}),
        "./http.ts": () => Promise.resolve<{ default: HttpRouter }>({ default: http }),
      },
    });
    register(t);
    const slis = () =>
      t.query(async (ctx) => (await one.using(convexStore(ctx, keelson)).snapshot()).slis.endpoints.thing?.windows[0]);
    return { t, slis, ended: () => ended };
  };

  it("answer below a prefix, and count what they answered in the store", async () => {
    const { t, slis } = served(() => ({ fine: true }));
    const answer = await t.fetch("/things/7");
    expect([answer.status, await answer.json()]).toEqual([200, { fine: true }]);
    expect((await t.fetch("/things/7/more")).status).toBe(404);
    const refused = await t.fetch("/things/7", { method: "DELETE" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(await slis()).toMatchObject({ sec: 300, valid: 1, bad: 0 });
  });

  it("answer what went wrong as a problem, and count it", async () => {
    vi.spyOn(console, "error").mockImplementationOnce(() => undefined);
    const { t, slis } = served(() => {
      throw new Error("a mistake");
    });
    const answer = await t.fetch("/things/7");
    expect([answer.status, (await answer.json()).code]).toEqual([500, "internal"]);
    expect(await slis()).toMatchObject({ valid: 1, bad: 1 });
  });

  it("write what was counted at the end of a stream", async () => {
    const { t, slis } = served(
      () => new Response(new Blob(["a", "b"]).stream(), { headers: { "content-type": "text/plain" } }),
    );
    expect(await (await t.fetch("/things/7")).text()).toBe("ab");
    expect(await slis()).toMatchObject({ valid: 1, bad: 0 });
  });

  it("know callers by their address", async () => {
    const { t, ended } = served(() => ({}), "few");
    const from = async (ip: string) => (await t.withRequestMetadata({ ip, userAgent: null }).fetch("/things/7")).status;
    expect([await from("10.0.0.1"), await from("10.0.0.1"), await from("10.0.0.2")]).toEqual([200, 429, 200]);
    expect(ended()).toBe(3);
  });
});
