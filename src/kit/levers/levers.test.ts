import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { knob } from "../../boundary/knobs/knob.js";
import { perCall } from "../../core/binding.js";
import type { KeelsonError } from "../../core/errors.js";
import type { LeverEntry, LeverPull, Levers } from "../../core/levers.js";
import { seeded } from "../../core/seeded.js";
import { FleetStore } from "../../primitives/fleet-store.fixture.js";
import { snapshotSchema } from "../../schema.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { createKit } from "../kit.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

function shop() {
  const clock = new ManualClock();
  const kit = createKit({
    service: "shop",
    clock,
    random: seeded(1),
    knobs: { CHAT_MAX: knob.int({ default: 20, min: 1, max: 100 }), KEY: knob.text({ default: "k", secret: true }) },
    env: {},
  });
  open.push(kit);
  const told: string[] = [];
  for (const type of ["lever.pulled", "lever.released", "lever.expired", "lever.failed"] as const)
    kit.events.on(type, ({ lever, by, reason }) => told.push(`${type} ${lever} ${by} ${reason}`));
  const serper = kit.upstream("serper", { breaker: {}, bulkhead: { maxConcurrent: 4, maxQueue: 2 } });
  const chat = kit.limiter("chat", { algorithm: "gcra", limit: (k) => k.CHAT_MAX, per: "1m" });
  const pages = kit.cache<string>("pages", { ttl: "1h" });
  const search = kit.job({
    input: z.object({ q: z.string() }),
    attempts: 1,
    run: () => Promise.reject(new Error("no")),
  });
  const tools = kit.queue("tools", { jobs: { search } });
  const pull = (lever: LeverPull["lever"], target: string, more: Partial<LeverPull> = {}) =>
    kit.levers.pull({ lever, target, by: "ann", reason: "it is on fire", ...more });
  return { clock, kit, told, serper, chat, pages, tools, pull };
}

