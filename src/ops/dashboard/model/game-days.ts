import type { Run } from "../collect.js";
import type { ExperimentHistory } from "../data.js";

const MAX_RUNS = 12;

/** Each experiment with its outcomes, by title: that is what an experiment is known by. */
export function experimentHistories(runs: readonly Run[]): ExperimentHistory[] {
  const byTitle = new Map<string, ExperimentHistory>();
  for (const { file, artefact, gameDay } of runs)
    for (const { title, owner, runbook, status, deviated, recoveredMs } of gameDay?.experiments ?? []) {
      // Runs come newest first, and so does what is said of owner and runbook.
      const history = byTitle.get(title) ?? { title, owner, runbook, runs: [] };
      byTitle.set(title, history);
      if (history.runs.length < MAX_RUNS)
        history.runs.unshift({ file, at: artefact.createdAt, status, deviated, recoveredMs });
    }
  return [...byTitle.values()].sort((a, b) => a.title.localeCompare(b.title));
}
