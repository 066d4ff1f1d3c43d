import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import type { KeelsonError } from "../../core/errors.js";
import { runtime } from "../../core/runtime.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { Limiter } from "./limiter.js";
import type { LimitAlgorithm, LimiterOptions } from "./options.js";

const ALGORITHMS: LimitAlgorithm[] = ["token-bucket", "gcra", "fixed-window", "sliding-window", "sliding-log"];

function setup(options: Partial<LimiterOptions<never>> = {}, name = "chat") {
  const clock = new ManualClock();
  const rt = runtime({ clock, store: memoryStore({ clock }) });
  return { clock, rt, limiter: new Limiter(name, { algorithm: "gcra", limit: 3, per: "1m", ...options }, rt) };
}

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: KeelsonError) => error,
  );

describe.each(ALGORITHMS)("a limiter by %s", (algorithm) => {
  it("allows what it should, by key, and refuses the rest until it is time", async () => {
    const { limiter, clock } = setup({ algorithm });
    expect(await limiter.check("ann", { cost: 2 })).toMatchObject({ allowed: true, limit: 3, remaining: 1 });
    expect(await limiter.check("ann")).toMatchObject({ allowed: true, remaining: 0, source: "store", degraded: false });
    const refused = await limiter.check("ann");
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect((await limiter.check("bob")).allowed).toBe(true);
    clock.tick(refused.retryAfterMs - 1);
    expect((await limiter.peek("ann")).allowed).toBe(false);
    clock.tick(1);
    expect((await limiter.check("ann")).allowed).toBe(true);
  });

  it("peeks, refunds, resets and blocks", async () => {
    const { limiter, clock } = setup({ algorithm });
    const { at } = await limiter.check("ann", { cost: 3 });
    expect(await limiter.peek("ann")).toMatchObject({ allowed: false, remaining: 0 });
    expect(await limiter.refund("ann", 2, at)).toBe(true);
    expect(await limiter.peek("ann", 3)).toMatchObject({ allowed: false, remaining: 2 });
    expect(await limiter.refund("ann")).toBe(true);
    expect(await limiter.peek("ann", 3)).toMatchObject({ allowed: true, remaining: 3 });
    await limiter.check("ann", { cost: 3 });
    await limiter.reset("ann");
    expect((await limiter.peek("ann")).remaining).toBe(3);
    await limiter.block("ann", "10s");
    expect(await limiter.check("ann")).toMatchObject({ allowed: false, remaining: 0, retryAfterMs: 10_000 });
    clock.tick(10_000);
    expect((await limiter.check("ann")).allowed).toBe(true);
    await limiter.block("ann", "366d");
    await limiter.block("ann", 0);
    expect((await limiter.check("ann")).allowed).toBe(true);
  });
});

