import type { Artefact } from "../../artefact/envelope.js";
import type { Verdict } from "../../verdict.js";
import type { DashboardData, Latest, RunRow } from "../data.js";
import { counted, shortTimeText, timeText } from "../format.js";
import { type Html, html } from "./html.js";
import { glyph, type Tone, toneOf } from "./verdict.js";
import { headline, KINDS } from "./words.js";

const BAR = 5;
const STEP = 8;
const BAR_HEIGHT = 20;
const HEIGHTS: Readonly<Record<Tone, number>> = { good: 8, none: 8, open: 13, warn: 13, bad: BAR_HEIGHT };

/** The head of the page: what it is of, and how things stand in a sentence. */
export function heading({ data, git }: Pick<Artefact<"slo-dashboard", DashboardData>, "data" | "git">): Html {
  const { text, tone } = headline(data.slos);
  return html`<header class="top">
<p class="eyebrow">Reliability</p>
<h1>${data.service}</h1>
<p class="headline">${glyph(tone)}<span>${text}</span></p>
<dl class="facts">
<div><dt>Made</dt><dd><time datetime="${data.until}">${timeText(data.until)}</time></dd></div>
<div><dt>Commit</dt><dd>${
    git === null
      ? "none"
      : html`<code>${git.commit.slice(0, 9)}</code>${git.branch !== null && html` on ${git.branch}`}${git.dirty && ", with changes"}`
  }</dd></div>
<div><dt>Live figures</dt><dd>${
    data.snapshot === null
      ? "none: no snapshot"
      : html`${data.snapshot.source === "live" ? "" : "snapshot of "}<time datetime="${data.snapshot.at}">${shortTimeText(data.snapshot.at)} UTC</time>${data.snapshot.processes > 1 && `, ${data.snapshot.processes} processes`}`
  }</dd></div>
<div><dt>Artefacts</dt><dd>${counted(data.artefacts.length, "run")} since <time datetime="${data.since}">${shortTimeText(data.since).replace(/,.*/, "")}</time></dd></div>
</dl>
</header>`;
}

/** The last verdict of each kind of run, and those before it. */
export function verdicts({ latest }: DashboardData): Html {
  return html`<section aria-labelledby="runs"><h2 id="runs" class="hidden">Last runs</h2>
<ul class="strip">${latest.map(tile)}</ul></section>`;
}

function tile({ kind, run, stale, history }: Latest): Html {
  const { name, command } = KINDS[kind];
  if (run === null)
    return html`<li><h3>${name}</h3><p class="verdict none">${glyph("none")}not run</p><p class="muted"><code>${command}</code></p></li>`;
  return html`<li><h3>${name}${run.variant !== null && html` · ${run.variant}`}</h3>
<p class="verdict ${toneOf(run.verdict)}">${glyph(toneOf(run.verdict))}${run.verdict}</p>
<p class="muted"><time datetime="${run.at}">${shortTimeText(run.at)}</time>${stale && ", over a week old"}<br>${checksText(run.checks)}</p>
${history.length > 1 && trail(history)}</li>`;
}

/** `3 of 24 checks failed` */
export function checksText(checks: RunRow["checks"]): string {
  const total = Object.values(checks).reduce((sum, count) => sum + count, 0);
  if (total === 0) return "no checks";
  const parts = [
    [checks.fail, "failed"],
    [checks.error, "could not be made"],
    [checks.inconclusive, "inconclusive"],
    [checks.warn, "with a warning"],
  ] as const;
  const [worst] = parts.filter(([count]) => count > 0);
  return worst === undefined
    ? `${counted(total, "check")}, none failed`
    : `${worst[0]} of ${counted(total, "check")} ${worst[1]}`;
}

/** Verdicts one after the other, as bars: the worse, the taller. */
function trail(history: readonly { readonly at: string; readonly verdict: Verdict }[]): Html {
  const notGood = history.filter(({ verdict }) => toneOf(verdict) !== "good").length;
  const label = `The last ${counted(history.length, "run")}: ${notGood === 0 ? "all good" : `${notGood} not good`}`;
  const width = history.length * STEP - (STEP - BAR);
  return html`<svg class="trail" viewBox="0 0 ${width} ${BAR_HEIGHT}" width="${width}" height="${BAR_HEIGHT}" role="img" aria-label="${label}">${history.map(
    ({ at, verdict }, index) => {
      const height = HEIGHTS[toneOf(verdict)];
      return html`<g><title>${shortTimeText(at)}: ${verdict}</title><rect class="hit" x="${index * STEP - 1}" width="${STEP}" height="${BAR_HEIGHT}"/><rect class="${toneOf(verdict)}" x="${index * STEP}" y="${BAR_HEIGHT - height}" width="${BAR}" height="${height}" rx="1.5"/></g>`;
    },
  )}</svg>`;
}
