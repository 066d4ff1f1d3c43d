import type { Artefact } from "../artefact/envelope.js";
import { mark, markdownTable, place, text } from "../report/markdown-text.js";
import type { DashboardData, Signal, SloRow } from "./data.js";
import {
  burnText,
  counted,
  countText,
  dayText,
  figureText,
  msText,
  NONE,
  shareText,
  shortTimeText,
  spanText,
  timeText,
} from "./format.js";
import { checksText } from "./page/overview.js";
import { headline, KINDS } from "./page/words.js";

/** The dashboard for where there is no page: a step's summary on GitHub, a pull request, a terminal. */
export function dashboardMarkdown({
  data,
  git,
}: Pick<Artefact<"slo-dashboard", DashboardData>, "data" | "git">): string {
  const commit = git === null ? "" : ` · commit \`${git.commit.slice(0, 9)}\``;
  return `${[
    `# ${text(data.service)}: reliability`,
    `**${text(headline(data.slos).text)}** ${timeText(data.until)}${commit}`,
    ...section("Last runs", lastRuns(data)),
    ...section("Objectives", objectives(data)),
    ...section("What needs a look", open(data)),
    ...section("Latency in the last drill of each profile", latency(data)),
    ...section("Outcomes", outcomes(data)),
    ...section("Game days", gameDays(data)),
    ...section("Owners", owners(data)),
    ...section("Not read", unreadable(data)),
  ].join("\n\n")}\n`;
}

function section(title: string, body: string | null): string[] {
  return body === null ? [] : [`## ${title}`, body];
}

function lastRuns({ latest }: DashboardData): string {
  return markdownTable(
    ["Run", "Verdict", "When, UTC", "Checks"],
    latest.map(({ kind, run }) =>
      run === null
        ? [KINDS[kind].name, `not run: \`${KINDS[kind].command}\``, NONE, NONE]
        : [
            `${KINDS[kind].name}${run.variant === null ? "" : ` (${text(run.variant)})`}`,
            mark(run.verdict),
            shortTimeText(run.at),
            checksText(run.checks),
          ],
    ),
  );
}

function objectives({ slos }: DashboardData): string {
  if (slos.length === 0) return "None are declared: `npx keelson init` writes a `slo-baseline.json` to start from.";
  return markdownTable(
    ["Objective", "Verdict", "Budget spent", "Worst burn, long and short", "p95", "Owner", "Runbook"],
    slos.map((slo) => [
      `**${text(slo.id)}** ${shareText(slo.objective)}`,
      mark(slo.verdict),
      spent(slo),
      burn(slo),
      limited(slo.signals.find(({ kind, title }) => kind === "latency" && title === "p95")),
      text(slo.owner),
      place(slo.runbook),
    ]),
    "lllrrll",
  );
}

function spent({ budget }: SloRow): string {
  if (budget === null) return "no snapshot";
  return `${shareText(Number(budget.spent.toFixed(3)))} in ${spanText(budget.coveredSec * 1_000)} of ${spanText(budget.periodSec * 1_000)}`;
}

function burn({ signals }: SloRow): string {
  const over = ({ observed, threshold }: Signal) => (threshold === null ? 0 : (observed ?? 0) / threshold);
  const [fastest] = signals.filter(({ unit }) => unit === "burn").sort((a, b) => over(b) - over(a));
  if (fastest === undefined) return NONE;
  const limit = fastest.threshold === null ? "" : `, at most ${burnText(fastest.threshold)}`;
  return `${burnText(fastest.observed)} · ${burnText(fastest.short)}${limit}`;
}

function limited(signal: Signal | undefined): string {
  return signal === undefined ? NONE : `${msText(signal.observed)}, at most ${msText(signal.threshold)}`;
}

function open({ open: checks, artefacts }: DashboardData): string {
  if (checks.length === 0)
    return artefacts.length === 0
      ? "Nothing has run yet. Begin with `npx keelson probe`, then `npx keelson drill --profile quick`."
      : "Every check of the last runs passes.";
  return markdownTable(
    ["Check", "Verdict", "Observed", "Threshold", "Owner", "Runbook"],
    checks.map((check) => [
      `${text(check.title)}${check.reason === undefined ? "" : `<br>${text(check.reason)}`}`,
      mark(check.verdict),
      text(figureText(check.observed, check.metric)),
      text(figureText(check.threshold, check.metric)),
      text(check.owner ?? "nobody"),
      place(check.runbook),
    ]),
    "llrrll",
  );
}

function latency({ latency: all }: DashboardData): string | null {
  if (all.length === 0) return null;
  return markdownTable(
    ["Scenario", "Profile", "p50", "p95", "p99", "Limit of p95", "Samples", "Runs"],
    all.map(({ scenario, profile, points, p95Limit }) => {
      const last = points.at(-1);
      return [
        text(scenario),
        text(profile ?? NONE),
        msText(last?.p50 ?? null),
        msText(last?.p95 ?? null),
        msText(last?.p99 ?? null),
        msText(p95Limit),
        countText(last?.count ?? 0),
        countText(points.length),
      ];
    }),
    "llrrrrrr",
  );
}

function outcomes({ outcomes: bars }: DashboardData): string | null {
  if (bars.length === 0) return null;
  return markdownTable(
    ["Drill, UTC", "Profile", "Verdict", "Success", "4xx", "5xx", "Network", "Time-out", "Unknown", "Unsent", "Bad"],
    bars
      .slice(0, 5)
      .map(({ at, profile, verdict, counts, badShare }) => [
        shortTimeText(at),
        text(profile ?? NONE),
        mark(verdict),
        ...(["success", "expected4xx", "5xx", "network", "timeout", "unknown", "unsent"] as const).map((outcome) =>
          countText(counts[outcome]),
        ),
        shareText(badShare),
      ]),
    "lllrrrrrrrr",
  );
}

function gameDays({ experiments }: DashboardData): string | null {
  if (experiments.length === 0) return null;
  return markdownTable(
    ["Experiment", "Last", "Came to", "Recovered in", "Owner", "Runbook"],
    experiments.map(({ title, owner, runbook, runs }) => {
      const last = runs.at(-1);
      const word = last === undefined ? NONE : last.deviated ? "deviated" : last.status;
      return [
        text(title),
        last === undefined ? NONE : dayText(last.at),
        text(word),
        last?.recoveredMs == null ? NONE : spanText(last.recoveredMs),
        text(owner ?? "nobody"),
        place(runbook),
      ];
    }),
  );
}

function owners({ owners: rows }: DashboardData): string | null {
  if (rows.length === 0) return null;
  return markdownTable(
    ["Owner", "Contact", "Objectives", "Experiments", "Open checks"],
    rows.map(({ owner, contact, slos, experiments, open: checks }) => [
      text(owner),
      text(contact ?? "none"),
      text(slos.join(", ") || "none"),
      countText(experiments),
      countText(checks),
    ]),
    "lllrr",
  );
}

function unreadable({ unreadable: files }: DashboardData): string | null {
  if (files.length === 0) return null;
  return [
    `${counted(files.length, "file")} could not be read, or only in part:`,
    "",
    ...files.map(({ file, why }) => `- ${place(file)}: ${text(why)}`),
  ].join("\n");
}
