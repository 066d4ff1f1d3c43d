import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/config.js";
import { canarySchedule } from "./schedule.js";

describe("canarySchedule", () => {
  it("gives each pair one block of each arm, numbered as they run", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(), (pairs, seed) => {
        const blocks = canarySchedule(pairs, seed);
        expect(blocks.map(({ block }) => block)).toEqual([...Array(2 * pairs).keys()]);
        for (let pair = 0; pair < pairs; pair++) {
          const both = blocks.filter((block) => block.pair === pair);
          expect(both.map(({ arm }) => arm).sort()).toEqual(["candidate", "control"]);
          expect(both[1]?.block).toBe((both[0]?.block ?? Number.NaN) + 1);
        }
      }),
    );
  });

  it("is the same with the same seed, and another with another", () => {
    expect(canarySchedule(20, 7)).toEqual(canarySchedule(20, 7));
    expect(canarySchedule(20, 7)).not.toEqual(canarySchedule(20, 8));
  });

  it("begins a pair with either arm about as often", () => {
    const first = canarySchedule(2_000, 1).filter(({ block, arm }) => block % 2 === 0 && arm === "control");
    expect(Math.abs(first.length - 1_000)).toBeLessThan(100);
  });

  it("refuses to plan nothing", () => {
    expect(() => canarySchedule(0, 1)).toThrow(ConfigError);
    expect(() => canarySchedule(1.5, 1)).toThrow(/canarySchedule\(pairs\)/);
  });
});
