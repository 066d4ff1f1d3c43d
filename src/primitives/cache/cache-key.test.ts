import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cacheKey } from "./cache-key.js";

/** JSON-like values in a form that says all that cacheKey has to tell apart. */
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }),
  ),
})).value;

/** What a key says, spelled out independently: structure with types, properties sorted, undefined ones left out. */
function meaning(of: unknown): string {
  if (of instanceof Date) return `date ${of.getTime()}`;
  if (Array.isArray(of)) return `array(${of.length})[${of.map((item) => `<${meaning(item)}>`).join("")}]`;
  if (typeof of === "object" && of !== null) {
    const entries = Object.entries(of).filter(([, item]) => item !== undefined);
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `object(${sorted.length})${sorted.map(([name, item]) => `${name.length}:${name}<${meaning(item)}>`).join("")}`;
  }
  return `${of === null ? "null" : typeof of} ${Object.is(of, -0) ? "-0" : String(of)}`;
}

describe("cacheKey", () => {
  it("is the text itself for text", () => {
    expect(cacheKey("lamp")).toBe("lamp");
  });

  it("is the same for the same, and another for anything else", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(cacheKey(a) === cacheKey(b)).toBe(meaning(a) === meaning(b));
      }),
      { numRuns: 2000 },
    );
  });

  it("doesn't care for the order of properties, at any depth", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 5 }), (record) => {
        const reversed = Object.fromEntries(Object.entries(record).reverse());
        expect(cacheKey({ a: reversed, b: 1 })).toBe(cacheKey({ b: 1, a: record }));
      }),
      { numRuns: 500 },
    );
  });

  it("tells apart what looks alike", () => {
    const alike = [1, "1", -0, 0, 1n, null, undefined, "null", "u", true, "t", [], {}, [[]], [{}], [null], [undefined]];
    const keys = alike.concat([new Date(0), "1970", Number.NaN, "NaN", "\u0000{}", new Set(), new Map()]).map(cacheKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("takes sets and maps in any order, URLs and bytes", () => {
    expect(cacheKey(new Set([1, 2]))).toBe(cacheKey(new Set([2, 1])));
    expect(
      cacheKey(
        new Map([
          ["a", 1],
          ["b", 2],
        ]),
      ),
    ).toBe(
      cacheKey(
        new Map([
          ["b", 2],
          ["a", 1],
        ]),
      ),
    );
    expect(cacheKey(new URL("http://x/a"))).toBe(cacheKey(new URL("http://x:80/a")));
    expect(cacheKey(new Uint8Array([1, 2]))).not.toBe(cacheKey([1, 2]));
  });

  it("refuses what can't be a key, and says what it is", () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    class Thing {}
    expect(() => cacheKey(() => 1)).toThrow(/function/);
    expect(() => cacheKey({ a: [Symbol("s")] })).toThrow(/symbol/);
    expect(() => cacheKey(cycle)).toThrow(/contain itself/);
    expect(() => cacheKey({ a: new Thing() })).toThrow(/instance of Thing/);
  });
});
