import { describe, expect, it } from "vitest";
import type { Context } from "../../core/context.js";
import { runtime } from "../../core/runtime.js";
import { ManualClock, settled } from "../../testing/manual-clock.js";
import { loader, make } from "./cache.fixture.js";
import { Cache } from "./cache.js";

describe("changing what is held while it is being loaded", () => {
  it.each([
    ["clearing the namespace", (cache: Cache<string>) => cache.clear(), undefined],
    ["deleting the key", (cache: Cache<string>) => cache.delete("k"), undefined],
    ["setting the key", (cache: Cache<string>) => cache.set("k", "set"), "set"],
  ])("%s keeps the older value out", async (_, change, held) => {
    const { cache } = make<string>();
    const { calls, load } = loader<string>();
    const before = cache.read("k", load);
    await settled();
    await change(cache);
    calls[0]?.resolve("older");
    expect(await before).toBe("older");
    expect(await cache.get("k")).toBe(held);
    expect(cache.snapshot().dropped).toBe(1);
  });

  it("starts a new load for those who ask after the namespace was cleared", async () => {
    const { cache } = make<string>();
    const { calls, load } = loader<string>();
    const before = cache.read("k", load);
    await cache.clear();
    const after = cache.read("k", load);
    calls[1]?.resolve("new");
    calls[0]?.resolve("old");
    expect([await before, await after, await cache.get("k")]).toEqual(["old", "new", "new"]);
  });

  it("clears when the version changes, and names it", async () => {
    const clock = new ManualClock();
    const knobs = { values: { V: "1" }, revision: 0 };
    const rt = runtime({ clock, knobs });
    const cache = new Cache("search", { ttl: "1m", version: ((k: { V: string }) => k.V) as never }, rt);
    await cache.set("k", "old");
    expect(cache.snapshot().version).toBe("1.0");
    Object.assign(knobs, { values: { V: "2" }, revision: 1 });
    expect(await cache.get("k")).toBeUndefined();
    expect(cache.snapshot()).toMatchObject({ version: "2.1", cleared: 1, entries: 0 });
  });
});

describe("giving up on a load", () => {
  it("leaves the load to the others", async () => {
    const { cache } = make<string>();
    const { calls, load } = loader<string>();
    const mine = new AbortController();
    const [gone, stays] = [cache.read("k", load, { signal: mine.signal }), cache.read("k", load)];
    await settled();
    mine.abort(new Error("left"));
    await expect(gone).rejects.toThrow("left");
    expect(calls[0]?.signal().aborted).toBe(false);
    calls[0]?.resolve("v");
    expect([await stays, await cache.get("k")]).toEqual(["v", "v"]);
  });

  it("tells the load when nobody waits any more, and a new caller gets one of its own", async () => {
    const { cache } = make<string>();
    const { calls, load } = loader<string>();
    const mine = new AbortController();
    const gone = cache.read("k", load, { signal: mine.signal });
    await settled();
    mine.abort(new Error("left"));
    await expect(gone).rejects.toThrow("left");
    expect(calls[0]?.signal().aborted).toBe(true);
    const next = cache.read("k", load);
    calls[1]?.resolve("fresh");
    calls[0]?.resolve("abandoned");
    expect([await next, await cache.get("k")]).toEqual(["fresh", "fresh"]);
  });

  it("asks for nothing when it had given up before", async () => {
    const { cache } = make<string>();
    const { calls, load } = loader<string>();
    await expect(cache.read("k", load, { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
    expect(calls).toHaveLength(0);
  });
});

describe("the context of a load", () => {
  const first = new AbortController();
  const context: Context = {
    tenant: "acme",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    deadline: 5,
    signal: first.signal,
  };

  it("is that of the caller who came first, without what would end the load for the others", async () => {
    const { cache } = make<string>();
    let seen: Context | undefined;
    const arrived = cache.read(
      "k",
      (load) => {
        seen = load.context;
        expect(load.context?.signal).toBe(load.signal);
        return "v";
      },
      { context },
    );
    expect(await arrived).toBe("v");
    const { signal, ...rest } = seen ?? {};
    expect(rest).toEqual({ tenant: "acme", traceId: context.traceId });
    expect(signal).not.toBe(first.signal);
  });

  it("is the same for what is called without passing it", async () => {
    let current: Context | undefined = context;
    const inContext = <T>(inner: Context, fn: () => T): T => {
      const outer = current;
      current = inner;
      const result = fn();
      current = outer;
      return result;
    };
    const cache = new Cache<string>("c", { ttl: "1m" }, runtime({ currentContext: () => current, inContext }));
    let seen: Context | undefined;
    await cache.read("k", () => {
      seen = current;
      return "v";
    });
    expect(seen).toMatchObject({ tenant: "acme" });
    expect(seen).not.toHaveProperty("deadline");
    expect(seen?.signal).not.toBe(first.signal);
  });
});
