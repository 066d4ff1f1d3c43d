import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecentTop } from "./recent-top.js";
import { SpaceSaving } from "./space-saving.js";

const WINDOW = 100;
const sizes = fc.integer({ min: 1, max: 12 });
/** Few keys come often, many seldom: as it is with clients. */
const keys = fc.oneof(fc.constantFrom("a", "b", "c"), fc.string({ minLength: 1, maxLength: 2 }));

/** How often each came, exactly. */
function counted(all: readonly string[]): Map<string, number> {
  const exact = new Map<string, number>();
  for (const key of all) exact.set(key, (exact.get(key) ?? 0) + 1);
  return exact;
}

describe("Space-Saving", () => {
  it("keeps every count within its bounds, and holds every key that comes more often than n / size", () => {
    fc.assert(
      fc.property(sizes, fc.array(keys, { maxLength: 300 }), (size, stream) => {
        const top = new SpaceSaving(size);
        for (const key of stream) top.add(key);
        const held = new Set(top.keys());
        expect(held.size).toBeLessThanOrEqual(size);
        const exact = counted(stream);
        for (const [key, often] of exact) {
          const { count, error } = top.find(key);
          expect(often).toBeLessThanOrEqual(count);
          expect(often).toBeGreaterThanOrEqual(count - error);
          if (often > stream.length / size) expect(held).toContain(key);
        }
        for (const key of held) {
          const { count, error } = top.find(key);
          expect(exact.get(key)).toBeGreaterThanOrEqual(count - error);
          expect(error).toBeLessThanOrEqual(stream.length / size);
        }
        expect([...held].reduce((sum, key) => sum + top.find(key).count, 0)).toBe(stream.length);
      }),
      { numRuns: 500 },
    );
  });

  it("is exact while there are no more keys than counters", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d")), (stream) => {
        const top = new SpaceSaving(4);
        for (const key of stream) top.add(key);
        expect(new Map([...top.keys()].map((key) => [key, top.find(key)]))).toEqual(
          new Map([...counted(stream)].map(([key, count]) => [key, { key, count, error: 0 }])),
        );
      }),
    );
  });

  it("finds the one that comes often among thousands that come once", () => {
    const top = new SpaceSaving(64);
    for (let at = 0; at < 10_000; at++) top.add(at % 20 === 0 ? "often" : `once ${at}`);
    const { count, error } = top.find("often");
    expect(count - error).toBeGreaterThan(300);
    expect(count).toBeGreaterThanOrEqual(500);
  });
});

describe("the top of lately", () => {
  it("keeps its bounds over this window and the last, whatever came before", () => {
    const arrivals = fc.array(fc.tuple(keys, fc.integer({ min: 0, max: 60 })), { maxLength: 200 });
    fc.assert(
      fc.property(sizes, arrivals, (size, stream) => {
        const top = new RecentTop(size, WINDOW);
        let now = 0;
        let began = Number.NEGATIVE_INFINITY;
        let [here, before]: [string[], string[]] = [[], []];
        for (const [key, later] of stream) {
          now += later;
          if (now - began >= 2 * WINDOW) [here, before, began] = [[], [], now];
          else if (now - began >= WINDOW) [here, before, began] = [[], here, began + WINDOW];
          here.push(key);
          top.add(key, now);
        }
        const lately = [...here, ...before];
        const exact = counted(lately);
        const told = top.top(2 * size, now);
        for (const { key, count, error } of told) {
          expect(exact.get(key) ?? 0).toBeLessThanOrEqual(count);
          expect(exact.get(key) ?? 0).toBeGreaterThanOrEqual(count - error);
        }
        const names = told.map(({ key }) => key);
        for (const [key, often] of exact) if (often > lately.length / size) expect(names).toContain(key);
        expect(told.map(({ count }) => count)).toEqual(told.map(({ count }) => count).sort((a, b) => b - a));
      }),
      { numRuns: 500 },
    );
  });

  it("forgets within two windows, and tells only so many", () => {
    const top = new RecentTop(8, WINDOW);
    for (const key of ["a", "a", "b", "c"]) top.add(key, 50);
    expect(top.top(2, 149).map(({ key }) => key)).toEqual(["a", "b"]);
    expect(top.top(2, 150)).toHaveLength(2);
    top.add("d", 200);
    expect(top.top(8, 249).map(({ key, count }) => key + count)).toEqual(["a2", "d1", "b1", "c1"]);
    expect(top.top(8, 250)).toEqual([{ key: "d", count: 1, error: 0 }]);
    expect(top.top(8, 1_000)).toEqual([]);
  });
});
