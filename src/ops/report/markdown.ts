import type { Artefact } from "../artefact/envelope.js";
import { figures, MARKS, needsAttention, TITLES, tally, targetText } from "./headline.js";

/** What a run came to, for pull requests and the summary of a workflow. */
export function markdownReport(artefact: Artefact): string {
  const { kind, verdict, checks, createdAt, git } = artefact;
  const commit = git === null ? "" : `, at \`${git.commit.slice(0, 12)}\`${git.dirty ? " and changes" : ""}`;
  const head = `## ${TITLES[kind]}: ${verdict}\n\n${targetText(artefact)}, ${createdAt}${commit}. ${tally(checks)}.\n`;
  const open = checks.filter(needsAttention);
  const rest = checks.filter((check) => !needsAttention(check));
  const parts = [head];
  if (open.length > 0)
    parts.push(
      table(
        ["", "Check", "Why", "Owner", "Runbook"],
        open.map((check) => [
          MARKS[check.verdict],
          code(check.id),
          check.reason ?? figures(check),
          check.owner ?? "nobody",
          check.runbook === null ? "–" : link(check.runbook),
        ]),
      ),
    );
  if (rest.length > 0)
    parts.push(
      `<details><summary>${tally(rest)}</summary>\n\n${table(
        ["", "Check", "Figures"],
        rest.map((check) => [MARKS[check.verdict], code(check.id), figures(check) || "–"]),
      )}\n</details>\n`,
    );
  return parts.join("\n");
}

/** A table whose cells hold any text without breaking it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

function cell(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .replace(/\r?\n/g, " ")
    .replace(/<(?=[a-z/!])/gi, "&lt;");
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

function link(runbook: string): string {
  return `[${runbook.split("/").at(-1) ?? runbook}](${encodeURI(runbook)})`;
}
