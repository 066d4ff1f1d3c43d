import { describe, expect, it } from "vitest";
import { z } from "zod";
import { anonymous, unlimited } from "../boundary/declare.js";
import { knob } from "../boundary/knobs/knob.js";
import { perCall } from "../core/binding.js";
import { ConfigError } from "../core/config.js";
import { snapshotSchema } from "../schema.js";
import { memoryStore } from "../stores/memory/memory-store.js";
import { ManualClock, settled } from "../testing/manual-clock.js";
import { createKit } from "./kit.js";

const open = { auth: anonymous("a test"), limits: unlimited("a test") } as const;
const per = { algorithm: "gcra", per: "1m" } as const;

function deferred() {
  const out: { resolve?: (value: object) => void } = {};
  const promise = new Promise<object>((resolve) => {
    out.resolve = resolve;
  });
  return { promise, resolve: (value: object) => out.resolve?.(value) };
}

describe("a kit's fetch", () => {
  it("hands on who the client is", async () => {
    const kit = createKit({ service: "shop" });
    kit.endpoint({
      name: "who",
      method: "GET",
      path: "/who",
      auth: anonymous("a test"),
      limits: [{ limiter: kit.limiter("who", { algorithm: "gcra", limit: 1, per: "1m" }), by: "client" }],
      handler: () => ({}),
    });
    const ask = (remoteAddress: string) => kit.fetch(new Request("http://shop.example/who"), { remoteAddress });
    expect((await ask("192.0.2.1")).status).toBe(200);
    expect((await ask("192.0.2.1")).status).toBe(429);
    expect((await ask("192.0.2.2")).status).toBe(200);
    await kit.close();
  });
});

