import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AbortDecision, abortCheck, EarlyAbort } from "./early-abort.js";
import { DEFAULT_CANARY_POLICY } from "./policy.js";
import type { ArmName } from "./schedule.js";

const policy = DEFAULT_CANARY_POLICY.earlyAbort;
type Call = readonly [arm: ArmName, bad: boolean];

const run = (calls: readonly Call[]) => {
  const watch = new EarlyAbort(policy);
  const decisions = calls.map(([arm, bad]) => watch.record(arm, bad));
  return { decisions, ...watch.report() };
};
const times = (n: number, ...call: Call): Call[] => Array.from({ length: n }, () => call);

describe("EarlyAbort", () => {
  it("rolls back at the tenth bad call where control does well", () => {
    const { decisions } = run([...times(50, "control", false), ...times(12, "candidate", true)]);
    expect(decisions.indexOf("rollback")).toBe(50 + 9);
    expect(decisions.at(-1)).toBe("rollback");
  });

  it("needs more than 5 %: ten bad ones of 200 are not", () => {
    const steady = [...times(190, "candidate", false), ...times(10, "candidate", true)];
    expect(run([...times(200, "control", false), ...steady])).toMatchObject({ decision: "continue", crossedAt: null });
    const earlier = [...times(189, "candidate", false), ...times(10, "candidate", true)];
    expect(run([...times(200, "control", false), ...earlier])).toMatchObject({ decision: "rollback", crossedAt: 199 });
  });

  it("looks no further than the first 200 calls", () => {
    const late = [...times(200, "control", false), ...times(200, "candidate", false), ...times(99, "candidate", true)];
    expect(run(late)).toMatchObject({ decision: "continue", candidate: { calls: 200, bad: 0 } });
  });

  it("waits for control's turn before it blames the candidate, and holds when both are down", () => {
    const down = [...times(20, "candidate", true), ...times(20, "control", true)];
    const { decisions, crossedAt } = run(down);
    expect(crossedAt).toBe(10);
    expect(decisions.slice(0, 29)).not.toContain("hold");
    expect(decisions[29]).toBe("hold");
  });

  it("does not take one bad call of control's for an excuse", () => {
    const calls = [...times(10, "candidate", true), ...times(1, "control", true), ...times(9, "control", false)];
    expect(run(calls).decision).toBe("rollback");
  });

  it("says what its definition says, whatever the order, and keeps to a decision", () => {
    const call = fc.tuple(fc.constantFrom<ArmName>("control", "candidate"), fc.boolean());
    fc.assert(
      fc.property(fc.array(call, { maxLength: 600 }), (calls) => {
        let crossed: { readonly calls: number } | undefined;
        let expected: AbortDecision = "continue";
        const { decisions } = run(calls);
        for (const [at, decision] of decisions.entries()) {
          const first = (arm: ArmName) => {
            const own = calls.slice(0, at + 1).filter(([of]) => of === arm);
            const counted = own.slice(0, policy.within);
            return { calls: counted.length, bad: counted.filter(([, bad]) => bad).length };
          };
          const [candidate, control] = [first("candidate"), first("control")];
          if (candidate.bad >= 10 && candidate.bad / candidate.calls > 0.05) crossed ??= candidate;
          if (expected === "continue" && crossed !== undefined && control.calls >= crossed.calls) {
            const share = control.bad / control.calls;
            expected = share > 0.05 && share >= candidate.bad / candidate.calls / 2 ? "hold" : "rollback";
          }
          expect(decision).toBe(expected);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("abortCheck", () => {
  it("says what was seen", () => {
    const check = (calls: readonly Call[]) => abortCheck(run(calls), policy);
    expect(check([])).toMatchObject({ verdict: "pass", observed: null });
    expect(check(times(10, "candidate", true))).toMatchObject({ verdict: "inconclusive", observed: 1, n: 10 });
    expect(check([...times(10, "candidate", true), ...times(10, "control", true)])).toMatchObject({
      verdict: "fail",
      reason: "10 of the candidate's first 10 calls were bad, 10 of control's 10: both arms are bad",
    });
    expect(check([...times(10, "candidate", true), ...times(10, "control", false)])).toMatchObject({
      id: "canary:early-abort",
      verdict: "fail",
      reason: "10 of the candidate's first 10 calls were bad, 0 of control's 10",
    });
  });
});