describe("levers of a kit", () => {
  it("isolate a breaker until their time is over, and say who did it", async () => {
    const { clock, kit, told, serper, pull } = shop();
    const entry = await pull("breaker.isolate", "upstream:serper", { expiresIn: "5m" });
    expect(serper.state()).toBe("isolated");
    await expect(serper.run(() => 1)).rejects.toMatchObject({ code: "upstream_circuit_open" });
    expect(entry).toMatchObject({
      by: "ann",
      reason: "it is on fire",
      at: clock.wall(),
      expiresAt: clock.wall() + 300_000,
    });
    expect(await kit.levers.active()).toEqual([entry]);
    expect(snapshotSchema.parse(await kit.snapshot()).levers).toEqual([entry]);
    await clock.advance(299_999);
    expect(serper.state()).toBe("isolated");
    await clock.advance(1);
    expect(serper.state()).toBe("closed");
    expect(await kit.levers.active()).toEqual([]);
    expect(told).toEqual([
      "lever.pulled breaker.isolate ann it is on fire",
      "lever.expired breaker.isolate ann it is on fire",
    ]);
    expect((await kit.levers.audit()).map(({ action }) => action)).toEqual(["expired", "pulled"]);
    expect(clock.pending("held")).toBe(0);
  });

  it("disable and close a breaker", async () => {
    const { serper, pull, kit } = shop();
    await pull("breaker.disable", "serper");
    expect(serper.state()).toBe("disabled");
    await pull("breaker.close", "serper");
    expect(serper.state()).toBe("closed");
    expect(await kit.levers.active()).toEqual([]);
  });

  it("leave a breaker alone that somebody has set otherwise meanwhile", async () => {
    const { clock, serper, pull } = shop();
    await pull("breaker.isolate", "serper", { expiresIn: "1m" });
    serper.breaker?.metricsOnly();
    await clock.advance(60_000);
    expect(serper.state()).toBe("metrics-only");
  });

  it("resize a bulkhead: the last one pulled wins, and nothing comes through in between", async () => {
    const { clock, kit, serper, pull } = shop();
    const sizes: number[] = [];
    kit.events.on("bulkhead.resized", ({ to }) => sizes.push(to));
    await pull("bulkhead.resize", "serper", { args: { slots: 1 }, expiresIn: "1m" });
    await pull("bulkhead.resize", "serper", { args: { slots: "2" }, expiresIn: "2m", by: "bob" });
    await clock.advance(60_000);
    expect(serper.bulkhead?.snapshot().limit).toBe(2);
    await clock.advance(60_000);
    expect(serper.bulkhead?.snapshot().limit).toBe(4);
    expect(sizes).toEqual([1, 2, 4]);
    expect((await kit.levers.audit()).map(({ action, by }) => `${action} ${by}`)).toEqual([
      "expired bob",
      "pulled bob",
      "superseded bob",
      "pulled ann",
    ]);
  });

  it("set a knob, which falls back", async () => {
    const { clock, kit, chat, pull } = shop();
    await pull("knob.set", "CHAT_MAX", { args: { value: 5 }, expiresIn: "1m" });
    expect([kit.knobs.CHAT_MAX, chat.policy.limit]).toEqual([5, 5]);
    await clock.advance(60_000);
    expect(kit.knobs.CHAT_MAX).toBe(20);
  });

  it("clear a cache", async () => {
    const { pages, pull } = shop();
    await pages.set("a", "1");
    await pull("cache.clear", "pages");
    expect(await pages.get("a")).toBeUndefined();
    expect(pages.snapshot().cleared).toBe(1);
  });

  it("pause, resume and drain one kind of job", async () => {
    const { clock, tools, pull, kit } = shop();
    const paused = async () => (await tools.stats()).search.paused;
    await pull("queue.pause", "tools/search", { expiresIn: "1m" });
    expect(await paused()).toBe(true);
    await clock.advance(60_000);
    expect(await paused()).toBe(false);
    await pull("queue.pause", "tools/search");
    await pull("queue.drain", "tools/search");
    expect(await paused()).toBe(false);
    await expect(tools.enqueue("search", { q: "a" })).rejects.toMatchObject({ code: "unavailable" });
    await pull("queue.resume", "tools/search");
    await tools.enqueue("search", { q: "a" });
    expect(await kit.levers.active()).toEqual([]);
  });

  it("requeue and drop dead jobs, and say how many", async () => {
    const { tools, pull } = shop();
    await tools.enqueueMany(["a", "b", "c"].map((q) => ({ tool: "search", input: { q } }) as const));
    await tools.processQueue();
    expect(await pull("queue.requeue-dead", "tools/search", { args: { max: 1 } })).toMatchObject({ count: 1 });
    expect(await pull("queue.drop-dead", "tools/search")).toMatchObject({ count: 2 });
    expect((await tools.stats()).search).toMatchObject({ dead: 0, queued: 1 });
  });

  it("block a key of a limiter, and take that back, or reset it", async () => {
    const { clock, kit, chat, pull } = shop();
    const entry = await pull("limiter.block", "chat", { args: { key: "u1" }, expiresIn: "1m" });
    expect(await chat.peek("u1")).toMatchObject({ allowed: false, retryAfterMs: 60_000 });
    const done = await kit.levers.release(entry.id, { by: "bob", reason: "it was somebody else" });
    expect(done).toEqual({ ...entry, released: { by: "bob", reason: "it was somebody else", at: clock.wall() } });
    expect(await chat.peek("u1")).toMatchObject({ allowed: true });
    await pull("limiter.block", "chat", { args: { key: "u1" } });
    await chat.check("u2", { cost: 20 });
    await pull("limiter.reset", "chat", { args: { key: "u2" } });
    expect([await chat.peek("u1"), await chat.peek("u2", 20)]).toMatchObject([{ allowed: false }, { allowed: true }]);
    await pull("limiter.reset", "chat", { args: { key: "u1" } });
    expect(await chat.peek("u1")).toMatchObject({ allowed: true });
  });

  it("are in a catalogue, with their targets; secrets are none", () => {
    const { kit } = shop();
    const catalogue = Object.fromEntries(kit.levers.catalogue().map((one) => [one.lever, one]));
    expect(Object.keys(catalogue)).toHaveLength(14);
    expect(catalogue["breaker.isolate"]).toMatchObject({ targets: ["upstream:serper"], lasting: true, args: [] });
    expect(catalogue["knob.set"]).toMatchObject({ targets: ["CHAT_MAX"], args: [{ name: "value", required: true }] });
    expect(catalogue["queue.drain"]?.targets).toEqual(["tools/search"]);
    expect(catalogue["overload.shed"]?.targets).toEqual(["endpoints"]);
    expect(JSON.parse(JSON.stringify(catalogue))).toEqual(catalogue);
  });

  it.each<[string, Partial<LeverPull>, string, string]>([
    ["no identity", { by: " " }, "validation", "by (who does it) is missing"],
    ["no reason", { reason: "" }, "validation", "reason is missing or empty; allowed: text of 1 to 500"],
    ["too long a reason", { reason: "x".repeat(501) }, "validation", "of 501 characters"],
    ["an unknown lever", { lever: "breaker.kick" as never }, "not_found", "breaker.isolate, breaker.disable"],
    ["an unknown target", { target: "google" }, "not_found", "allowed: upstream:serper"],
    ["an unknown argument", { args: { hard: 1 } }, "validation", 'there is no argument "hard"'],
    ["too long an expiry", { expiresIn: "25h" }, "validation", '"24h"'],
    ["an expiry that is none", { expiresIn: "soon" as never }, "validation", "a duration like"],
    ["too short an expiry", { expiresIn: 1 }, "validation", "at least 1000ms"],
    ["an expiry of what acts once", { lever: "breaker.close", expiresIn: "1m" }, "validation", "it acts once"],
    ["a missing argument", { lever: "bulkhead.resize" }, "validation", "slots is missing"],
    ["no number", { lever: "bulkhead.resize", args: { slots: "many" } }, "validation", 'slots is "many"'],
    ["too small a number", { lever: "bulkhead.resize", args: { slots: 0 } }, "validation", "at least 1"],
    [
      "a knob's wrong value",
      { lever: "knob.set", target: "CHAT_MAX", args: { value: "101" } },
      "validation",
      "at most 100",
    ],
    ["a secret", { lever: "knob.set", target: "KEY", args: { value: "x" } }, "not_found", "allowed: CHAT_MAX"],
  ])("refuse %s, and say what is allowed", async (_, wrong, code, words) => {
    const { kit, pull } = shop();
    const error = await pull("breaker.isolate", "serper", wrong).catch((thrown: KeelsonError) => thrown);
    expect(error).toMatchObject({ code, detail: expect.stringContaining(words) });
    expect(await kit.levers.audit()).toEqual([]);
  });

  it("refuse to take back what isn't in effect, and to tell more than there is", async () => {
    const { kit } = shop();
    await expect(kit.levers.release("x", { by: "ann", reason: "y" })).rejects.toMatchObject({ code: "not_found" });
    await expect(kit.levers.release("x", { by: "", reason: "y" })).rejects.toMatchObject({ code: "validation" });
    await expect(kit.levers.audit({ limit: 201 })).rejects.toMatchObject({ code: "validation" });
  });

  it("keep the last 200 lines of what was done", async () => {
    const { kit, pull } = shop();
    for (let i = 0; i < 230; i++) await pull("cache.clear", "pages", { reason: `r${i}` });
    const audit = await kit.levers.audit({ limit: 200 });
    expect(audit.map(({ reason }) => reason)).toEqual(Array.from({ length: 200 }, (_, i) => `r${229 - i}`));
    expect(await kit.levers.audit({ limit: 3 })).toHaveLength(3);
  });

  it("are no more than a hundred at a time", async () => {
    const { pull } = shop();
    for (let i = 0; i < 100; i++) await pull("limiter.block", "chat", { args: { key: `u${i}` } });
    await expect(pull("limiter.block", "chat", { args: { key: "more" } })).rejects.toMatchObject({
      code: "validation",
    });
  });

  it("say in the audit what could not be done", async () => {
    const { kit, told, pull } = shop();
    const broken = kit.limiter("broken", { algorithm: "gcra", limit: 1, per: "1m", store: closedStore() });
    await expect(pull("limiter.block", broken.name, { args: { key: "u" } })).rejects.toMatchObject({
      code: "unavailable",
      detail: expect.stringMatching(
        /^limiter\.block could not be done, which the audit says: .*"broken".*: block failed/,
      ),
    });
    expect(await kit.levers.active()).toEqual([]);
    expect((await kit.levers.audit()).map(({ action }) => action)).toEqual(["failed", "pulled"]);
    expect(told).toEqual(["lever.failed limiter.block ann it is on fire"]);
  });

  it("stay in effect where they could not be taken back", async () => {
    const { kit, pull } = shop();
    const store = new FleetStore(memoryStore(), kit.clock as ManualClock);
    kit.limiter("apart", { algorithm: "gcra", limit: 1, per: "1m", store });
    const { id } = await pull("limiter.block", "apart", { args: { key: "u" } });
    store.line = "refused";
    await expect(kit.levers.release(id, { by: "ann", reason: "over" })).rejects.toMatchObject({
      code: "unavailable",
      detail: expect.stringMatching(/^limiter\.block could not be taken back, and is in effect: /),
    });
    expect(await kit.levers.active()).toMatchObject([{ id, target: "apart" }]);
  });

  it("are typed: a kit without a place has none, a lever is one of those there are", () => {
    const { kit } = shop();
    expectTypeOf(kit.levers).toEqualTypeOf<Levers>();
    expectTypeOf<LeverEntry["lever"]>().toExtend<string>();
    const unbound = createKit({ service: "shop", store: perCall<object>() });
    expectTypeOf<(typeof unbound)["levers"]>().toEqualTypeOf<never>();
    expect(() => unbound.levers).toThrow("no store until it is bound");
    expect(() => createKit({ service: "shop", levers: { every: "1ms" } })).toThrow("createKit.levers.every");
  });
});

