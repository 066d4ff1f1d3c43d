import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHECK_VERDICTS, type Check } from "../verdict.js";
import { judgeBurn } from "./burn.js";
import { decide } from "./decide.js";

function check(id: string, verdict: Check["verdict"]): Check {
  const nothing = { owner: null, runbook: null, metric: null, observed: null, threshold: null, n: null };
  return { id, title: id, verdict, ...nothing, owner: "chat", runbook: "r.md" };
}

describe("a gate's decision", () => {
  it("releases what passed, with warnings and with what was left out on purpose", () => {
    const checks = [check("a", "pass"), check("b", "warn"), check("c", "skipped")];
    expect(decide(checks, [])).toEqual({ verdict: "release", reasons: [], ignored: [] });
  });

  it("blocks for what failed, holds for what can't be told, and says who is to be asked, what blocks first", () => {
    const { verdict, reasons } = decide([check("a", "pass"), check("b", "inconclusive"), check("c", "fail")], []);
    expect(verdict).toBe("block");
    expect(reasons).toEqual([
      { check: "c", effect: "block", reason: "fail", owner: "chat", runbook: "r.md" },
      { check: "b", effect: "hold", reason: "inconclusive", owner: "chat", runbook: "r.md" },
    ]);
  });

  it("holds where nothing was proven", () => {
    expect(decide([], []).verdict).toBe("hold");
    expect(decide([check("a", "skipped")], []).verdict).toBe("hold");
  });

  it("follows the first rule that fits a check and its verdict", () => {
    const rules = [
      { match: "probe:x*", on: "fail" as const, effect: "hold" as const },
      { match: "probe:*", on: "inconclusive" as const, effect: "ignore" as const, why: "known" },
    ];
    const at = (...checks: Check[]) => decide([check("p", "pass"), ...checks], rules);
    expect(at(check("probe:x1", "fail")).verdict).toBe("hold");
    expect(at(check("probe:y", "fail")).verdict).toBe("block");
    expect(at(check("probe:y", "inconclusive"))).toMatchObject({
      verdict: "release",
      ignored: [{ check: "probe:y", verdict: "inconclusive", why: "known" }],
    });
  });

  it("never gets better by a worse check", () => {
    const order = ["release", "hold", "block"];
    const some = fc.array(fc.constantFrom(...CHECK_VERDICTS), { maxLength: 6 });
    fc.assert(
      fc.property(some, fc.constantFrom("fail", "error", "inconclusive"), (verdicts, worse) => {
        const checks = [check("p", "pass"), ...verdicts.map((verdict, at) => check(`c${at}`, verdict))];
        const before = order.indexOf(decide(checks, []).verdict);
        const after = order.indexOf(decide([...checks, check("more", worse as Check["verdict"])], []).verdict);
        expect(after).toBeGreaterThanOrEqual(Math.max(1, before));
      }),
    );
  });
});

describe("a burn rate", () => {
  const window = (sec: number, valid: number, bad: number, coveredSec = sec) => ({ sec, valid, bad, coveredSec });
  const judge = (long: ReturnType<typeof window>, short: ReturnType<typeof window>) =>
    judgeBurn("burn:x", "x", { long, short, threshold: 10, objective: 0.99 });

  it("passes up to the threshold, for the comparison is strict", () => {
    expect(judge(window(60, 1_000, 100), window(5, 100, 100))).toMatchObject({
      verdict: "pass",
      observed: 10,
      n: 1_000,
    });
  });

  it("fails above it in both windows, and where the short one has too few calls to tell", () => {
    expect(judge(window(60, 1_000, 101), window(5, 100, 11)).verdict).toBe("fail");
    expect(judge(window(60, 1_000, 101), window(5, 99, 0))).toMatchObject({
      verdict: "fail",
      reason: "burns the error budget 10.1 times too fast; allowed: 10 times (101 of 1000 calls were bad)",
    });
  });

  it("warns where it is over", () => {
    expect(judge(window(60, 1_000, 200), window(5, 100, 1)).verdict).toBe("warn");
  });

  it("can't be told from too few calls, or from a window that wasn't watched", () => {
    expect(judge(window(60, 99, 0), window(5, 9, 0))).toMatchObject({
      verdict: "inconclusive",
      reason: "99 calls in 60 s; it takes 100 to tell",
    });
    expect(judge(window(3_600, 10_000, 0, 2_879), window(5, 9, 0))).toMatchObject({
      verdict: "inconclusive",
      reason: "only 2879 s of 3600 s were watched",
    });
  });
});
