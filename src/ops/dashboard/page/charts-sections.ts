import type { DashboardData, LatencySeries, OutcomeBar } from "../data.js";
import { countText, msText, NONE, shareText, shortTimeText } from "../format.js";
import { seriesText, validOf } from "../model/drills.js";
import { OUTCOMES } from "../sources.js";
import { OUTCOME_NAMES, outcomeStack, outcomesText, totalOf } from "./charts/bars.js";
import { latencyChart } from "./charts/lines.js";
import { type Html, html } from "./html.js";
import { fileLink } from "./links.js";
import { table } from "./table.js";
import { badge, glyph, toneOf } from "./verdict.js";

const NOT_SUCCESS = OUTCOMES.filter((outcome) => outcome !== "success");

/** Percentiles over the runs of each scenario: of the profile with most runs, and folded away, of the others. */
export function latency({ latency: all }: DashboardData): Html {
  const usual = all.filter((series, at) => all.findIndex(({ scenario }) => scenario === series.scenario) === at);
  const others = all.filter((series) => !usual.includes(series));
  return html`<section aria-labelledby="latency"><h2 id="latency">Latency</h2>
${
  all.length === 0
    ? html`<p class="empty">No drill has run. <code>npx keelson drill --profile quick</code> takes half a minute.</p>`
    : html`<div class="cards wide">${usual.map(latencyCard)}</div>`
}
${
  others.length > 0 &&
  html`<details class="more"><summary>Other profiles: ${[...new Set(others.map(({ profile }) => profile ?? "none"))].join(", ")}</summary><div class="cards wide">${others.map(latencyCard)}</div></details>`
}</section>`;
}

function latencyCard(series: LatencySeries): Html {
  const { scenario, p95Limit, p99Limit, merged, points } = series;
  const limits = [p95Limit !== null && `p95 ≤ ${msText(p95Limit)}`, p99Limit !== null && `p99 ≤ ${msText(p99Limit)}`];
  return html`<article class="card"><div class="card-top"><h3>${scenario}</h3><span class="muted">${seriesText(series)}</span></div>
${latencyChart(series)}
<p class="muted fine">${limits.filter(Boolean).join(", ") || "No objective"}. ${
    merged !== null &&
    html`All samples together (${countText(merged.count)}): p50 ${msText(merged.p50)}, p95 ${msText(merged.p95)}, p99 ${msText(merged.p99)}.`
  }</p>
<details><summary>Figures</summary>${table(
    `Latency of ${scenario} by run`,
    [
      { head: "Run, UTC", kind: "main", cell: (point) => fileLink(point.file, shortTimeText(point.at)) },
      { head: "Verdict", cell: (point) => badge(point.verdict) },
      { head: "p50", kind: "num", cell: ({ p50 }) => msText(p50) },
      { head: "p95", kind: "num", cell: ({ p95 }) => msText(p95) },
      { head: "p99", kind: "num", cell: ({ p99 }) => msText(p99) },
      { head: "Samples", kind: "num", cell: ({ count }) => countText(count) },
    ],
    points.toReversed(),
  )}</details></article>`;
}

/** How the requests of each drill ended: all of them, and larger, those that weren't a success. */
export function outcomes({ outcomes: bars }: DashboardData): Html {
  const shares = bars.map((bar) => (totalOf(bar) === 0 ? 0 : 1 - bar.counts.success / totalOf(bar)));
  const scale = Math.min(1, Math.max(0.005, ...shares) * 1.05);
  const seen = OUTCOMES.filter((outcome) => bars.some(({ counts }) => counts[outcome] > 0));
  return html`<section aria-labelledby="outcomes"><h2 id="outcomes">Outcomes</h2>
${
  bars.length === 0
    ? html`<p class="empty">No drill has run, so no request has ended.</p>`
    : html`<div class="card"><ul class="legend" aria-label="Outcomes by colour">${seen.map(
        (outcome) =>
          html`<li><svg width="12" height="12" aria-hidden="true"><rect class="o-${outcome}" width="12" height="12" rx="3"/></svg>${OUTCOME_NAMES[outcome]}</li>`,
      )}</ul>
<ol class="mixes"><li class="mix-head" aria-hidden="true"><span>Drill</span><span>All requests</span><span>Not a success, to ${shareText(Number(scale.toPrecision(2)))} of all</span><span>Bad</span></li>${bars.map((bar) => mix(bar, scale))}</ol>
<details><summary>Figures</summary>${figures(bars)}</details></div>`
}</section>`;
}

function mix(bar: OutcomeBar, scale: number): Html {
  const tone = toneOf(bar.verdict);
  return html`<li><span class="mix-run">${glyph(tone, bar.verdict)}${fileLink(bar.file, shortTimeText(bar.at))} <span class="muted">${bar.profile}</span></span>
${outcomeStack(bar, OUTCOMES, 1)}
${outcomeStack(bar, NOT_SUCCESS, scale)}
<span class="mix-bad" title="${outcomesText(bar)}">${bar.badShare === null ? NONE : html`${shareText(Number(bar.badShare.toFixed(5)))}<span class="narrow"> bad</span>`}</span></li>`;
}

function figures(bars: readonly OutcomeBar[]): Html {
  return table(
    "Outcomes by drill",
    [
      { head: "Drill, UTC", kind: "main", cell: (bar) => html`${shortTimeText(bar.at)} ${bar.profile}` },
      ...OUTCOMES.map((outcome) => ({
        head: OUTCOME_NAMES[outcome],
        kind: "num" as const,
        cell: ({ counts }: OutcomeBar) => countText(counts[outcome]),
      })),
      { head: "valid", kind: "num", cell: ({ counts }) => countText(validOf(counts)) },
    ],
    bars,
  );
}
