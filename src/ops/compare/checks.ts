import type { Check, CheckVerdict } from "../verdict.js";
import type { CheckChange } from "./data.js";

/** From well to ill; `skipped` is neither. */
const ORDER: readonly CheckVerdict[] = ["pass", "warn", "inconclusive", "error", "fail"];

/** Checks whose verdict moved, the worst first, and how many came to the same. */
export function checkChanges(
  before: readonly Check[],
  after: readonly Check[],
): { readonly changed: CheckChange[]; readonly unchanged: number } {
  const old = new Map(before.map((check) => [check.id, check]));
  const now = new Map(after.map((check) => [check.id, check]));
  const ids = [...new Set([...now.keys(), ...old.keys()])];
  const changed = ids.flatMap((id) => changeOf(old.get(id), now.get(id)));
  return {
    changed: changed.sort((a, b) => badness(b.after) - badness(a.after) || a.id.localeCompare(b.id)),
    unchanged: ids.length - changed.length,
  };
}

function changeOf(old: Check | undefined, now: Check | undefined): CheckChange[] {
  const shown = now ?? old;
  if (shown === undefined || old?.verdict === now?.verdict) return [];
  return [
    {
      id: shown.id,
      title: shown.title,
      owner: shown.owner,
      runbook: shown.runbook,
      before: old?.verdict ?? null,
      after: now?.verdict ?? null,
      change: directionOf(old, now),
      reason: now?.reason ?? null,
    },
  ];
}

function directionOf(old: Check | undefined, now: Check | undefined): CheckChange["change"] {
  if (old === undefined) return "new";
  if (now === undefined) return "gone";
  if (old.verdict === "skipped" || now.verdict === "skipped") return "changed";
  return badness(now.verdict) > badness(old.verdict) ? "worse" : "better";
}

function badness(verdict: CheckVerdict | null): number {
  return verdict === null ? -1 : ORDER.indexOf(verdict);
}
