import type { Knobs } from "./knob.js";

/** The reference of declared knobs as a Markdown table, for a service's docs. Defaults of secrets are not shown. */
export function knobTable(declared: Knobs): string {
  const rows = Object.entries(declared).map(([name, { kind, default: value, secret, allowed, describe }]) => [
    `\`${name}\``,
    kind,
    value === undefined
      ? "**required**"
      : secret
        ? "(secret)"
        : `\`${Array.isArray(value) ? value.join(",") : plain(value)}\``,
    cell(allowed),
    cell(describe),
  ]);
  return [["Variable", "Type", "Default", "Allowed", "What it is for"], ["---", "---", "---", "---", "---"], ...rows]
    .map((row) => `| ${row.join(" | ")} |\n`)
    .join("");
}

function plain(value: unknown): string {
  return cell(typeof value === "object" ? JSON.stringify(value) : String(value));
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
