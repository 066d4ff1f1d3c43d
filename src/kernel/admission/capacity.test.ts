import { describe, expect, it } from "vitest";
import { AMPLY, type CapacityState, nextCapacity } from "./capacity.js";

/** A tenth of a second in which ten came for each millisecond, all of them past the level. */
const stretch = (admitted: number, turnedAway: number) => ({ ms: 100, arrived: 10, admitted, turnedAway });

/** So many stretches alike. */
function repeated(state: CapacityState, times: number, sample: Parameters<typeof nextCapacity>[1]): CapacityState {
  return Array.from({ length: times }).reduce<CapacityState>((now) => nextCapacity(now, sample), state);
}

describe("the estimate of what can be taken", () => {
  it("is what was let in while that was too few, and grows until it is ample", () => {
    const pressed = nextCapacity(AMPLY, stretch(4, 6));
    expect(pressed.capacity).toBe(4);
    expect(nextCapacity(pressed, stretch(4, 0)).capacity).toBeCloseTo(4.4, 9);
    expect(repeated(pressed, 30, stretch(4, 0))).toMatchObject({ capacity: Infinity, from: 0 });
    expect(nextCapacity(pressed, stretch(4, 0.2)).capacity).toBeGreaterThan(4);
  });

  it("falls as far as it has to while that helps", () => {
    // Requests that are ten times as dear: at first most are refused, and then a tenth of what is let past.
    const dear = repeated(nextCapacity(AMPLY, stretch(8, 2)), 3, stretch(3, 0.3));
    expect(repeated(dear, 40, stretch(0.8, 0.07))).toMatchObject({ capacity: 0.8, from: 8, helplessMs: 0 });
  });

  it("is given up for ten seconds when it has fallen to a quarter and nothing is better for it", () => {
    // Whatever is let past, four of ten are refused.
    let state = nextCapacity(AMPLY, stretch(6, 4));
    let stretches = 1;
    for (; state.capacity < Infinity; stretches++) {
      expect(state.capacity).toBeGreaterThan(1.5);
      const past = state.capacity * 1.1;
      state = nextCapacity(state, stretch(past * 0.6, past * 0.4));
    }
    expect(stretches).toBeLessThan(10);
    expect(state.helplessMs).toBe(10_000);
    const still = repeated(state, 99, stretch(6, 4));
    expect(still).toMatchObject({ capacity: Infinity, helplessMs: 100 });
    expect(nextCapacity(still, stretch(6, 4))).toMatchObject({ capacity: 6, helplessMs: 0 });
  });

  it("is made again at once when it becomes twice as bad", () => {
    const helpless: CapacityState = { ...AMPLY, share: 0.3, helplessMs: 10_000, helplessShare: 0.3 };
    expect(repeated(helpless, 20, stretch(6, 4)).capacity).toBe(Infinity);
    expect(repeated(helpless, 20, stretch(2, 8))).toMatchObject({ capacity: 2, helplessMs: 0 });
  });
});
