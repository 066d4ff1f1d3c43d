import type { CanaryCheck } from "./check.js";
import { percent } from "./check.js";
import type { CanaryPolicy } from "./policy.js";
import type { ArmName } from "./schedule.js";

/** Go on; end and roll back; end and hold, for control is as bad. */
export type AbortDecision = "continue" | "rollback" | "hold";

/** The first calls of an arm. */
export interface FirstCalls {
  readonly calls: number;
  readonly bad: number;
}

/** What {@link EarlyAbort} has seen. */
export interface AbortReport {
  readonly decision: AbortDecision;
  readonly control: FirstCalls;
  readonly candidate: FirstCalls;
  /** How many calls the candidate had made when it was bad enough; `null` while it isn't. */
  readonly crossedAt: number | null;
}

const NONE: FirstCalls = { calls: 0, bad: 0 };

/**
 * Watches the first calls one by one, so that a candidate that is plainly broken is taken out at once, not after the
 * whole canary. It is bad enough with 10 bad calls that are more than 5 % of its first 200 (all by the policy).
 *
 * Both arms may be down, by an upstream for example, and the candidate has come first by the draw: so nothing is decided
 * before control has made as many calls as it took. Control is as bad when it is over the same share and has at least
 * half as large a share of bad calls as the candidate. A decision, once taken, stays.
 *
 * Knows no clock and does nothing: whoever runs the canary feeds it each valid call as it ends, and asks.
 */
export class EarlyAbort {
  readonly #policy: CanaryPolicy["earlyAbort"];
  #control = NONE;
  #candidate = NONE;
  #crossedAt: number | null = null;
  #decision: AbortDecision = "continue";

  constructor(policy: CanaryPolicy["earlyAbort"]) {
    this.#policy = policy;
  }

  /** One more valid call of an arm has ended. */
  record(arm: ArmName, bad: boolean): AbortDecision {
    if (this.#decision !== "continue") return this.#decision;
    if (arm === "control") this.#control = this.#counted(this.#control, bad);
    else {
      this.#candidate = this.#counted(this.#candidate, bad);
      if (this.#crossedAt === null && this.#crosses()) this.#crossedAt = this.#candidate.calls;
    }
    if (this.#crossedAt !== null && this.#control.calls >= this.#crossedAt)
      this.#decision = this.#controlIsAsBad() ? "hold" : "rollback";
    return this.#decision;
  }

  report(): AbortReport {
    return {
      decision: this.#decision,
      control: this.#control,
      candidate: this.#candidate,
      crossedAt: this.#crossedAt,
    };
  }

  #counted(first: FirstCalls, bad: boolean): FirstCalls {
    if (first.calls >= this.#policy.within) return first;
    return { calls: first.calls + 1, bad: first.bad + (bad ? 1 : 0) };
  }

  #crosses(): boolean {
    return this.#candidate.bad >= this.#policy.bad && shareOf(this.#candidate) > this.#policy.share;
  }

  #controlIsAsBad(): boolean {
    const share = shareOf(this.#control);
    return share > this.#policy.share && share >= shareOf(this.#candidate) / 2;
  }
}

/** What was seen, as one of the checks. */
export function abortCheck(report: AbortReport, { share }: CanaryPolicy["earlyAbort"]): CanaryCheck {
  const { decision, control, candidate, crossedAt } = report;
  const seen = `${candidate.bad} of the candidate's first ${candidate.calls} calls were bad, ${control.bad} of control's ${control.calls}`;
  const frame = {
    id: "canary:early-abort",
    title: "the first calls",
    scenario: null,
    metric: "badShare",
    observed: candidate.calls === 0 ? null : shareOf(candidate),
    threshold: share,
    n: candidate.calls,
  };
  if (decision === "rollback") return { ...frame, verdict: "fail", reason: seen };
  if (decision === "hold") return { ...frame, verdict: "fail", reason: `${seen}: both arms are bad` };
  if (crossedAt !== null)
    return { ...frame, verdict: "inconclusive", reason: `${seen}: control was asked too seldom to compare` };
  return { ...frame, verdict: "pass", reason: `${seen}: ${percent(share)} is the limit` };
}

function shareOf({ calls, bad }: FirstCalls): number {
  return calls === 0 ? 0 : bad / calls;
}
