import type { DashboardData, ExperimentHistory, OpenCheck } from "../data.js";
import { counted, dayText, figureText, shortTimeText, spanText } from "../format.js";
import { type Html, html } from "./html.js";
import { fileLink, type Places, runbookLink } from "./links.js";
import { checksText } from "./overview.js";
import { table } from "./table.js";
import { badge, glyph } from "./verdict.js";
import { KINDS } from "./words.js";

const COLUMNS = 8;

/** Checks that aren't a pass, with who to ask and what to read. */
export function openChecks({ open, artefacts }: DashboardData, places: Places): Html {
  const none = artefacts.length === 0 ? "Nothing has run yet." : "Every check of the last runs passes.";
  return html`<section aria-labelledby="open"><h2 id="open">What needs a look${open.length > 0 && html` <span class="count">${open.length}</span>`}</h2>
${
  open.length === 0
    ? html`<p class="empty">${none}</p>`
    : html`<div class="card flush">${table<OpenCheck>(
        "Checks of the last runs that are not a pass",
        [
          {
            head: "Check",
            kind: "main",
            cell: (check) =>
              html`<span class="check-title">${check.title}</span><span class="muted fine">${check.reason ?? check.id}</span>`,
          },
          { head: "Verdict", cell: ({ verdict }) => badge(verdict) },
          {
            head: "Observed",
            kind: "num",
            cell: ({ observed, threshold, metric }) =>
              html`${figureText(observed, metric)}${threshold !== null && html` <span class="muted">of ${figureText(threshold, metric)}</span>`}`,
          },
          { head: "Owner", cell: ({ owner }) => owner ?? html`<span class="muted">nobody</span>` },
          { head: "Runbook", cell: ({ runbook }) => runbookLink(runbook, places) },
          {
            head: "From",
            cell: ({ kind, file, at }) =>
              html`${fileLink(file, KINDS[kind].name)} <span class="muted">${dayText(at)}</span>`,
          },
        ],
        open,
      )}</div>`
}</section>`;
}

/** Experiments by the days on which they were made. */
export function gameDays({ experiments }: DashboardData, places: Places): Html {
  const days = [...new Map(experiments.flatMap(({ runs }) => runs).map((run) => [run.file, run.at]))]
    .sort(([, a], [, b]) => b.localeCompare(a))
    .slice(0, COLUMNS)
    .map(([file, at]) => ({ file, at }));
  return html`<section aria-labelledby="game-days"><h2 id="game-days">Game days</h2>
${
  experiments.length === 0
    ? html`<p class="empty">None was held. <code>npx keelson gameday</code> runs the experiments and writes down what came of them.</p>`
    : html`<div class="card flush"><table class="matrix"><caption class="hidden">Outcomes of experiments by day, newest first</caption>
<thead><tr><th scope="col">Experiment</th>${days.map(({ file, at }) => html`<th scope="col">${fileLink(file, dayText(at))}</th>`)}</tr></thead>
<tbody>${experiments.map((experiment) => experimentRow(experiment, days, places))}</tbody></table></div>`
}</section>`;
}

function experimentRow(
  { title, owner, runbook, runs }: ExperimentHistory,
  days: readonly { readonly file: string }[],
  places: Places,
): Html {
  return html`<tr><th scope="row"><span class="check-title">${title}</span><span class="muted fine">${owner ?? "nobody"} · ${runbookLink(runbook, places)}</span></th>${days.map(
    ({ file }) => {
      const run = runs.find((each) => each.file === file);
      return html`<td>${run === undefined ? html`<span class="muted" title="not run">·</span>` : outcome(run)}</td>`;
    },
  )}</tr>`;
}

function outcome({ status, deviated, recoveredMs, at }: ExperimentHistory["runs"][number]): Html {
  const word = deviated ? "deviated" : status;
  const tone = deviated || status === "failed" ? "bad" : status === "completed" ? "good" : "open";
  const recovered = recoveredMs === null ? word : spanText(recoveredMs);
  const label = `${word}${recoveredMs === null ? "" : `, recovered in ${recovered}`}`;
  return html`<span class="cell" title="${shortTimeText(at)}: ${label}">${glyph(tone, word)}<span>${recovered}</span></span>`;
}

/** Who owns what. */
export function owners({ owners: rows }: DashboardData): Html {
  return html`<section aria-labelledby="owners"><h2 id="owners">Owners</h2>
${
  rows.length === 0
    ? html`<p class="empty">Nothing that is shown has an owner. <code>ownership-matrix.json</code> names them.</p>`
    : html`<div class="card flush">${table(
        "Owners",
        [
          { head: "Owner", kind: "main", cell: ({ owner }) => owner },
          { head: "Contact", cell: ({ contact }) => contact ?? html`<span class="muted">none</span>` },
          { head: "Objectives", cell: ({ slos }) => slos.join(", ") || html`<span class="muted">none</span>` },
          { head: "Experiments", kind: "num", cell: ({ experiments }) => String(experiments) },
          { head: "Open checks", kind: "num", cell: ({ open }) => String(open) },
        ],
        rows,
      )}</div>`
}</section>`;
}

/** What all of this is from. */
export function artefacts({ artefacts: runs, unreadable, older }: DashboardData): Html {
  return html`<section aria-labelledby="artefacts"><h2 id="artefacts">Artefacts</h2>
${
  unreadable.length > 0 &&
  html`<div class="card notice"><p>${glyph("warn")}<strong>${counted(unreadable.length, "file")} could not be read, or only in part</strong></p><ul>${unreadable.map(
    ({ file, why }) => html`<li>${fileLink(file)}: ${why}</li>`,
  )}</ul></div>`
}
${
  runs.length === 0
    ? html`<p class="empty">There are none yet. Begin with <code>npx keelson probe</code>, then <code>npx keelson drill --profile quick</code>.</p>`
    : html`<details class="more list"><summary>${counted(runs.length, "run")}${older > 0 && `, and ${counted(older, "older file")} left out`}</summary><div class="card flush">${table(
        "Artefacts, newest first",
        [
          { head: "File", kind: "main", cell: ({ file }) => fileLink(file) },
          { head: "When, UTC", cell: ({ at }) => shortTimeText(at) },
          { head: "Verdict", cell: ({ verdict }) => badge(verdict) },
          { head: "Checks", cell: ({ checks }) => checksText(checks) },
          {
            head: "Commit",
            cell: ({ commit }) => (commit === null ? "none" : html`<code>${commit.slice(0, 9)}</code>`),
          },
        ],
        runs,
      )}</div></details>`
}</section>`;
}
