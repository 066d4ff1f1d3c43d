import { isAbsolute, join } from "node:path";
import type { Artefact } from "../artefact/envelope.js";
import { makeArtefact } from "../artefact/make.js";
import { checked, readArtefact } from "../artefact/read.js";
import type { Workspace } from "../config/load.js";
import { SHOWN_KINDS } from "../dashboard/data.js";
import { drillSource } from "../dashboard/sources.js";
import { UsageError } from "../failure.js";
import { type Check, type CheckVerdict, type RawCheck, worst } from "../verdict.js";
import { checkChanges } from "./checks.js";
import type { Change, CheckChange, ComparisonData, ScenarioChange, Side, Tolerance } from "./data.js";
import { type Drill, scenarioChanges, TOLERANCE } from "./drills.js";

/**
 * Sets two artefacts of the same kind side by side: of drills each scenario's latencies and outcomes, of all kinds the
 * checks whose verdict moved. The comparison fails when a scenario became worse beyond the tolerance, or a check now
 * fails that didn't.
 *
 * @param before path of the earlier one; a relative one starts at the working folder
 * @param tolerance in the place of parts of {@link TOLERANCE}
 * @throws {UsageError} when one of them can't be read, or they are of different kinds
 */
export async function compareArtefacts(
  workspace: Workspace,
  before: string,
  after: string,
  tolerance: Partial<Tolerance> = {},
): Promise<Artefact<"comparison", ComparisonData>> {
  const began = workspace.io.now();
  const path = (given: string) => (isAbsolute(given) ? given : join(workspace.io.cwd, given));
  // One after the other, so that of two bad files it is always the first that is named.
  const old = await readArtefact(path(before));
  const now = await readArtefact(path(after));
  if (old.kind !== now.kind)
    throw new UsageError(
      `${before} is a ${old.kind}, ${after} a ${now.kind}: only two of the same kind can be compared`,
    );
  if (!(SHOWN_KINDS as readonly string[]).includes(old.kind))
    throw new UsageError(`${before}: a ${old.kind} can't be compared; expected one of ${SHOWN_KINDS.join(", ")}`);

  const limits = { ...TOLERANCE, ...tolerance };
  const drills = old.kind === "load-drill" ? ([drillOf(before, old), drillOf(after, now)] as const) : null;
  const { changed, unchanged } = checkChanges(old.checks, now.checks);
  const data: ComparisonData = {
    of: old.kind,
    before: sideOf(before, old, drills?.[0]),
    after: sideOf(after, now, drills?.[1]),
    tolerance: limits,
    scenarios: drills === null ? [] : scenarioChanges(...drills, limits),
    checks: changed,
    unchanged,
  };
  const checks = checksOf(data).map((check) => workspace.owners.complete(check));
  return makeArtefact(workspace, "comparison", began, { verdict: worst(checks), checks, data });
}

function drillOf(file: string, { verdict, data }: Artefact): Drill {
  return { verdict, data: checked(file, drillSource, data, ["data"]) };
}

function sideOf(file: string, { createdAt, git, verdict }: Artefact, drill: Drill | undefined): Side {
  return { file, at: createdAt, commit: git?.commit ?? null, variant: drill?.data.profile ?? null, verdict };
}

function checksOf({ scenarios, checks, tolerance }: ComparisonData): RawCheck[] {
  return [...scenarios.map((scenario) => scenarioCheck(scenario, tolerance)), movedCheck(checks)];
}

const OF_CHANGE: Readonly<Record<Change, CheckVerdict>> = {
  better: "pass",
  same: "pass",
  worse: "fail",
  incomparable: "inconclusive",
};

function scenarioCheck({ scenario, change, reasons, p95, valid }: ScenarioChange, { p95Ratio }: Tolerance): RawCheck {
  return {
    id: `compare:${scenario}`,
    title: `${scenario} is no worse than before`,
    verdict: OF_CHANGE[change],
    ...((change === "worse" || change === "incomparable") && { reason: reasons.join("; ") }),
    metric: "p95Ratio",
    observed: p95.ratio,
    threshold: p95Ratio,
    n: Math.min(valid.before, valid.after),
  };
}

/** One check for all that moved: each has its own in the artefact that it is from. */
function movedCheck(changes: readonly CheckChange[]): RawCheck {
  const ill = changes.filter(
    ({ change, after }) => (change === "worse" || change === "new") && after !== "pass" && after !== "skipped",
  );
  const gone = changes.filter(({ change }) => change === "gone");
  const verdict = worst([
    { verdict: "pass" },
    ...ill.flatMap(({ after }): Pick<Check, "verdict">[] => (after === null ? [] : [{ verdict: after }])),
    ...gone.map(() => ({ verdict: "warn" as const })),
  ]);
  const reasons = [
    ...ill.map(({ id, before, after }) => `${id} went from ${before ?? "not there"} to ${after}`),
    ...gone.map(({ id }) => `${id} is gone`),
  ];
  return {
    id: "compare:checks",
    title: "No check came to worse than before",
    verdict,
    ...(reasons.length > 0 && { reason: reasons.join("; ") }),
    metric: "checks",
    observed: ill.length + gone.length,
    threshold: 0,
    n: changes.length,
  };
}
