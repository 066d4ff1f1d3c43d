import type { RawCheck } from "../verdict.js";
import { complaint } from "./activities.js";
import type { ExperimentRun } from "./journal.js";
import type { Loaded } from "./load.js";

/** What an experiment is judged by. */
export function checksOf(
  ran: ExperimentRun,
  { experiment, reliability }: Pick<Loaded, "experiment" | "reliability">,
  runbookPath: (name: string) => string,
): RawCheck[] {
  const { outcome } = ran;
  const common = {
    ...(outcome.owner !== null && { owner: outcome.owner }),
    ...(outcome.runbook !== null && { runbook: runbookPath(outcome.runbook) }),
  };
  const check = (part: string, title: string, rest: Omit<RawCheck, "id" | "title">): RawCheck => ({
    id: `gameday:${ran.name}:${part}`,
    title: `${ran.title}: ${title}`,
    ...common,
    ...rest,
  });
  const seconds = (part: "detection" | "recovery") => (reliability[part]?.within ?? 30) * 1000;
  return [
    check("steady-state", "the steady state holds", steadyState(ran, experiment)),
    ...(outcome.rolledBack === null ? [] : [check("rollback", "what was done is taken back", rollback(ran))]),
    ...(outcome.recovered === null
      ? []
      : [
          check("recovery", "it recovers", {
            verdict: outcome.recovered ? "pass" : "fail",
            metric: "recoveredMs",
            observed: outcome.recoveredMs,
            threshold: seconds("recovery"),
            ...reason(ran.recovery === null ? undefined : complaint(ran.recovery)),
          }),
        ]),
    ...(outcome.detected === null
      ? []
      : [
          check("detection", `${outcome.expectedAlert ?? "the alert"} sees it`, {
            verdict: outcome.detected ? "pass" : "fail",
            ...(outcome.metric !== null && { metric: outcome.metric }),
            observed: outcome.detectedMs,
            threshold: seconds("detection"),
            ...reason(ran.detection === null ? undefined : complaint(ran.detection)),
          }),
        ]),
    ...ran.commands.map(({ id, passed, exit, reason: why }) =>
      check(`runbook:${id}`, `the runbook's ${id} does what it says`, {
        verdict: passed ? "pass" : "fail",
        metric: "exit",
        observed: exit,
        ...reason(why),
      }),
    ),
    ...outcome.levers.map(({ id, lever, target, effective, endedAt, expiresAt, exception }) =>
      check(`lever:${id}`, `${lever} on ${target} helps, and ends`, {
        // What acts once has no end.
        verdict:
          effective === null && exception === undefined
            ? "inconclusive"
            : effective === true && (endedAt !== null || expiresAt === null)
              ? "pass"
              : "fail",
        ...reason(exception?.join("; ")),
      }),
    ),
  ];
}

/** One check for what was not run. */
export function notRun({ name, title, outcome }: ExperimentRun, why: string): RawCheck {
  return {
    id: `gameday:${name}`,
    title,
    verdict: "skipped",
    reason: why,
    ...(outcome.owner !== null && { owner: outcome.owner }),
  };
}

function steadyState(
  { journal, notes }: ExperimentRun,
  experiment: Loaded["experiment"],
): Pick<RawCheck, "verdict" | "reason"> {
  if (journal === null) return { verdict: "skipped" };
  const { before, after, during } = journal.steady_states;
  const [bad] = [before, ...during, after].filter((state) => state?.steady_state_met === false);
  const why = bad === null || bad === undefined ? undefined : complaint(bad);
  if (journal.deviated) return { verdict: "fail", reason: `no longer while the fault was on: ${why}` };
  if (bad === before && why !== undefined) return { verdict: "fail", reason: `not even before the fault: ${why}` };
  if (journal.status === "interrupted") return { verdict: "inconclusive", reason: "it was interrupted" };
  if (journal.status === "aborted") {
    const failed = journal.run.find(({ status, activity }) => status === "failed" && activity.type === "action");
    const what = failed === undefined ? notes.join("; ") : `${failed.activity.name}: ${failed.exception?.join("; ")}`;
    return { verdict: "error", reason: `the method could not be done: ${what}` };
  }
  const probes = experiment["steady-state-hypothesis"]?.probes ?? [];
  return probes.length === 0 ? { verdict: "skipped", reason: "there is no hypothesis" } : { verdict: "pass" };
}

function rollback({ journal }: ExperimentRun): Pick<RawCheck, "verdict" | "reason"> {
  const failed = journal?.rollbacks.find(({ status }) => status === "failed");
  if (failed === undefined) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: `${failed.activity.name}: ${failed.exception?.join("; ")}; it goes by itself when its time is up`,
  };
}

function reason(why: string | undefined): { readonly reason?: string } {
  return why === undefined ? {} : { reason: why };
}
