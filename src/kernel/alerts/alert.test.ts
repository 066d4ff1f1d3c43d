import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AlertInput, type AlertVerdict, alertKernel } from "./alert.js";

const config = { holdMs: 300, keepMs: 1_000_000 };

/** Runs a trace; the decisions, one for each step. */
function run(trace: readonly { readonly at: number; readonly op: AlertInput["op"]; readonly by?: number }[]) {
  let state: readonly number[] | undefined;
  return trace.map(({ at, op, by = 1 }) => {
    const step = alertKernel.step(state, at, config, { op, by });
    state = step.state ?? state;
    return step.decision;
  });
}

/**
 * The plain rule, over all that was ever seen: it fires from the first burning verdict on, until one is calm and none
 * within `holdMs` before it was anything else.
 */
function model(trace: readonly { readonly at: number; readonly op: AlertVerdict }[]): boolean[] {
  let firing = false;
  return trace.map(({ at, op }, i) => {
    if (op === "burning") firing = true;
    const warm = trace.slice(0, i + 1).some((one) => one.op !== "calm" && one.at > at - config.holdMs);
    if (op === "calm" && !warm) firing = false;
    return firing;
  });
}

describe("alertKernel", () => {
  it("fires and is over when the plain rule says so", () => {
    const step = fc.record({
      afterMs: fc.oneof(fc.nat(200), fc.constantFrom(299, 300, 301)),
      op: fc.constantFrom<AlertVerdict>("burning", "lingering", "calm", "calm"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let at = 1000;
        const trace = steps.map(({ afterMs, op }) => {
          at += afterMs;
          return { at, op };
        });
        expect(run(trace).map(({ firing }) => firing)).toEqual(model(trace));
      }),
      { numRuns: 500 },
    );
  });

  it("names who brought each change about, and nobody else, whoever looks", () => {
    const [fired, seen, , over] = run([
      { at: 1000, op: "burning", by: 7 },
      { at: 1001, op: "burning", by: 8 },
      { at: 1100, op: "calm", by: 8 },
      { at: 1400, op: "calm", by: 9 },
    ]);
    expect(fired).toEqual({ firing: true, since: 1000, by: 7 });
    expect(seen).toEqual({ firing: true, since: 1000, by: 7 });
    expect(over).toEqual({ firing: false, since: 1400, by: 9 });
  });

  it("is one alert while the budget burns now and then", () => {
    const flaps = Array.from(
      { length: 20 },
      (_, i) => ({ at: 1000 + i * 200, op: i % 2 ? "calm" : "burning" }) as const,
    );
    expect(new Set(run(flaps).map(({ since }) => since))).toEqual(new Set([1000]));
  });

  it("does not begin by lingering, and leaves the cell alone while nothing is wrong", () => {
    for (const op of ["look", "lingering", "calm"] as const) {
      expect(alertKernel.step(undefined, 5, config, { op, by: 1 })).toEqual({
        granted: true,
        decision: { firing: false, since: 0, by: 0 },
        state: undefined,
        ttlMs: 0,
      });
    }
  });

  it("waits anew when the clock has gone back, and never resolves for it", () => {
    const trace = run([
      { at: 10_000, op: "burning" },
      { at: 2_000, op: "calm" },
      { at: 2_299, op: "calm" },
      { at: 2_300, op: "calm" },
    ]);
    expect(trace.map(({ firing }) => firing)).toEqual([true, true, true, false]);
  });
});
