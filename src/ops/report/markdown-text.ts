import type { Verdict } from "../verdict.js";

/** Signs that differ by more than their colour, and that GitHub shows in every theme. */
const MARKS: Readonly<Record<Verdict, string>> = {
  pass: "✅",
  release: "✅",
  promote: "✅",
  warn: "⚠️",
  hold: "⏸️",
  inconclusive: "❔",
  interrupted: "⏹️",
  error: "❌",
  fail: "❌",
  block: "⛔",
  rollback: "↩️",
  skipped: "➖",
};

/** A verdict, with a sign. */
export function mark(verdict: Verdict): string {
  return `${MARKS[verdict]} ${verdict}`;
}

/**
 * Text of somebody else's as Markdown that shows it and does nothing else: no markup, no link, no mention, no other cell.
 */
export function text(value: string): string {
  return (
    value
      .replace(/\s+/g, " ")
      .trim()
      .replace(/[\\`*_{}[\]()#+!|~]/g, "\\$&")
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      // GitHub tells whoever is named after an @, and links what begins like an address.
      .replace(/@/g, "&#64;")
      .replace(/:\/\//g, ":&#47;&#47;")
  );
}

/** A runbook or a file: a link where it is on the web, else as code. */
export function place(value: string | null): string {
  if (value === null) return "none";
  if (/^https?:\/\/[^\s<>()|"'`\\]+$/i.test(value)) return `<${value}>`;
  return code(value);
}

/** Text as code, that no backtick in it ends, nor a bar its cell. */
export function code(value: string): string {
  const plain = value.replace(/\s+/g, " ").replaceAll("`", "'").replaceAll("|", "\\|").trim();
  return plain === "" ? "none" : `\`${plain}\``;
}

/**
 * A table. Cells are Markdown already.
 *
 * @param align a letter a column: `l` left, `r` right. Default: left
 */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], align = ""): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (align[at] === "r" ? "---:" : "---"))), ...rows.map(line)].join("\n");
}
