import type { ProbeMeasured } from "./arms.js";
import type { CanaryCheck } from "./check.js";

/** A probe in both arms, and what it means. */
export interface ProbeCompared {
  readonly check: CanaryCheck;
  /** A critical one fails on the candidate, and passes on control. */
  readonly broken: boolean;
}

/** Probes of both arms, by their ids. What only one arm was asked says nothing. */
export function compareProbes(control: readonly ProbeMeasured[], candidate: readonly ProbeMeasured[]): ProbeCompared[] {
  const ids = [...new Set([...control, ...candidate].map(({ id }) => id))];
  return ids.map((id) =>
    compared(
      id,
      control.find((probe) => probe.id === id),
      candidate.find((probe) => probe.id === id),
    ),
  );
}

function compared(id: string, control: ProbeMeasured | undefined, candidate: ProbeMeasured | undefined): ProbeCompared {
  const critical = control?.critical === true || candidate?.critical === true;
  const [verdict, reason] = verdictOf(critical, control, candidate);
  return {
    broken: critical && candidate?.passed === false && control?.passed === true,
    check: {
      id: `canary:probe:${id}`,
      title: `probe ${id}`,
      verdict,
      scenario: null,
      metric: "probe",
      observed: candidate === undefined ? null : candidate.passed ? "passed" : "failed",
      threshold: "passed",
      n: control === undefined || candidate === undefined ? 0 : 1,
      reason,
    },
  };
}

function verdictOf(
  critical: boolean,
  control: ProbeMeasured | undefined,
  candidate: ProbeMeasured | undefined,
): readonly [CanaryCheck["verdict"], string] {
  if (candidate === undefined) return ["inconclusive", "the candidate was not asked"];
  if (control === undefined) return ["inconclusive", "control was not asked"];
  if (candidate.passed) return ["pass", control.passed ? "passes on both" : "passes, and fails on control"];
  if (!control.passed) return ["fail", "fails on both"];
  return [critical ? "fail" : "warn", "fails on the candidate, and passes on control"];
}
