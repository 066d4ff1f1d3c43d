import type { Artefact } from "../artefact/envelope.js";
import { figures, needsAttention, TITLES, tally, targetText } from "./headline.js";
import { code, mark, markdownTable, place, text } from "./markdown-text.js";

/** What a run came to, for pull requests and the summary of a workflow. */
export function markdownReport(artefact: Artefact): string {
  const { kind, verdict, checks, createdAt, git } = artefact;
  const commit = git === null ? "" : `, at \`${git.commit.slice(0, 12)}\`${git.dirty ? " and changes" : ""}`;
  const about = `${code(targetText(artefact))}, ${createdAt}${commit}. ${tally(checks)}.`;
  const parts = [`## ${TITLES[kind]}: ${verdict}\n\n${about}\n`];
  const open = checks.filter(needsAttention);
  const rest = checks.filter((check) => !needsAttention(check));
  if (open.length > 0) {
    const rows = open.map((check) => [
      mark(check.verdict),
      code(check.id),
      text(check.reason ?? figures(check)),
      text(check.owner ?? "nobody"),
      place(check.runbook),
    ]);
    parts.push(`${markdownTable(["Verdict", "Check", "Why", "Owner", "Runbook"], rows)}\n`);
  }
  if (rest.length > 0) {
    const rows = rest.map((check) => [mark(check.verdict), code(check.id), text(figures(check)) || "–"]);
    const table = markdownTable(["Verdict", "Check", "Figures"], rows);
    parts.push(`<details><summary>${tally(rest)}</summary>\n\n${table}\n\n</details>\n`);
  }
  return parts.join("\n");
}
