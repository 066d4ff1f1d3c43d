import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { KeelsonError } from "../../core/errors.js";
import { Events } from "../../core/events.js";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { type CellStep, type Store, StoreFailure } from "../../core/store.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { counted, loader } from "./cache.fixture.js";
import { Cache } from "./cache.js";
import type { CacheOptions } from "./options.js";

/** A store whose answers fail, or take time, and which tells nobody, where a test says so. */
function troubled(inner: Store & { bulletins: unknown }, clock: ManualClock) {
  const state = { down: false, hanging: false, mute: false, calls: 0 };
  const bulletins = { get: () => (state.mute ? undefined : inner.bulletins) };
  const store: Store = Object.assign(Object.create(inner, { bulletins }), {
    open: (kernel: never, space: string) => {
      const cells = inner.open(kernel, space);
      return {
        with: (key: string, config: never, input: never): CellStep<object> => cells.with(key, config, input),
        step: (key: string, config: never, input: never) => {
          state.calls++;
          if (state.hanging) return new Promise(() => undefined);
          return state.down ? new StoreFailure("unavailable", "no") : cells.step(key, config, input);
        },
      };
    },
  });
  return { state, store, clock };
}

/** Caches of several processes over one store. */
function fleet<V = unknown>(options: Partial<CacheOptions<V, never>> = {}, processes = 2) {
  const clock = new ManualClock();
  const { store, state } = troubled(memoryStore({ clock }) as never, clock);
  const random = seeded(5);
  const made = Array.from({ length: processes }, () => {
    const told: string[] = [];
    const events = new Events();
    events.onAny((type, event) => told.push("outcome" in event ? `${type} ${String(event.outcome)}` : type));
    const all = { ttl: "10s", jitter: 0, tier2: true, ...options } as CacheOptions<V, never>;
    return Object.assign(new Cache<V>("search", all, runtime({ clock, events, random, store })), { told });
  });
  const [one, two] = made as [(typeof made)[0], (typeof made)[0]];
  return { clock, state, caches: made, one, two };
}

