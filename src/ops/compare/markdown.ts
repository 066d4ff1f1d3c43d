import type { Artefact } from "../artefact/envelope.js";
import { counted, msText, NONE, shareText, timeText } from "../dashboard/format.js";
import { KINDS } from "../dashboard/page/words.js";
import { code, mark, markdownTable, place, text } from "../report/markdown-text.js";
import type { CheckVerdict } from "../verdict.js";
import type { Change, CheckChange, ComparisonData, Delta, ScenarioChange, Side } from "./data.js";

const SIGNS: Readonly<Record<Change, string>> = {
  better: "🔽 better",
  same: "✅ same",
  worse: "❌ worse",
  incomparable: "❔ incomparable",
};

/** A comparison as the comment on a pull request. */
export function comparisonMarkdown({ data }: Pick<Artefact<"comparison", ComparisonData>, "data">): string {
  const { of, before, after, scenarios, checks, tolerance, unchanged } = data;
  return `${[
    `## ${title(of)}${after.variant === null ? "" : ` (${text(after.variant)})`}, before and after`,
    `**${summary(data)}**`,
    markdownTable(
      ["", "Verdict", "When", "Commit", "Artefact"],
      [
        ["Before", ...sideCells(before)],
        ["After", ...sideCells(after)],
      ],
    ),
    ...(scenarios.length === 0 ? [] : [scenarioTable(scenarios), toleranceText(tolerance)]),
    ...(checks.length === 0 ? [] : [`### Checks that moved`, checkTable(checks)]),
    `${counted(unchanged, "check")} came to the same.`,
  ].join("\n\n")}\n`;
}

function title(of: ComparisonData["of"]): string {
  return of === "slo-dashboard" || of === "comparison" ? of : KINDS[of].name;
}

function summary({ scenarios, checks }: ComparisonData): string {
  const names = (change: Change) =>
    scenarios.filter((scenario) => scenario.change === change).map(({ scenario }) => text(scenario));
  const parts = (["worse", "better", "incomparable"] as const).flatMap((change) => {
    const found = names(change);
    return found.length === 0 ? [] : [`${change}: ${found.join(", ")}`];
  });
  const ill = checks.filter(({ after, change }) => after === "fail" && (change === "worse" || change === "new")).length;
  if (ill > 0) parts.push(`${counted(ill, "check")} newly failing`);
  if (parts.length > 0) return `${parts.join("; ")}.`;
  return scenarios.length > 0 ? "No difference beyond the tolerance." : "No check came to worse.";
}

function sideCells({ verdict, at, commit, file }: Side): string[] {
  return [mark(verdict), timeText(at), commit === null ? "none" : code(commit.slice(0, 9)), place(file)];
}

function scenarioTable(scenarios: readonly ScenarioChange[]): string {
  return markdownTable(
    ["Scenario", "", "p50", "p95", "p99", "Bad", "Valid requests"],
    scenarios.map(({ scenario, change, reasons, p50, p95, p99, badShare, valid }) => [
      text(scenario),
      change === "incomparable" ? `${SIGNS[change]}: ${text(reasons.join("; "))}` : SIGNS[change],
      latency(p50),
      latency(p95),
      latency(p99),
      rate(badShare),
      `${valid.before} → ${valid.after}`,
    ]),
    "llrrrrr",
  );
}

/** `212 ms → 241 ms (+14 %)` */
function latency({ before, after, ratio }: Delta): string {
  if (before === null && after === null) return NONE;
  return `${msText(before)} → ${msText(after)}${ratio === null ? "" : ` (${signed((ratio - 1) * 100, 0)} %)`}`;
}

/** `0.2 % → 0.9 % (+0.7 pp)` */
function rate({ before, after, delta }: Delta): string {
  if (before === null && after === null) return NONE;
  return `${shown(before)} → ${shown(after)}${delta === null ? "" : ` (${signed(delta * 100, 2)} pp)`}`;
}

function shown(share: number | null): string {
  return shareText(share === null ? null : Number(share.toFixed(5)));
}

function signed(value: number, digits: number): string {
  const rounded = Number(value.toFixed(digits));
  if (rounded === 0) return "±0";
  return `${rounded > 0 ? "+" : "−"}${Math.abs(rounded)}`;
}

function toleranceText({ p95Ratio, p95Ms, badShare, minSamples }: ComparisonData["tolerance"]): string {
  return `Worse: p95 above ${p95Ratio}× and at least ${p95Ms} ms more, or at least ${Number((badShare * 100).toFixed(3))} pp more bad requests. At least ${minSamples} valid requests on either side.`;
}

function checkTable(checks: readonly CheckChange[]): string {
  const verdict = (value: CheckVerdict | null) => (value === null ? "not there" : mark(value));
  return markdownTable(
    ["Check", "Before", "After", "Owner", "Runbook"],
    checks.map(({ title: name, before, after, owner, runbook, reason }) => [
      `${text(name)}${reason === null ? "" : `<br>${text(reason)}`}`,
      verdict(before),
      verdict(after),
      text(owner ?? "nobody"),
      place(runbook),
    ]),
  );
}
