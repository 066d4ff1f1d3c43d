import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { runtime } from "../../core/runtime.js";
import type { CellStep, Store } from "../../core/store.js";
import { StoreFailure } from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { Limiter } from "./limiter.js";
import type { LimiterOptions } from "./options.js";

/** A store that answers later, and notes what it was asked. */
function distant(clock: ManualClock) {
  const inner = memoryStore({ clock });
  const asked: { readonly op: string; readonly amount: number; readonly at: number; readonly allowed: boolean }[] = [];
  const state = { down: false };
  const store: Store<"act", undefined> = {
    capability: "act",
    ctx: undefined,
    kind: "distant",
    open(kernel, space) {
      const cells = inner.open(kernel, space);
      return {
        with: (key, config, input): CellStep<never> => cells.with(key, config, input) as CellStep<never>,
        async step(key, config, input) {
          if (state.down) return new StoreFailure("unavailable", "no");
          const outcome = await cells.step(key, config, input);
          const { op, amount } = input as unknown as { op: string; amount: number };
          asked.push({ op, amount, at: clock.wall(), allowed: (outcome as { allowed?: boolean }).allowed === true });
          return outcome;
        },
      };
    },
    together: (steps) => inner.together(steps),
    stepAll: (steps) => inner.stepAll(steps),
    stats: () => inner.stats(),
    close: () => inner.close(),
  };
  return { store, asked, state };
}

const steady: LimiterOptions = { algorithm: "gcra", limit: 1_000, per: "1m", prefetch: { tokens: 100 } };

function setup(options: LimiterOptions = steady) {
  const clock = new ManualClock();
  const { store, asked, state } = distant(clock);
  const limiter = (name = "a") => new Limiter(name, options, runtime({ clock, store }));
  return { clock, asked, state, limiter };
}

