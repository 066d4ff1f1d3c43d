import type { Run } from "../collect.js";
import { type Latest, type OpenCheck, type RunRow, SHOWN_KINDS } from "../data.js";

const WEEK_MS = 7 * 86_400_000;
const MAX_HISTORY = 20;
const MAX_OPEN = 60;
/** What asks for a look, most urgent first. */
const URGENCY = ["fail", "error", "inconclusive", "warn"] as const;

/** One run, as lists show it. */
export function rowOf({ file, kind, artefact, drill }: Run): RunRow {
  const checks: RunRow["checks"] = { pass: 0, warn: 0, fail: 0, inconclusive: 0, error: 0, skipped: 0 };
  for (const { verdict } of artefact.checks) checks[verdict]++;
  return {
    file,
    kind,
    variant: drill?.profile ?? null,
    at: artefact.createdAt,
    verdict: artefact.verdict,
    commit: artefact.git?.commit ?? null,
    checks,
  };
}

/** The newest run of each kind, and how those before it went. */
export function latestOf(runs: readonly Run[], now: Date): Latest[] {
  return SHOWN_KINDS.map((kind) => {
    const rows = runs.filter((run) => run.kind === kind).map(rowOf);
    const [newest] = rows;
    return {
      kind,
      run: newest ?? null,
      stale: newest !== undefined && now.getTime() - Date.parse(newest.at) > WEEK_MS,
      history: rows
        .slice(0, MAX_HISTORY)
        .toReversed()
        .map(({ at, verdict, variant }) => ({ at, verdict, variant })),
    };
  });
}

/**
 * Checks that aren't a pass, of the newest run of each kind and profile. One that several runs tell of, as a gate and its
 * drill do, is there once, from the newest.
 */
export function openChecks(runs: readonly Run[]): OpenCheck[] {
  const current = new Map<string, Run>();
  for (const run of runs) {
    const key = JSON.stringify([run.kind, run.drill?.profile ?? null]);
    if (!current.has(key)) current.set(key, run);
  }
  const byId = new Map<string, OpenCheck>();
  for (const { kind, file, artefact } of current.values())
    for (const check of artefact.checks)
      if (urgency(check.verdict) >= 0 && !byId.has(check.id))
        byId.set(check.id, { ...check, kind, file, at: artefact.createdAt });
  return [...byId.values()]
    .sort((a, b) => urgency(a.verdict) - urgency(b.verdict) || a.id.localeCompare(b.id))
    .slice(0, MAX_OPEN);
}

function urgency(verdict: OpenCheck["verdict"]): number {
  return (URGENCY as readonly string[]).indexOf(verdict);
}
