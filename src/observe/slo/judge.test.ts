import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge } from "./judge.js";
import { objectivesOf } from "./objective.js";

const [objective] = objectivesOf("endpoint", "chat", { objective: 0.999, owner: "o", runbook: "r" }, "slo");
const page = objective?.alerts[0];
const judged = (long: [number, number], short: [number, number]) => {
  if (page === undefined) throw new Error("no alert");
  const counted = ([bad, valid]: [number, number]) => ({ bad, valid });
  return judge(page, 0.999, counted(long), counted(short));
};

describe("judge", () => {
  it("compares strictly, without the noise of binary fractions", () => {
    expect(judged([144, 10_000], [144, 10_000]).verdict).toBe("lingering");
    expect(judged([145, 10_000], [145, 10_000])).toEqual({ verdict: "burning", conclusive: true, burnRate: 14.5 });
  });

  it("needs both windows", () => {
    expect(judged([500, 10_000], [0, 800]).verdict).toBe("calm");
    expect(judged([5, 10_000], [800, 800]).verdict).toBe("calm");
  });

  it("never begins with fewer calls than tell anything, though all were bad", () => {
    expect(judged([694, 694], [694, 694])).toMatchObject({ verdict: "lingering", conclusive: false });
    expect(judged([695, 695], [695, 695])).toMatchObject({ verdict: "burning", conclusive: true });
  });

  it("takes silence for nothing: the long window decides until it has forgotten", () => {
    expect(judged([500, 10_000], [0, 0]).verdict).toBe("lingering");
    expect(judged([3, 3], [0, 0]).verdict).toBe("lingering");
    expect(judged([0, 0], [0, 0])).toEqual({ verdict: "calm", conclusive: false, burnRate: null });
  });

  it("agrees with exact arithmetic", () => {
    const counted = fc.nat(20_000).chain((valid) => fc.tuple(fc.nat(valid), fc.constant(valid)));
    fc.assert(
      fc.property(counted, counted, (long, short) => {
        // bad / valid / 0.001 > 14.4, in whole numbers.
        const above = ([bad, valid]: [number, number], tenths: number) => bad * 10_000 > valid * tenths;
        const expected =
          long[1] >= 695 && above(long, 144) && above(short, 144)
            ? "burning"
            : above(long, 129.6) && (short[1] === 0 || above(short, 129.6))
              ? "lingering"
              : "calm";
        expect(judged(long, short).verdict).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