describe("levers of a call", () => {
  function bound() {
    const clock = new ManualClock();
    const kit = createKit({
      service: "shop",
      store: perCall<undefined>(),
      clock,
      random: seeded(1),
      env: {},
      knobs: { N: knob.int({ default: 1 }) },
    });
    const serper = kit.upstream("serper", { breaker: {} });
    kit.cache("here", { ttl: "1m" });
    kit.cache("pages", { ttl: "1m", tier2: {} });
    const tools = kit.queue("tools", { jobs: { search: kit.job({ input: z.string(), run: () => 1 }) } });
    const store = memoryStore({ clock });
    open.push(store);
    return { clock, kit, serper, tools, call: () => kit.using(store) };
  }

  it("act upon what lies in the store, and refuse the rest", async () => {
    const { call, serper } = bound();
    const targets = Object.fromEntries(
      call()
        .levers.catalogue()
        .map((one) => [one.lever, one.targets]),
    );
    expect(targets).toMatchObject({
      "breaker.isolate": ["upstream:serper"],
      "cache.clear": ["pages"],
      "queue.pause": ["tools/search"],
      "queue.drain": [],
    });
    expect(targets).not.toHaveProperty(["knob.set"]);
    await call().levers.pull({ lever: "breaker.isolate", target: "serper", by: "ann", reason: "x" });
    expect(await call().use(serper).state()).toBe("isolated");
    expect((await call().snapshot()).levers).toMatchObject([{ lever: "breaker.isolate", by: "ann" }]);
    const drain = call().levers.pull({ lever: "queue.drain", target: "tools/search", by: "ann", reason: "x" });
    await expect(drain).rejects.toMatchObject({ code: "not_found", detail: expect.stringContaining("none here") });
  });

  it("end when somebody looks after their time", async () => {
    const { clock, call, serper, tools } = bound();
    const { levers } = call();
    await levers.pull({ lever: "breaker.isolate", target: "serper", by: "ann", reason: "x", expiresIn: "1m" });
    await levers.pull({ lever: "queue.pause", target: "tools/search", by: "ann", reason: "x", expiresIn: "1m" });
    await clock.advance(60_000);
    expect(await call().levers.active()).toEqual([]);
    expect(await call().use(serper).state()).toBe("closed");
    expect((await call().use(tools).stats()).search.paused).toBe(false);
    expect((await levers.audit()).map(({ action }) => action)).toEqual(["expired", "expired", "pulled", "pulled"]);
  });
});

function closedStore() {
  const store = memoryStore();
  store.close();
  return store;
}