describe("a limiter", () => {
  it("answers at once where its store does", () => {
    const { limiter } = setup();
    expect(limiter.take("ann")).toMatchObject({ allowed: true, remaining: 2 });
    expect(limiter.take("ann", 0)).toMatchObject({ allowed: true, remaining: 2 });
  });

  it("blocks for a while whoever goes beyond it", () => {
    const { limiter, clock } = setup({ algorithm: "fixed-window", per: "1s", blockFor: "1h" });
    for (let i = 0; i < 3; i++) limiter.take("ann");
    expect(limiter.take("ann")).toMatchObject({ allowed: false, retryAfterMs: 3_600_000 });
    clock.tick(3_599_999);
    expect(limiter.take("ann")).toMatchObject({ allowed: false, retryAfterMs: 1 });
    clock.tick(1);
    expect(limiter.take("ann")).toMatchObject({ allowed: true });
  });

  it("has a burst beside its rate", () => {
    const { limiter, clock } = setup({ algorithm: "token-bucket", limit: 60, burst: 5 });
    expect(limiter.take("ann", 5)).toMatchObject({ allowed: true, limit: 5, remaining: 0 });
    expect(limiter.take("ann")).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
    clock.tick(2_000);
    expect(limiter.take("ann", 2)).toMatchObject({ allowed: true });
    expect(limiter.policy).toEqual({ name: "chat", limit: 60, windowMs: 60_000, burst: 5 });
  });

  it("throws what an answer to a client is made of", async () => {
    const { limiter } = setup({ limit: 1 });
    expect(await limiter.enforce("ann")).toMatchObject({ allowed: true });
    expect(await caught(limiter.enforce("ann"))).toMatchObject({
      code: "rate_limit",
      status: 429,
      retryAfterMs: 60_000,
      source: "limiter:chat",
    });
  });

  it.each([4, -1, 0.5, Number.NaN, "1"])(
    "calls a cost of %j a mistake of the program, and no refusal",
    async (cost) => {
      const { limiter } = setup();
      const wrong = /limiter\("chat"\): cost: got .*; allowed: a whole number from 0 to 3/;
      expect(() => limiter.take("ann", cost as number)).toThrow(wrong);
      await expect(limiter.check("ann", { cost: cost as number })).rejects.toThrow(ConfigError);
      await expect(limiter.enforce("ann", { cost: cost as number })).rejects.toThrow(wrong);
      await expect(limiter.peek("ann", cost as number)).rejects.toThrow(wrong);
      expect(limiter.snapshot()).toMatchObject({ allowed: 0, denied: 0 });
    },
  );

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, "0"])("takes back nothing of the moment %j", async (at) => {
    const { limiter } = setup();
    limiter.take("ann", 3);
    await expect(limiter.refund("ann", 3, at as number)).rejects.toThrow('limiter("chat"): at');
    expect(await limiter.peek("ann")).toMatchObject({ allowed: false });
  });

  it.each(["", undefined, null, 7])("counts nobody under the key %j", async (key) => {
    const { limiter } = setup();
    expect(() => limiter.take(key as string)).toThrow('limiter("chat"): key');
    await expect(limiter.peek(key as string)).rejects.toThrow(ConfigError);
    await expect(limiter.reset(key as string)).rejects.toThrow(ConfigError);
  });

  it("takes back what it gave under a higher limit", async () => {
    const knobs = { values: { MAX: 10 }, revision: 0 };
    const clock = new ManualClock();
    const rt = runtime({ clock, knobs, store: memoryStore({ clock }) });
    const limiter = new Limiter(
      "chat",
      { algorithm: "fixed-window", limit: ((k: { MAX: number }) => k.MAX) as never, per: "1m" },
      rt,
    );
    const { at } = await limiter.check("ann", { cost: 10 });
    knobs.values.MAX = 3;
    knobs.revision++;
    expect(limiter.policy.limit).toBe(3);
    expect(await limiter.peek("ann")).toMatchObject({ allowed: false, limit: 3, remaining: 0 });
    expect(await limiter.refund("ann", 10, at)).toBe(true);
    knobs.values.MAX = 0;
    knobs.revision++;
    expect(() => limiter.take("ann")).toThrow('limiter("chat").limit: got 0');
  });

  it("needs a store when it is used, and not before", async () => {
    const limiter = new Limiter("chat", { algorithm: "gcra", limit: 1, per: "1s" });
    expect(limiter.snapshot()).toMatchObject({ allowed: 0 });
    expect(() => limiter.take("ann")).toThrow(
      new TypeError('limiter("chat") has no store: pass runtime({ store }), or define it with a kit'),
    );
    await expect(limiter.check("ann")).rejects.toThrow(TypeError);
  });

  it("shares what it counted with others of its name in the same store, and with no other", () => {
    const { limiter, rt } = setup();
    const options = { algorithm: "gcra", limit: 3, per: "1m" } as const;
    limiter.take("ann", 3);
    expect(new Limiter("chat", options, rt).take("ann")).toMatchObject({ allowed: false });
    expect(new Limiter("search", options, rt).take("ann")).toMatchObject({ allowed: true });
  });

  it("tells of each decision with the context it was made in", () => {
    const { limiter, rt } = setup({ limit: 1 });
    const told: unknown[] = [];
    rt.events.on("limiter.decision", (event) => told.push(event));
    const context = { tenant: "acme" };
    limiter.take("ann", 1, context);
    limiter.take("ann");
    const event = { name: "chat", key: "ann", cost: 1, remaining: 0, source: "store" };
    expect(told).toEqual([
      { ...event, context, allowed: true, retryAfterMs: 0 },
      { ...event, context: undefined, allowed: false, retryAfterMs: 60_000 },
    ]);
  });

  it("finds the context of the present call where none is passed", () => {
    const context = { tenant: "acme" };
    const { rt } = setup();
    const limiter = new Limiter(
      "chat",
      { algorithm: "gcra", limit: 1, per: "1m" },
      { ...rt, currentContext: () => context },
    );
    const told: unknown[] = [];
    rt.events.on("limiter.decision", (event) => told.push(event.context));
    limiter.take("ann");
    expect(told).toEqual([context]);
  });

  it("is plain data as a snapshot", async () => {
    const { limiter } = setup();
    limiter.take("ann", 3);
    limiter.take("ann");
    await limiter.peek("ann");
    expect(limiter.snapshot()).toEqual({
      algorithm: "gcra",
      limit: 3,
      windowMs: 60_000,
      burst: 3,
      allowed: 1,
      denied: 1,
      degraded: { open: 0, closed: 0, local: 0 },
    });
  });
});

