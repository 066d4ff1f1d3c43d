import { EXIT } from "./failure.js";

/** What one check came to. `error`: it could not be made; `skipped`: on purpose. */
export const CHECK_VERDICTS = ["pass", "warn", "fail", "inconclusive", "error", "skipped"] as const;
export type CheckVerdict = (typeof CHECK_VERDICTS)[number];

/** What a whole run came to: a check's word, or that of a gate, a canary. */
export const VERDICTS = [...CHECK_VERDICTS, "release", "hold", "block", "promote", "rollback", "interrupted"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One check: what was looked at, what it should have been, and who is to be asked about it. */
export interface Check {
  /** `probe:chat-auth-guard`, `drill:chat:p95`, `burn:chat-availability:short`. */
  readonly id: string;
  /** In words. */
  readonly title: string;
  readonly verdict: CheckVerdict;
  /** Why it isn't a pass, in a sentence. */
  readonly reason?: string;
  readonly owner: string | null;
  /** Path or address of the page that says what to do. */
  readonly runbook: string | null;
  /** Name of what was measured: `p95Ms`, `burnRate`, `status`. */
  readonly metric: string | null;
  readonly observed: number | string | null;
  readonly threshold: number | string | null;
  /** How many samples the observation is from. */
  readonly n: number | null;
}

/** A check before its owner and runbook are looked up; what is left out is `null`. */
export type RawCheck = Pick<Check, "id" | "title" | "verdict"> & Partial<Omit<Check, "id" | "title" | "verdict">>;

const SEVERITY: Readonly<Record<CheckVerdict, number>> = {
  skipped: 0,
  pass: 1,
  warn: 2,
  inconclusive: 3,
  error: 4,
  fail: 5,
};

/** The verdict on checks together: the worst of them; without any, nothing can be said. */
export function worst(checks: readonly Pick<Check, "verdict">[]): CheckVerdict {
  return (
    checks.reduce<CheckVerdict | undefined>(
      (soFar, { verdict }) => (soFar === undefined || SEVERITY[verdict] > SEVERITY[soFar] ? verdict : soFar),
      undefined,
    ) ?? "inconclusive"
  );
}

const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  pass: EXIT.ok,
  warn: EXIT.ok,
  skipped: EXIT.ok,
  release: EXIT.ok,
  promote: EXIT.ok,
  fail: EXIT.failed,
  block: EXIT.failed,
  rollback: EXIT.failed,
  inconclusive: EXIT.inconclusive,
  hold: EXIT.inconclusive,
  error: EXIT.unavailable,
  interrupted: EXIT.interrupted,
};

/** The exit code that says a verdict. */
export function exitCodeOf(verdict: Verdict): number {
  return EXIT_CODES[verdict];
}
