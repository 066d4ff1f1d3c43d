import type { DashboardData, OwnerRow, Signal, SloRow } from "../data.js";
import { burnText, countText, msText, NONE, shareText, spanText } from "../format.js";
import { bullet } from "./charts/bars.js";
import { percent } from "./charts/scale.js";
import { type Html, html } from "./html.js";
import { type Places, runbookLink } from "./links.js";
import { badge, glyph, toneOf } from "./verdict.js";

/** Each objective: its budget, how fast it burns, and what drills say of it. */
export function objectives({ slos, owners }: DashboardData, places: Places): Html {
  return html`<section aria-labelledby="objectives"><h2 id="objectives">Objectives</h2>
${
  slos.length === 0
    ? html`<p class="empty">None are declared. <code>npx keelson init</code> writes a <code>slo-baseline.json</code> to start from.</p>`
    : html`<div class="cards">${slos.map((slo) => card(slo, owners, places))}</div>`
}</section>`;
}

function card(slo: SloRow, owners: readonly OwnerRow[], places: Places): Html {
  const contact = owners.find(({ owner }) => owner === slo.owner)?.contact ?? null;
  return html`<article class="card slo">
<div class="card-top"><h3>${slo.id}</h3>${badge(slo.verdict, WORDS[slo.verdict])}</div>
<p class="muted of">${shareText(slo.objective)} of ${slo.of.length === 0 ? "nothing that is measured" : slo.of.map((name) => html`<code>${name}</code> `)}</p>
${budget(slo)}
${
  slo.signals.length === 0
    ? html`<p class="muted">Nothing measures it yet: no snapshot has its indicator, no drill its scenarios.</p>`
    : groups(slo.signals).map(
        ([name, signals]) => html`<h4>${name}</h4><ul class="signals">${signals.map(signalRow)}</ul>`,
      )
}
<p class="card-foot"><span>${slo.owner}${contact !== null && html` <span class="muted">${contact}</span>`}</span><span>${runbookLink(slo.runbook, places, "Runbook")}</span></p>
</article>`;
}

function groups(signals: readonly Signal[]): [name: string, signals: Signal[]][] {
  const names = [...new Set(signals.map(({ group }) => group))];
  return names.map((name) => [name, signals.filter(({ group }) => group === name)]);
}

const WORDS: Readonly<Record<SloRow["verdict"], string>> = {
  pass: "met",
  warn: "watch",
  fail: "missed",
  inconclusive: "not proven",
  error: "error",
  skipped: "not judged",
};

function budget({ budget: spending }: SloRow): Html {
  if (spending === null)
    return html`<div class="budget"><p class="budget-figure muted">${NONE}</p><p class="muted">of the error budget: live traffic tells, in a snapshot</p></div>`;
  const { spent, pace, windowSec, coveredSec, periodSec, valid, bad } = spending;
  const tone = spent >= 1 ? "bad" : spent > pace ? "warn" : "good";
  const partly = coveredSec < windowSec * 0.99;
  const watched = `${partly ? `${spanText(coveredSec * 1_000)} watched of the last ` : "last "}${spanText(windowSec * 1_000)}`;
  const period = spanText(periodSec * 1_000);
  const label = `${shareText(spent)} of the error budget of ${period} spent; an even pace is ${shareText(pace)}`;
  return html`<div class="budget">
<p class="spent"><span class="budget-figure">${shareText(Number(spent.toFixed(3)))}</span><span>of the budget of ${period}<br><span class="muted">spent in the ${watched}</span></span></p>
<svg class="budget-bar" height="18" role="img" aria-label="${label}"><title>${label}</title><rect class="rest" y="4" width="100%" height="10" rx="5"/><rect class="${tone}" y="4" width="${percent(Math.min(100, Math.max(spent * 100, spent > 0 ? 1.5 : 0)))}" height="10" rx="5"/>${
    pace < 1 && html`<line class="tick" x1="${percent(pace * 100)}" x2="${percent(pace * 100)}" y1="0" y2="18"/>`
  }</svg>
<p class="muted fine">${countText(bad)} bad of ${countText(valid)}; an even pace is ${shareText(pace)}</p>
</div>`;
}

function signalRow(signal: Signal): Html {
  const tone = toneOf(signal.verdict);
  const text = { burn: burnText, ms: msText, share: shareText }[signal.unit];
  // What its figures say already.
  const restated = signal.verdict === "fail" && signal.unit !== "burn";
  const values = signal.unit === "burn" ? [signal.observed, signal.short] : [signal.observed];
  const burns = signal.unit === "burn" ? `${text(signal.observed)} · ${text(signal.short)}` : text(signal.observed);
  return html`<li class="${tone}">${glyph(tone, signal.verdict)}<span class="what">${signal.title}</span>
${bullet(values, signal.threshold, tone)}
<span class="figure">${burns}</span><span class="of-limit muted">${signal.threshold === null ? "" : `≤ ${text(signal.threshold)}`}</span>
${signal.reason !== null && !restated && signal.verdict !== "pass" && html`<span class="why">${signal.reason}</span>`}</li>`;
}