describe("a cache with a second tier", () => {
  it("gives one process what another has loaded, for as long as it is fresh", async () => {
    const { clock, one, two } = fleet();
    const { load, count } = counted([{ n: 1 }, { n: 2 }]);
    expect(await one.read("k", load)).toEqual({ n: 1 });
    await clock.advance(6_000);
    expect(await two.read("k", load)).toEqual({ n: 1 });
    await clock.advance(3_999);
    expect([await one.read("k", load), await two.read("k", load), count()]).toEqual([{ n: 1 }, { n: 1 }, 1]);
    await clock.advance(1);
    expect([await two.read("k", load), await one.read("k", load), count()]).toEqual([{ n: 2 }, { n: 2 }, 2]);
    expect(two.snapshot()).toMatchObject({ loads: 1, misses: 2, hits: 1, tier2: { hits: 1, misses: 1, refused: 0 } });
    expect(two.told).toEqual(["cache.miss", "cache.tier2 hit", "cache.hit", "cache.miss", "cache.loaded"]);
  });

  it("forgets what this process holds when it is told to, and takes what is there since", async () => {
    const { one, two } = fleet<string>();
    await one.set("k", "old");
    expect(await two.get("k")).toBe("old");
    await one.clear();
    await one.set("k", "new");
    two.clearHere();
    expect([await two.get("k"), await one.get("k")]).toEqual(["new", "new"]);
  });

  it.each([
    ["tells", false],
    ["tells nobody", true],
  ])("loads once for all processes that ask at the same time, over a store that %s", async (_, mute) => {
    const { clock, state, caches } = fleet({}, 5);
    state.mute = mute;
    const { load, calls } = loader<string>();
    const reads = caches.map((cache) => cache.read("k", load));
    await clock.advance(2_000);
    expect(calls).toHaveLength(1);
    calls[0]?.resolve("found");
    await clock.advance(500);
    expect(await Promise.all(reads)).toEqual(Array(5).fill("found"));
    expect(calls).toHaveLength(1);
  });

  it("lets others try when a load failed, and when its process is never heard of again", async () => {
    const { clock, one, two } = fleet({ tier2: { lease: "3s", wait: "30s" } });
    const { load, calls } = loader<string>();
    const first = one.read("k", load);
    const second = two.read("k", load);
    await clock.advance(100);
    calls[0]?.reject(new Error("no such luck"));
    await expect(first).rejects.toThrow("no such luck");
    await clock.advance(100);
    expect(calls).toHaveLength(2);
    const third = one.read("k", load);
    await clock.advance(3_500);
    expect(calls).toHaveLength(3);
    calls[2]?.resolve("third");
    await clock.advance(0);
    expect(await third).toBe("third");
    // The second comes too late to be kept anywhere, and has its own answer.
    calls[1]?.resolve("second");
    await clock.advance(0);
    expect(await second).toBe("second");
    expect(await two.read("k", load)).toBe("third");
    expect(two.snapshot()).toMatchObject({ dropped: 1, tier2: { refused: 1 } });
  });

  it("waits for another's load no longer than it may, and then loads by itself", async () => {
    const { clock, one, two } = fleet({ tier2: { wait: "1s" } });
    const { load, calls } = loader<string>();
    void one.read("k", load);
    const second = two.read("k", load);
    await clock.advance(1_100);
    expect(calls).toHaveLength(2);
    calls[1]?.resolve("own");
    expect(await second).toBe("own");
    expect(two.snapshot().tier2?.waits).toBeGreaterThan(0);
    calls[0]?.resolve("first");
  });

  it("never keeps what was read before a change, wherever the change is made", async () => {
    for (const change of ["set", "delete", "clear"] as const) {
      const { clock, one, two } = fleet();
      const { load, calls } = loader<string>();
      const reading = one.read("k", load);
      await clock.advance(0);
      if (change === "set") await two.set("k", "new");
      else if (change === "delete") await two.delete("k");
      else await two.clear();
      calls[0]?.resolve("old");
      await clock.advance(0);
      expect(await reading).toBe("old");
      const now = counted(["loaded"]);
      const expected = change === "set" ? "new" : "loaded";
      expect([await one.read("k", now.load), await two.read("k", now.load)]).toEqual([expected, expected]);
    }
  });

  it("drops at once what another process has changed, where the store tells; otherwise after localTtl", async () => {
    for (const mute of [false, true]) {
      const { clock, state, one, two } = fleet({ tier2: { ...(mute && { localTtl: "2s" }) } });
      state.mute = mute;
      const { load } = counted(["a", "b", "c"]);
      await one.read("k", load);
      await two.read("k", load);
      await one.set("k", "new");
      expect(await two.read("k", load)).toBe(mute ? "a" : "new");
      await clock.advance(2_000);
      expect(await two.read("k", load)).toBe("new");
      expect(await two.delete("k")).toBe(true);
      await clock.advance(2_000);
      expect(await one.read("k", load)).toBe("b");
      await one.clear();
      await clock.advance(2_000);
      expect(await two.read("k", load)).toBe("c");
      expect(two.snapshot().tier2).toMatchObject({ hearing: !mute });
    }
  });

  it("hands out old values as one tier does: at once while they are loaded anew, and when that fails", async () => {
    const { clock, one, two } = fleet({ staleWhileRevalidate: "5s", grace: "1h" });
    await one.set("k", "old");
    await clock.advance(11_000);
    const fresh = loader<string>();
    expect(await two.read("k", fresh.load)).toBe("old");
    await clock.advance(0);
    expect(fresh.calls).toHaveLength(1);
    fresh.calls[0]?.resolve("new");
    await clock.advance(0);
    expect([await two.read("k", fresh.load), await one.get("k")]).toEqual(["new", "new"]);
    await clock.advance(20_000);
    const fails = counted([new Error("down"), new Error("down"), "newest"]);
    // One that has nothing itself finds what may stand in, and asks no more for a while.
    const { caches } = { caches: [one, two] };
    expect(await Promise.all(caches.map((cache) => cache.read("k", fails.load)))).toEqual(["new", "new"]);
    await clock.advance(100);
    expect(await two.read("k", fails.load)).toBe("new");
    await clock.advance(5_000);
    expect(await two.read("k", fails.load)).toBe("newest");
  });

  it("does without the store while that fails, and leaves it alone for a moment", async () => {
    const { clock, state, one, two } = fleet({ grace: "1h", tier2: { cooldown: "2s" } });
    const { load, count } = counted(["a", "b", new Error("down"), "c", "d"]);
    await one.read("k", load);
    state.down = true;
    expect(await two.read("k", load)).toBe("b");
    const { calls } = state;
    expect(await two.read("other", async () => 1)).toBe(1);
    expect([state.calls - calls, two.snapshot().tier2]).toMatchObject([0, { cooling: true, failures: 1 }]);
    expect(two.told.filter((type) => type === "cache.tier2_failed")).toHaveLength(1);
    await clock.advance(10_000);
    // What it has stands in.
    expect(await two.read("k", load)).toBe("b");
    await clock.advance(5_000);
    expect([await two.read("k", load), count()]).toEqual(["c", 4]);
    state.down = false;
    await clock.advance(2_000);
    expect(await one.read("x", async () => "shared")).toBe("shared");
    expect(await two.read("x", async () => "own")).toBe("shared");
  });

  it("waits for a store that doesn't answer no longer than the deadline", async () => {
    const { clock, state, one } = fleet({ tier2: { deadline: "100ms" } });
    state.hanging = true;
    const reading = one.read("k", async () => "loaded");
    await clock.advance(100);
    expect(await reading).toBe("loaded");
    expect(one.told).toContain("cache.tier2_failed");
  });

  it("says that a change did not reach the store", async () => {
    const { state, one } = fleet();
    state.down = true;
    for (const change of [one.set("k", 1), one.delete("k"), one.clear()]) {
      const error = await change.catch((thrown: KeelsonError) => thrown);
      expect(error).toMatchObject({ code: "unavailable", source: "cache:search" });
    }
  });

  it("keeps to itself what is no JSON or too large, and takes nothing that doesn't match its schema", async () => {
    const { one, two } = fleet({ tier2: { maxBytes: 20 } });
    expect(await one.read("big", async () => "x".repeat(30))).toHaveLength(30);
    expect(await one.read("odd", async () => 10n)).toBe(10n);
    expect(await one.read("none", async () => undefined)).toBeUndefined();
    expect(one.told.filter((type) => type === "cache.not_shared")).toHaveLength(2);
    expect([await two.get("big"), await two.get("odd"), await one.get("big")]).toEqual([
      undefined,
      undefined,
      "x".repeat(30),
    ]);
  });

  it("takes nothing that doesn't match its schema: it was written by another release", async () => {
    const clock = new ManualClock();
    const rt = runtime({ clock, store: memoryStore({ clock }) });
    const options = { ttl: "1m", tier2: true } as const;
    await new Cache("search", options, rt).set("k", "text");
    const strict = new Cache("search", { ...options, value: z.number() }, rt);
    expect([await strict.get("k"), await strict.read("k", async () => 7)]).toEqual([undefined, 7]);
    expect(strict.snapshot()).toMatchObject({ loads: 1, tier2: { hits: 0, misses: 1 } });
  });

  it("shares that there is nothing, and keeps versions apart", async () => {
    const { clock, one, two } = fleet({ negativeTtl: "2s" });
    const { load, count } = counted([null, "found"]);
    expect([await one.read("k", load), await two.read("k", load), count()]).toEqual([null, null, 1]);
    await clock.advance(2_000);
    expect([await two.read("k", load), count()]).toEqual(["found", 2]);
    const versions = fleet({ version: "v1" });
    await versions.one.set("k", "one");
    expect(await versions.two.get("k")).toBe("one");
  });

  it("needs a store, and options that are right", async () => {
    const storeless = new Cache("search", { ttl: "1m", tier2: true });
    await expect(storeless.read("k", async () => 1)).rejects.toThrow(/tier2 has no store/);
    for (const [tier2, name] of [
      [{ lease: 0 }, "lease"],
      [{ wait: "x" }, "wait"],
      [{ deadline: 0 }, "deadline"],
      [{ cooldown: -1 }, "cooldown"],
      [{ maxBytes: "x" }, "maxBytes"],
      [{ localTtl: 0 }, "localTtl"],
      [{ ttl: 1 }, "ttl"],
    ] as const)
      expect(() => new Cache("search", { ttl: "1m", tier2: tier2 as never })).toThrow(
        new RegExp(`cache\\("search"\\)\\.tier2\\.${name}`),
      );
  });
});