describe("options of a limiter", () => {
  it.each<[Partial<Record<keyof LimiterOptions, unknown>>, string]>([
    [{ algorithm: "leaky" }, 'algorithm: got "leaky"; allowed: "token-bucket" | "gcra" | "fixed-window"'],
    [{ limit: 0 }, "limit: got 0; allowed: a whole number from 1"],
    [{ limit: 1.5 }, "limit: got 1.5"],
    [{ limit: () => "3" }, 'limit: got "3"'],
    [
      { limit: 2_000_000_000, algorithm: "token-bucket", per: "366d" },
      "limit: got 2000000000; allowed: a whole number from 1 to 142418",
    ],
    [
      { limit: 2_000_000_000, algorithm: "sliding-window", per: "366d" },
      "limit: got 2000000000; allowed: a whole number from 1 to 142418",
    ],
    [{ limit: 1_001, per: 1 }, "limit: got 1001; allowed: a whole number from 1 to 1000"],
    [{ limit: 10_001, algorithm: "sliding-log" }, "limit: got 10001; allowed: a whole number from 1 to 10000"],
    [{ per: "soon" }, 'per: got "soon"'],
    [{ per: 0 }, "per: got 0"],
    [{ per: "367d" }, 'per: got "367d"; allowed: a duration, at most "366d"'],
    [{ burst: 0 }, "burst: got 0"],
    [{ burst: 2 ** 52 }, "burst: got"],
    [{ burst: 3, algorithm: "fixed-window" }, "burst: got 3; allowed: none: only token-bucket and gcra have a burst"],
    [{ blockFor: "-1s" }, "blockFor"],
    [{ blockFor: "400d" }, "blockFor"],
    [{ onStoreFailure: "shut" }, 'onStoreFailure: got "shut"; allowed: "open" | "closed" | "local"'],
    [{ onStoreFailure: { timeout: "shut" } }, "onStoreFailure.timeout"],
    [{ onStoreFailure: { slow: "open" } }, "onStoreFailure.slow"],
    [{ deadline: 0 }, "deadline: got 0"],
    [{ local: { fraction: 0 } }, "local.fraction"],
    [{ local: { fraction: 1.1 } }, "local.fraction"],
    [{ local: { maxKeys: 0 } }, "local.maxKeys"],
    [{ local: { keys: 1 } }, "local.keys"],
    [{ window: "1s" } as never, "window"],
  ])("%j are refused", (options, message) => {
    expect(() => setup(options as never)).toThrow(ConfigError);
    expect(() => setup(options as never)).toThrow(`limiter("chat").${message}`);
  });

  it.each<Partial<LimiterOptions>>([
    { algorithm: "fixed-window", limit: 1_000_000_000_000, per: "30d" },
    { algorithm: "gcra", limit: 1_000_000_000_000, per: "30d" },
    { algorithm: "token-bucket", limit: 1_700_000, per: "30d" },
    { algorithm: "sliding-window", limit: 1_700_000, per: "30d" },
    { algorithm: "sliding-log", limit: 10_000, per: "30d" },
    { algorithm: "gcra", limit: 1_000, per: 1 },
  ])("%j hold to the unit", (options) => {
    const { limiter, clock } = setup(options as never);
    const { limit } = limiter.policy;
    expect(limiter.take("ann", limit - 1)).toMatchObject({ allowed: true, remaining: 1 });
    expect(limiter.take("ann")).toMatchObject({ allowed: true, remaining: 0 });
    expect(limiter.take("ann")).toMatchObject({ allowed: false });
    clock.jumpWall(61 * 86_400_000);
    expect(limiter.take("ann", limit)).toMatchObject({ allowed: true, remaining: 0 });
  });
});
