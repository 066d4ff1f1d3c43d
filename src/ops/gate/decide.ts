import { glob } from "../filter.js";
import type { Check } from "../verdict.js";
import type { GatePolicy } from "./policy.js";

/** Why a release is not let through. */
export interface GateReason {
  readonly check: string;
  readonly effect: "block" | "hold";
  readonly reason: string;
  readonly owner: string | null;
  readonly runbook: string | null;
}

/** A check that doesn't pass and is ignored on purpose. */
export interface Ignored {
  readonly check: string;
  readonly verdict: Check["verdict"];
  readonly why: string;
}

/** What a gate says, and why. */
export interface Decision {
  readonly verdict: "release" | "hold" | "block";
  readonly reasons: readonly GateReason[];
  readonly ignored: readonly Ignored[];
}

/** Without a rule: what failed blocks, and what can't be told holds. */
const DEFAULTS: Readonly<Record<Check["verdict"], "block" | "hold" | "none">> = {
  pass: "none",
  warn: "none",
  skipped: "none",
  fail: "block",
  error: "hold",
  inconclusive: "hold",
};

/** Decides by the checks and the policy's rules. Without a single check that passed there is no release. */
export function decide(checks: readonly Check[], rules: GatePolicy["rules"]): Decision {
  const compiled = rules.map((rule) => ({ ...rule, pattern: glob(rule.match) }));
  const reasons: GateReason[] = [];
  const ignored: Ignored[] = [];
  for (const check of checks) {
    const { id, verdict, owner, runbook } = check;
    const rule = compiled.find(({ pattern, on }) => on === verdict && pattern.test(id));
    const effect = rule?.effect ?? DEFAULTS[verdict];
    if (effect === "ignore") ignored.push({ check: id, verdict, why: rule?.why ?? "" });
    else if (effect !== "none") reasons.push({ check: id, effect, reason: check.reason ?? verdict, owner, runbook });
  }
  if (!checks.some(({ verdict }) => verdict === "pass"))
    reasons.push({ check: "gate", effect: "hold", reason: "not a single check passed", owner: null, runbook: null });
  const blocked = reasons.some(({ effect }) => effect === "block");
  // What blocks is read first.
  reasons.sort((a, b) => Number(b.effect === "block") - Number(a.effect === "block"));
  return { verdict: blocked ? "block" : reasons.length > 0 ? "hold" : "release", reasons, ignored };
}
