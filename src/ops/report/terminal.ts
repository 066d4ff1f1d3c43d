import type { Artefact } from "../artefact/envelope.js";
import type { Ownership } from "../config/ownership.js";
import type { Check, Verdict } from "../verdict.js";
import { figures, MARKS, needsAttention, TITLES, tally, targetText } from "./headline.js";

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const DIM = 2;
const BOLD = 1;
const GOOD: readonly Verdict[] = ["pass", "release", "promote"];
const DOUBTFUL: readonly Verdict[] = ["warn", "inconclusive", "hold", "skipped"];

/** What a run came to, for people at a terminal: every check, and who is to be asked about those that don't pass. */
export function terminalReport(artefact: Artefact, owners: Ownership, colour: boolean): string[] {
  const paint = (style: number, text: string) => (colour ? `\u001b[${style}m${text}\u001b[0m` : text);
  const tone = (verdict: Verdict) => (GOOD.includes(verdict) ? GREEN : DOUBTFUL.includes(verdict) ? YELLOW : RED);
  const { kind, checks, verdict } = artefact;
  const lines = [paint(BOLD, `${TITLES[kind]} of ${targetText(artefact)}`), ""];
  for (const check of checks) {
    const detail = needsAttention(check) ? (check.reason ?? figures(check)) : figures(check);
    lines.push(
      `  ${paint(tone(check.verdict), MARKS[check.verdict])} ${check.id}${detail === "" ? "" : paint(DIM, `  ${detail}`)}`,
    );
    if (needsAttention(check)) lines.push(...asked(check, owners).map((line) => paint(DIM, `      ${line}`)));
  }
  lines.push("", `${paint(tone(verdict), verdict.toUpperCase())}: ${tally(checks)}`);
  return lines;
}

function asked({ owner, runbook }: Check, owners: Ownership): string[] {
  const contact = owners.contact(owner);
  return [
    `owner: ${owner ?? "nobody"}${contact === undefined ? "" : ` (${contact})`}`,
    ...(runbook === null ? [] : [`runbook: ${runbook}`]),
  ];
}
