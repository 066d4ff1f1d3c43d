import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runtime } from "../../core/runtime.js";
import { ManualClock, settled } from "../../testing/manual-clock.js";
import { counted, loader, make } from "./cache.fixture.js";
import { Cache } from "./cache.js";

describe("reading through", () => {
  it("loads once and hands out the same until its time is over", async () => {
    const { cache, clock } = make();
    const { load, count } = counted(["a", "b"]);
    expect([await cache.read("k", load), await cache.read("k", load)]).toEqual(["a", "a"]);
    await clock.advance(9_999);
    expect(await cache.read("k", load)).toBe("a");
    await clock.advance(1);
    expect(await cache.read("k", load)).toBe("b");
    expect(count()).toBe(2);
    expect(cache.snapshot()).toMatchObject({ hits: 2, misses: 2, loads: 2, entries: 1, staleHits: 0 });
  });

  it("takes any structure for a key, and refuses what can't be one", async () => {
    const { cache } = make();
    expect(await cache.read({ q: "x", page: 1 }, () => "one")).toBe("one");
    expect(await cache.read({ page: 1, q: "x" }, () => "other")).toBe("one");
    await expect(
      cache.read(
        () => 1,
        () => "never",
      ),
    ).rejects.toThrow(/function can't be part of a key/);
  });

  it("serves a thousand that ask at once by one load", async () => {
    const { cache } = make<string>();
    const { calls, load } = loader<string>();
    const all = Array.from({ length: 1000 }, () => cache.read("k", load));
    calls[0]?.resolve("v");
    expect(new Set(await Promise.all(all))).toEqual(new Set(["v"]));
    expect(calls).toHaveLength(1);
  });

  it("tells all who wait that a load failed, and tries again for the next", async () => {
    const { cache } = make();
    const { load, count } = counted([new Error("down"), "up"]);
    const results = await Promise.allSettled([cache.read("k", load), cache.read("k", load)]);
    expect(results.map((r) => r.status === "rejected" && r.reason.message)).toEqual(["down", "down"]);
    expect(await cache.read("k", load)).toBe("up");
    expect(count()).toBe(2);
    expect(cache.snapshot()).toMatchObject({ failures: 1, loading: 0 });
  });

  it("passes on what a loader throws at once", async () => {
    const { cache } = make();
    const load = () => {
      throw new Error("at once");
    };
    await expect(cache.read("k", load)).rejects.toThrow("at once");
    expect(cache.snapshot().loading).toBe(0);
  });

  it("hands on undefined and doesn't keep it; keeps null for its own time", async () => {
    const { cache, clock } = make({ negativeTtl: "2s" });
    const nothing = counted([undefined, undefined]);
    expect([await cache.read("u", nothing.load), await cache.read("u", nothing.load)]).toEqual([undefined, undefined]);
    expect(nothing.count()).toBe(2);
    const none = counted([null, "now"]);
    expect([await cache.read("n", none.load), await cache.read("n", none.load)]).toEqual([null, null]);
    await clock.advance(2_000);
    expect(await cache.read("n", none.load)).toBe("now");
  });

  it("lets keys that were loaded together run out apart, the same way each time", async () => {
    const clock = new ManualClock();
    const cache = new Cache("search", { ttl: "10s", jitter: 0.5 }, runtime({ clock }));
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
    const survivors = async () => {
      for (const key of keys) await cache.set(key, 1);
      await clock.advance(7_500);
      const found = await Promise.all(keys.map((key) => cache.get(key)));
      return keys.filter((_, i) => found[i] !== undefined);
    };
    const first = await survivors();
    expect(first.length).toBeGreaterThan(60);
    expect(first.length).toBeLessThan(140);
    await cache.clear();
    expect(await survivors()).toEqual(first);
  });

  it("holds no more than it may, and drops what was not asked for longest", async () => {
    const { cache } = make({ maxEntries: 2 });
    for (const key of ["a", "b"]) await cache.set(key, key);
    await cache.get("a");
    await cache.set("c", "c");
    expect([await cache.get("a"), await cache.get("b"), await cache.get("c")]).toEqual(["a", undefined, "c"]);
    expect(cache.snapshot()).toMatchObject({ entries: 2, capacity: 2 });
  });

  it("shares one value, or hands out copies where that is asked for", async () => {
    const shared = make<{ n: number }>().cache;
    expect(await shared.read("k", () => ({ n: 1 }))).toBe(await shared.get("k"));
    const copying = make<{ n: number }>({ clone: true }).cache;
    const mine = await copying.read("k", () => ({ n: 1 }));
    mine.n = 2;
    expect(await copying.get("k")).toEqual({ n: 1 });
  });
});

describe("what a cache tells", () => {
  it("is each hit, miss, load and failure, and that it was cleared", async () => {
    const { cache, clock, told } = make({ grace: "1m", failureBackoff: "1s" });
    const { load } = counted(["a", new Error("down"), "b"]);
    await cache.read("k", load);
    await cache.read("k", load);
    await clock.advance(10_000);
    await cache.read("k", load);
    await cache.clear();
    expect(told).toEqual([
      "cache.miss",
      "cache.loaded",
      "cache.hit",
      "cache.miss",
      "cache.failed",
      "cache.hit",
      "cache.cleared",
    ]);
  });
});

describe("old values", () => {
  it("are handed out at once to everyone while one load gets a new one", async () => {
    const { cache, clock } = make<string>({ staleWhileRevalidate: "5s" });
    await cache.set("k", "old");
    await clock.advance(12_000);
    const { calls, load } = loader<string>();
    expect([await cache.read("k", load), await cache.read("k", load)]).toEqual(["old", "old"]);
    expect(calls).toHaveLength(1);
    calls[0]?.resolve("new");
    await settled();
    expect(await cache.read("k", load)).toBe("new");
    expect(cache.snapshot()).toMatchObject({ staleHits: 2, hits: 1 });
  });

  it("are waited past when revalidating is over", async () => {
    const { cache, clock } = make({ staleWhileRevalidate: "5s" });
    await cache.set("k", "old");
    await clock.advance(15_000);
    expect(await cache.read("k", () => "new")).toBe("new");
  });

  it("stand in for a load that fails, for the time of grace, and keep it from being tried again too soon", async () => {
    const { cache, clock, told } = make({ grace: "1m", failureBackoff: "5s" });
    await cache.set("k", "old");
    await clock.advance(10_000);
    const { load, count } = counted([new Error("down"), new Error("down"), "new"]);
    expect(await cache.read("k", load)).toBe("old");
    await clock.advance(4_999);
    expect([await cache.read("k", load), count()]).toEqual(["old", 1]);
    await clock.advance(1);
    expect([await cache.read("k", load), count()]).toEqual(["old", 2]);
    await clock.advance(5_000);
    expect([await cache.read("k", load), count()]).toEqual(["new", 3]);
    expect(told).toContain("cache.failed");
    expect(cache.snapshot()).toMatchObject({ failures: 2, staleHits: 3 });
  });

  it("are gone after grace", async () => {
    const { cache, clock } = make({ grace: "1m" });
    await cache.set("k", "old");
    await clock.advance(70_000);
    await expect(cache.read("k", () => Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(cache.snapshot().entries).toBe(0);
  });

  it("don't come back when grace ends while a load is failing", async () => {
    const { cache, clock } = make<string>({ grace: "1m" });
    await cache.set("k", "old");
    await clock.advance(69_000);
    const { calls, load } = loader<string>();
    const read = cache.read("k", load);
    await clock.advance(1_000);
    calls[0]?.reject(new Error("down"));
    await expect(read).rejects.toThrow("down");
  });

  it("are not handed out by get once they are only good in need", async () => {
    const { cache, clock } = make({ grace: "1m", staleWhileRevalidate: "5s" });
    await cache.set("k", "old");
    await clock.advance(14_999);
    expect(await cache.get("k")).toBe("old");
    await clock.advance(1);
    expect(await cache.get("k")).toBeUndefined();
  });
});

describe("a schema for values", () => {
  it("makes a load fail whose value doesn't match, and keeps nothing of it", async () => {
    const { cache } = make<number[]>({ value: z.array(z.number()) });
    const bad = cache.read("k", (() => ["x"]) as never);
    await expect(bad).rejects.toMatchObject({ code: "upstream_failed", source: "cache:search" });
    expect(await cache.get("k")).toBeUndefined();
    expect(await cache.read("k", () => [1])).toEqual([1]);
    await expect(cache.set("k", "no" as never)).rejects.toMatchObject({ code: "internal" });
  });
});

describe("options", () => {
  it.each([
    [{ ttl: 0 }, /cache\("c"\)\.ttl: got 0/],
    [{ ttl: "1m", grace: "soon" }, /grace: got "soon"/],
    [{ ttl: "1m", jitter: 2 }, /jitter: got 2/],
    [{ ttl: "1m", maxEntries: 0 }, /maxEntries: got 0/],
    [{ ttl: "1m", value: {} }, /value: .*Standard Schema/],
    [{ ttl: "1m", tll: 1 }, /tll: got 1; allowed: no such option/],
  ])("refuses %o", (options, message) => {
    expect(() => new Cache("c", options as never)).toThrow(message);
  });
});