describe("prefetch", () => {
  it("asks for twice as many as long as they are used up in time, and decides at once in between", async () => {
    const { limiter, asked } = setup();
    const chat = limiter();
    for (let n = 0; n < 300; n++) expect((await chat.check("key")).allowed).toBe(true);
    expect(asked.map(({ amount }) => amount)).toEqual([1, 2, 4, 8, 16, 32, 64, 100, 100]);
    expect(chat.take("key")).not.toBeInstanceOf(Promise);
    expect(chat.take("another key")).toBeInstanceOf(Promise);
    expect(chat.snapshot().allowed).toBe(301);
  });

  it("fetches once for all who wait", async () => {
    const { limiter, asked } = setup();
    const chat = limiter();
    const decisions = await Promise.all(Array.from({ length: 80 }, () => chat.check("key")));
    expect(decisions.every(({ allowed }) => allowed)).toBe(true);
    expect(asked.map(({ amount }) => amount)).toEqual([1, 80]);
  });

  it("uses nothing past its time, and gives it back", async () => {
    const { limiter, asked, clock } = setup({ ...steady, per: "1h" });
    const chat = limiter();
    for (let n = 0; n < 10; n++) await chat.check("key");
    await clock.advance(1_000);
    const { remaining } = await chat.check("key");
    // 15 were fetched, 10 used; the burst is smaller by the one unit that comes back in a second.
    expect(asked.slice(4)).toMatchObject([
      { op: "refund", amount: 5 },
      { op: "take", amount: 4 },
    ]);
    expect(remaining).toBe(999 - 11);
  });

  it("believes a refusal for a while, and asks again when units were given back", async () => {
    const { limiter, asked, clock } = setup({
      algorithm: "fixed-window",
      limit: 3,
      per: "1m",
      prefetch: { tokens: 2 },
    });
    const chat = limiter();
    for (let n = 0; n < 3; n++) expect((await chat.check("key")).allowed).toBe(true);
    expect(await chat.check("key")).toMatchObject({ allowed: false, retryAfterMs: 60_000, remaining: 0 });
    const before = asked.length;
    await clock.advance(400);
    expect(await chat.check("key")).toMatchObject({ allowed: false, retryAfterMs: 59_600 });
    expect(asked).toHaveLength(before);
    await chat.refund("key");
    expect((await chat.check("key")).allowed).toBe(true);
    expect((await chat.check("key")).allowed).toBe(false);
    await clock.advance(1_000);
    await chat.check("key");
    expect(asked.at(-1)).toMatchObject({ op: "take", allowed: false });
  });

  it("takes what is left where there isn't enough for all that it would fetch", async () => {
    const { limiter } = setup({ algorithm: "fixed-window", limit: 11, per: "1m", prefetch: { tokens: 8 } });
    const chat = limiter();
    const allowed = [];
    for (let n = 0; n < 15; n++) allowed.push((await chat.check("key")).allowed);
    expect(allowed.filter(Boolean)).toHaveLength(11);
  });

  it("forgets what it has when the key is reset or blocked", async () => {
    const { limiter } = setup();
    const chat = limiter();
    for (let n = 0; n < 4; n++) await chat.check("key");
    await chat.block("key", "1m");
    expect((await chat.check("key")).allowed).toBe(false);
    await chat.reset("key");
    expect((await chat.check("key")).allowed).toBe(true);
  });

  it("decides by the policy when the store fails, for each as it asked", async () => {
    const { limiter, state } = setup({ ...steady, onStoreFailure: "closed" });
    const chat = limiter();
    state.down = true;
    const decisions = await Promise.all([chat.check("key"), chat.check("key")]);
    expect(decisions).toMatchObject([
      { allowed: false, source: "closed" },
      { allowed: false, source: "closed" },
    ]);
    state.down = false;
    expect((await chat.check("key")).source).toBe("store");
  });

  it("decides for who fetched even where fetching took longer than tokens are held", async () => {
    const { limiter, clock } = setup({ ...steady, prefetch: { tokens: 10, hold: 1 } });
    const chat = limiter();
    const pending = chat.check("key");
    await clock.advance(5);
    expect((await pending).allowed).toBe(true);
  });

  it.each<[string, Partial<LimiterOptions>, RegExp]>([
    ["a sliding log", { algorithm: "sliding-log" }, /prefetch.*sliding log/],
    ["blocks", { blockFor: "1m" }, /prefetch.*blockFor/],
    ["more than there is", { limit: 50 }, /prefetch.*at most 49 tokens/],
    ["too few", { prefetch: { tokens: 1 } }, /prefetch.tokens/],
  ])("is refused with %s", (_, options, message) => {
    const refused = () => setup({ ...steady, ...options }).limiter();
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(message);
  });

  const waits = fc.array(
    fc.record({
      process: fc.nat(2),
      // Mostly at once, and now and then just before what is held has to go.
      afterMs: fc.oneof(
        { weight: 12, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 150, max: 199 }) },
      ),
      cost: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 30, maxLength: 200 },
  );

  it.each(["gcra", "token-bucket"] as const)(
    "never admits more than %s allows, over any span of time",
    async (algorithm) => {
      await fc.assert(
        fc.asyncProperty(waits, async (trace) => {
          const limit = 20;
          const windowMs = 1_000;
          const { clock, limiter } = setup({ algorithm, limit, per: windowMs, prefetch: { tokens: 6, hold: 200 } });
          const fleet = [limiter(), limiter(), limiter()];
          const used: { at: number; cost: number }[] = [];
          for (const { process, afterMs, cost } of trace) {
            await clock.advance(afterMs);
            if ((await fleet[process]?.check("key", { cost }))?.allowed) used.push({ at: clock.wall(), cost });
          }
          for (const [i, from] of used.entries()) {
            let sum = 0;
            for (const { at, cost } of used.slice(i)) {
              sum += cost;
              expect(sum).toBeLessThanOrEqual(limit + (limit * (at - from.at)) / windowMs);
            }
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  it("admits no more at one moment than the burst, where what is held meets what has come back", async () => {
    const { clock, limiter } = setup({ algorithm: "gcra", limit: 100, per: "1s", prefetch: { tokens: 40, hold: 500 } });
    const fleet = [limiter(), limiter(), limiter()];
    // The first two are left with more than they have used.
    for (const [i, uses] of [32, 16].entries()) for (let n = 0; n < uses; n++) await fleet[i]?.check("key");
    await clock.advance(499);
    let admitted = 0;
    for (const one of fleet) while ((await one.check("key")).allowed) admitted++;
    expect(admitted).toBeGreaterThan(40);
    expect(admitted).toBeLessThanOrEqual(100);
  });

  it("never admits more in a fixed window than it allows", async () => {
    await fc.assert(
      fc.asyncProperty(waits, async (trace) => {
        const { clock, limiter, asked } = setup({
          algorithm: "fixed-window",
          limit: 20,
          per: 500,
          prefetch: { tokens: 8, hold: 300 },
        });
        const fleet = [limiter(), limiter(), limiter()];
        const used: { at: number; cost: number }[] = [];
        for (const { process, afterMs, cost } of trace) {
          await clock.advance(afterMs);
          if ((await fleet[process]?.check("key", { cost }))?.allowed) used.push({ at: clock.wall(), cost });
        }
        let start = Number.NEGATIVE_INFINITY;
        for (const { op, allowed, at } of asked) {
          if (op !== "take" || !allowed || at < start + 500) continue;
          start = at;
          const inside = used.filter((one) => one.at >= start && one.at < start + 500);
          expect(inside.reduce((sum, { cost }) => sum + cost, 0)).toBeLessThanOrEqual(20);
        }
      }),
      { numRuns: 60 },
    );
  });
});
