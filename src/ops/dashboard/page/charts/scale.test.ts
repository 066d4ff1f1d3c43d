import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linear, percent, spread, ticks } from "./scale.js";

describe("a linear scale", () => {
  it("maps a range to per cent, upside down where it is told so", () => {
    expect([0, 50, 200].map(linear(0, 200))).toEqual([0, 25, 100]);
    expect([0, 50, 200].map(linear(0, 200, 100, 0))).toEqual([100, 75, 0]);
  });

  it("maps a range without extent to the middle", () => {
    expect(linear(7, 7, 10, 30)(7)).toBe(20);
  });
});

describe("ticks", () => {
  it("are round figures from 0 to the maximum or above", () => {
    expect(ticks(302)).toEqual([0, 100, 200, 300, 400]);
    expect(ticks(80)).toEqual([0, 20, 40, 60, 80]);
    expect(ticks(0.7)).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
  });

  it("are there even of nothing", () => {
    expect(ticks(0)).toEqual([0, 1]);
    expect(ticks(Number.POSITIVE_INFINITY)).toEqual([0, 1]);
  });

  it("are few, even, and reach the maximum, whatever it is", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (max) => {
        const marks = ticks(max);
        expect(marks.length).toBeGreaterThanOrEqual(2);
        expect(marks.length).toBeLessThanOrEqual(6);
        expect(marks.at(-1)).toBeGreaterThanOrEqual(max * (1 - 1e-9));
        expect((marks[1] ?? 0) * (marks.length - 1)).toBeCloseTo(marks.at(-1) ?? 0, 6);
      }),
    );
  });
});

describe("labels", () => {
  it("stay where they belong when there is room", () => {
    expect(spread([100, 10, 50], 15, 190)).toEqual([100, 10, 50]);
  });

  it("move apart, and not over the edge", () => {
    expect(spread([188, 190, 189], 15, 190)).toEqual([160, 190, 175]);
  });

  it("never cover each other while there is room for all, and keep their order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 190 }), { minLength: 1, maxLength: 6 }), (at) => {
        const placed = spread(at, 15, 190);
        const sorted = [...placed].sort((a, b) => a - b);
        expect(sorted.every((value, n) => n === 0 || value - (sorted[n - 1] ?? 0) >= 15)).toBe(true);
        expect(sorted[0]).toBeGreaterThanOrEqual(0);
        expect(sorted.at(-1)).toBeLessThanOrEqual(190);
        for (const [a, one] of at.entries())
          for (const [b, other] of at.entries()) if (one < other) expect(placed[a]).toBeLessThan(placed[b] ?? 0);
      }),
    );
  });
});

it("coordinates have two digits at most", () => {
  expect([percent(33.333333), percent(50)]).toEqual(["33.33%", "50%"]);
});
