import type { Artefact } from "../artefact/envelope.js";
import type { Check } from "../verdict.js";
import { figures, needsAttention, TITLES } from "./headline.js";

/** GitHub shows ten of a step. */
const MOST = 10;

/**
 * Workflow commands that GitHub turns into annotations, the worst checks first: at most ten.
 *
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function annotations({ kind, checks }: Artefact): string[] {
  const open = checks.filter(needsAttention);
  const sorted = [...open.filter(isError), ...open.filter((check) => !isError(check))];
  return sorted.slice(0, MOST).map((check) => {
    const { id, reason = figures(check), owner, runbook } = check;
    const text = `${reason} (owner: ${owner ?? "nobody"}${runbook === null ? "" : `, runbook: ${runbook}`})`;
    return `::${isError(check) ? "error" : "warning"} title=${property(`${TITLES[kind]}: ${id}`)}::${message(text)}`;
  });
}

function isError({ verdict }: Check): boolean {
  return verdict === "fail" || verdict === "error";
}

function message(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return message(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