describe("createKit", () => {
  it("gives every primitive its clock, its store and its knobs", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", clock, env: { MAX: "2" }, knobs: { MAX: knob.int({ default: 5 }) } });
    const turns = kit.limiter("chat", { ...per, limit: (k) => k.MAX });
    expect(kit.knobs.MAX).toBe(2);
    expect([await turns.check("a"), await turns.check("a"), await turns.check("a")].map((d) => d.allowed)).toEqual([
      true,
      true,
      false,
    ]);
    await clock.advance(30_000);
    expect((await turns.check("a")).allowed).toBe(true);
  });

  it("follows a knob that is turned while it runs", async () => {
    const kit = createKit({ service: "shop", env: {}, knobs: { MAX: knob.int({ default: 1, min: 1 }) } });
    const turns = kit.limiter("chat", { ...per, limit: (k) => k.MAX });
    await turns.check("a");
    expect((await turns.check("a")).allowed).toBe(false);
    kit.knobSet.set("MAX", 3);
    expect(await turns.check("a")).toMatchObject({ allowed: true, limit: 3, remaining: 1 });
    expect((await kit.snapshot()).limiters.chat?.limit).toBe(3);
  });

  it("refuses a wrong option when it is given, naming it", () => {
    expect(() => createKit({ service: "my shop" })).toThrow(/createKit\.service: got "my shop"/);
    expect(() => createKit({ service: "shop", knobz: {} } as never)).toThrow(/createKit\.knobz/);
    expect(() => createKit({ service: "shop", env: { N: "x" }, knobs: { N: knob.int() } })).toThrow(/N.*"x"/s);
    const kit = createKit({ service: "shop" });
    expect(() => kit.limiter("chat", { ...per, limit: 0 })).toThrow(/limiter\("chat"\)\.limit: got 0/);
  });

  it("refuses a name twice, but not for another kind", () => {
    const kit = createKit({ service: "shop" });
    kit.limiter("chat", { ...per, limit: 1 });
    expect(() => kit.limiter("chat", { ...per, limit: 1 })).toThrow(ConfigError);
    expect(kit.cache("chat", { ttl: "1m" }).name).toBe("chat");
  });

  it("serves its endpoints by fetch, those that are defined later too", async () => {
    const kit = createKit({ service: "shop" });
    kit.endpoint({ name: "a", method: "GET", path: "/a", ...open, handler: () => ({ ok: 1 }) });
    const { fetch } = kit;
    kit.endpoint({
      name: "b",
      method: "POST",
      path: "/b",
      body: z.object({ n: z.number() }),
      ...open,
      handler: ({ body }) => body,
    });
    expect(await (await fetch(new Request("http://x/a"))).json()).toEqual({ ok: 1 });
    const post = new Request("http://x/b", {
      method: "POST",
      body: '{"n":"no"}',
      headers: { "content-type": "application/json" },
    });
    const refused = await fetch(post);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: "validation" });
    expect((await fetch(new Request("http://x/c"))).status).toBe(404);
  });

  it("shows everything in one snapshot, which its published schema takes", async () => {
    const clock = new ManualClock();
    const kit = createKit({
      service: "shop",
      clock,
      env: {},
      knobs: { KEY: knob.text({ default: "s3cret", secret: true }) },
    });
    const turns = kit.limiter("turns", { ...per, limit: 1 });
    const search = kit.cache<string>("search", { ttl: "1m" });
    const llm = kit.upstream("llm", { timeout: "1s", breaker: {}, bulkhead: { maxConcurrent: 2 } });
    const once = kit.replayGuard("hooks");
    kit.breaker("b");
    kit.bulkhead("k", { maxConcurrent: 1 });
    kit.idempotency("orders");
    kit.endpoint({ name: "a", method: "GET", path: "/a", ...open, handler: () => ({ ok: 1 }) });
    kit.boundary({ name: "f", input: z.object({}), ...open }, () => 1);
    await kit.fetch(new Request("http://x/a"));
    await turns.check("x");
    await turns.check("x");
    await search.read("q", () => "v");
    await search.read("q", () => "w");
    await llm.run(() => 1);
    await once.once("meta", "1", () => 1);
    await clock.advance(1000);

    const snapshot = await kit.snapshot();
    expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(snapshot).toMatchObject({
      service: "shop",
      uptimeMs: 1000,
      store: { kind: "memory", cells: 2 },
      knobs: { KEY: "[secret]" },
      limiters: { turns: { allowed: 1, denied: 1 } },
      caches: { search: { hits: 1, misses: 1, loads: 1, entries: 1 } },
      upstreams: { llm: { breaker: { state: "closed" }, bulkhead: { limit: 2, running: 0 } } },
      replayGuards: { hooks: { first: 1 } },
    });
    expect(Object.keys(snapshot.breakers).concat(Object.keys(snapshot.bulkheads))).toEqual(["b", "k"]);
    expect(snapshot.surface.map((surface) => surface.name)).toEqual(["a", "f"]);
    expect(snapshot.slis.endpoints.a?.windows[0]).toMatchObject({ valid: 1, bad: 0 });
    expect(snapshot.slis.upstreams.llm?.windows[0]).toMatchObject({ valid: 1, bad: 0 });
  });

  it("shows the limiter of failed auth that an endpoint brings with it", async () => {
    const kit = createKit({ service: "shop" });
    const refuse = () => null;
    kit.endpoint({
      name: "a",
      method: "GET",
      path: "/a",
      auth: refuse,
      limits: unlimited("a test"),
      handler: () => ({}),
    });
    expect((await kit.fetch(new Request("http://x/a"))).status).toBe(401);
    expect(Object.values((await kit.snapshot()).limiters)).toMatchObject([{ limit: 30, allowed: 1 }]);
  });

  it("keeps a primitive elsewhere where it names a store of its own", async () => {
    const elsewhere = memoryStore();
    const kit = createKit({ service: "shop" });
    const hot = kit.limiter("hot", { ...per, limit: 5, store: elsewhere });
    await hot.check("a");
    expect(elsewhere.stats().cells).toBe(1);
    expect((await kit.snapshot()).store.cells).toBe(0);
  });
});

