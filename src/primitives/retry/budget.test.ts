import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RetryBudget } from "./budget.js";

describe("RetryBudget", () => {
  it("allows a fifth of the calls, and three in any case", () => {
    const budget = new RetryBudget();
    expect([1, 2, 3, 4].map(() => budget.take(0))).toEqual([true, true, true, false]);
    for (let call = 0; call < 25; call++) budget.call(0);
    expect([1, 2, 3].map(() => budget.take(0))).toEqual([true, true, false]);
  });

  it("forgets what lies a window back", () => {
    const budget = new RetryBudget({ window: "10s" });
    for (let retry = 0; retry < 3; retry++) budget.take(0);
    expect(budget.take(9_999)).toBe(false);
    expect(budget.take(10_000)).toBe(true);
    expect(budget.snapshot(1e9)).toMatchObject({ calls: 0, retries: 0, refused: 1 });
  });

  it("never allows more in a window than its share, whatever the order of events", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("call", "take"), fc.integer({ min: 0, max: 400 })), { maxLength: 300 }),
        (steps) => {
          const budget = new RetryBudget({ ratio: 0.3, minimum: 2, window: 1000 });
          const calls: number[] = [];
          const retries: number[] = [];
          let now = 0;
          for (const [what, wait] of steps) {
            now += wait;
            // The naive model: a list of moments, in slots of 100 ms, the last ten of which count.
            const from = (Math.floor(now / 100) - 9) * 100;
            const recent = (moments: number[]) => moments.filter((at) => at >= from).length;
            if (what === "call") {
              budget.call(now);
              calls.push(now);
            } else {
              const allowed = recent(retries) < Math.max(2, Math.floor(recent(calls) * 0.3));
              expect(budget.take(now)).toBe(allowed);
              if (allowed) retries.push(now);
            }
          }
          expect(budget.snapshot(now).calls).toBeLessThanOrEqual(calls.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});