describe("a kit that is bound to each call", () => {
  it("has definitions without operations, and binds them where it is told", async () => {
    const kit = createKit({ service: "shop", store: perCall<undefined>() });
    const turns = kit.limiter("turns", { ...per, limit: 1 });
    expect(turns).toEqual({ name: "turns" });
    const [one, other] = [kit.using(memoryStore()), kit.using(memoryStore())];
    expect((await one.use(turns).check("a")).allowed).toBe(true);
    expect((await one.use(turns).check("a")).allowed).toBe(false);
    expect((await other.use(turns).check("a")).allowed).toBe(true);
    expect((await one.snapshot()).limiters.turns).toMatchObject({ allowed: 1, denied: 1 });
  });

  it("still finds a wrong option when it is given", () => {
    const kit = createKit({ service: "shop", store: perCall() });
    expect(() => kit.limiter("turns", { ...per, limit: -1 })).toThrow(/limit/);
  });

  it("says what is missing when it is used without a place", async () => {
    const kit = createKit({ service: "shop", store: perCall() }) as unknown as ReturnType<typeof createKit>;
    await expect(kit.fetch(new Request("http://x/"))).rejects.toThrow(/kit\.using\(store\)/);
    await expect(kit.snapshot()).rejects.toThrow(/kit\.using\(store\)/);
    expect(() => kit.using(memoryStore()).use({ name: "foreign" })).toThrow(/not defined by this kit/);
  });
});

describe("closing a kit", () => {
  it("closes what was attached to it once everything else has ended, and waits for it, for a while", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", clock });
    const { promise: slow, resolve: answer } = deferred();
    kit.endpoint({ name: "slow", method: "GET", path: "/slow", ...open, handler: () => slow });
    const request = kit.fetch(new Request("http://x/slow"));
    const log: string[] = [];
    kit.attach({ close: () => log.push("attached") });
    kit.attach({ close: () => log.push("detached") })();
    kit.attach({ close: () => new Promise(() => undefined) });
    const closed = kit.close().then(() => log.push("kit"));
    await clock.advance(1_000);
    expect(log).toEqual([]);
    answer({ ok: true });
    await request;
    await settled();
    expect(log).toEqual(["attached"]);
    await clock.advance(3_000);
    await closed;
    expect(log).toEqual(["attached", "kit"]);
  });

  it("passes on that something attached failed to close, once all have ended", async () => {
    const kit = createKit({ service: "shop", clock: new ManualClock() });
    const log: string[] = [];
    kit.attach({ close: () => Promise.reject(new Error("no")) });
    kit.attach({ close: () => log.push("other") });
    await expect(kit.close()).rejects.toThrow("no");
    expect(log).toEqual(["other"]);
  });

  it("waits for the requests under way and refuses new ones", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", clock });
    const { promise: slow, resolve: answer } = deferred();
    kit.endpoint({ name: "slow", method: "GET", path: "/slow", ...open, handler: () => slow });
    const first = kit.fetch(new Request("http://x/slow"));
    await settled();
    let closed: boolean | undefined;
    const closing = kit.close({ drain: "5s" }).then((inTime) => {
      closed = inTime;
    });
    await clock.advance(1000);
    expect(closed).toBeUndefined();
    const late = await kit.fetch(new Request("http://x/slow"));
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "1"]);
    answer({ done: true });
    expect((await first).status).toBe(200);
    await closing;
    expect(closed).toBe(true);
    expect(clock.pending()).toBe(0);
  });

  it("gives up on what doesn't end in time, and says so", async () => {
    const clock = new ManualClock();
    const kit = createKit({ service: "shop", clock });
    kit.endpoint({ name: "hung", method: "GET", path: "/hung", ...open, handler: () => deferred().promise });
    void kit.fetch(new Request("http://x/hung"));
    await settled();
    const closing = kit.close({ drain: "2s" });
    expect(kit.close()).toBe(closing);
    await clock.advance(2000);
    expect(await closing).toBe(false);
  });

  it("leaves a store alone that it was given, and can be disposed of", async () => {
    const store = memoryStore();
    {
      await using kit = createKit({ service: "shop", store });
      await kit.limiter("l", { ...per, limit: 1 }).check("a");
    }
    expect(store.stats().cells).toBe(1);
  });
});
