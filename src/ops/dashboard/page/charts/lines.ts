import type { LatencySeries } from "../../data.js";
import { countText, msText, shortTimeText } from "../../format.js";
import { seriesText } from "../../model/drills.js";
import { type Html, html } from "../html.js";
import { linear, percent, type Scale, spread, ticks } from "./scale.js";

const LINES = ["p99", "p95", "p50"] as const;
type Line = (typeof LINES)[number];
type Point = LatencySeries["points"][number];
/** Pixels: of the chart, and of one label in it. */
const HEIGHT = 190;
const LABEL = 15;
/** A limit farther away than this would press the lines flat; the text says it then. */
const FAR = 4;

/**
 * Percentiles of latency over runs. Paths are stretched to the room there is; text and dots aren't, for they are placed by
 * per cent and not drawn in the stretched part.
 */
export function latencyChart(series: LatencySeries): Html {
  const { points, p95Limit } = series;
  const highest = Math.max(0, ...points.flatMap((point) => LINES.map((line) => point[line] ?? 0)));
  const limit = p95Limit !== null && p95Limit <= FAR * highest ? p95Limit : null;
  const marks = ticks(Math.max(highest, limit ?? 0) * 1.04);
  const y = linear(0, marks.at(-1) ?? 1, 100, 0);
  const times = points.map(({ at }) => Date.parse(at));
  // Dots at the edge would be cut in half.
  const x = linear(Math.min(...times), Math.max(...times), 1.5, 98.5);
  return html`<div class="chart" role="img" aria-label="${description(series)}">
<svg class="y-axis" height="${HEIGHT}" aria-hidden="true">${marks.map(
    (mark) => html`<text x="100%" y="${percent(y(mark))}" dy=".32em" text-anchor="end">${msText(mark)}</text>`,
  )}</svg>
<svg class="plot" height="${HEIGHT}" aria-hidden="true">
${marks.map((mark) => html`<line class="grid" x1="0" x2="100%" y1="${percent(y(mark))}" y2="${percent(y(mark))}"/>`)}
<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">
${area(points, x, y)}${LINES.map((line) => html`<path class="${line}" d="${path(points, line, x, y)}"/>`)}
</svg>
${limit !== null && html`<line class="limit" x1="0" x2="100%" y1="${percent(y(limit))}" y2="${percent(y(limit))}"/>`}
${points.map((point, at) => column(point, at, series, x, y))}
</svg>
${labels(points.at(-1), limit, y)}
<svg class="x-axis" height="22" aria-hidden="true">${dates(points)}</svg>
</div>`;
}

/** A run: its dots, and the room around it that shows its figures when it is pointed at. */
function column(point: Point, index: number, { points, p95Limit }: LatencySeries, x: Scale, y: Scale): Html {
  const at = (n: number) => x(Date.parse(points[n]?.at ?? point.at));
  const here = at(index);
  const left = index === 0 ? 0 : (at(index - 1) + here) / 2;
  const right = index === points.length - 1 ? 100 : (at(index + 1) + here) / 2;
  const late = p95Limit !== null && (point.p95 ?? 0) > p95Limit;
  return html`<g class="run"><title>${shortTimeText(point.at)} UTC, ${point.verdict}
p50 ${msText(point.p50)}, p95 ${msText(point.p95)}, p99 ${msText(point.p99)}
${countText(point.count)} samples</title>
<rect class="hit" x="${percent(left)}" width="${percent(right - left)}" y="0" height="100%"/>
<line class="guide" x1="${percent(here)}" x2="${percent(here)}" y1="0" y2="100%"/>
${LINES.map((line) => {
  const value = point[line];
  if (value === null) return null;
  const over = line === "p95" && late;
  return html`<circle class="dot ${line}${over && " late"}" cx="${percent(here)}" cy="${percent(y(value))}" r="${over ? 4.5 : 2.6}"/>`;
})}</g>`;
}

/** Names and last figures of the lines, and the limit of p95, beside their ends. */
function labels(last: Point | undefined, limit: number | null, y: Scale): Html {
  const figures = LINES.flatMap((line) => {
    const value = last?.[line] ?? null;
    return value === null ? [] : [{ name: line, line, value }];
  });
  const shown = limit === null ? figures : [...figures, { name: "SLO", line: "limit-text", value: limit }];
  const places = spread(
    shown.map(({ value }) => (y(value) / 100) * HEIGHT),
    LABEL,
    HEIGHT,
  );
  return html`<svg class="ends" height="${HEIGHT}" aria-hidden="true">${shown.map(
    ({ name, line, value }, at) =>
      html`<text y="${(places[at] ?? 0).toFixed(1)}" dy=".32em" class="${line}"><tspan class="name">${name}</tspan><tspan x="30">${msText(value)}</tspan></text>`,
  )}</svg>`;
}

function dates(points: readonly Point[]): Html {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return html``;
  const text = (at: string) => shortTimeText(at).replace(/,.*/, "");
  if (points.length === 1) return html`<text x="50%" y="15" text-anchor="middle">${text(first.at)}</text>`;
  return html`<text x="0" y="15">${text(first.at)}</text><text x="100%" y="15" text-anchor="end">${text(last.at)}</text>`;
}

/** A path, with a gap where a run has no figure. */
function path(points: readonly Point[], line: Line, x: Scale, y: Scale): string {
  let drawing = false;
  return points
    .flatMap((point) => {
      const value = point[line];
      const command = drawing ? "L" : "M";
      drawing = value !== null;
      return value === null ? [] : [`${command}${place(point, value, x, y)}`];
    })
    .join("");
}

/** What lies between the median and p95: where most slow answers are. */
function area(points: readonly Point[], x: Scale, y: Scale): Html | null {
  const whole = points.filter(({ p50, p95 }) => p50 !== null && p95 !== null);
  if (whole.length < 2 || whole.length < points.length) return null;
  const upper = whole.map((point) => place(point, point.p95 ?? 0, x, y));
  const lower = whole.map((point) => place(point, point.p50 ?? 0, x, y)).toReversed();
  return html`<path class="band" d="M${[...upper, ...lower].join("L")}Z"/>`;
}

function place({ at }: Point, value: number, x: Scale, y: Scale): string {
  return `${x(Date.parse(at)).toFixed(2)} ${y(value).toFixed(2)}`;
}

function description(series: LatencySeries): string {
  const { scenario, points, p95Limit } = series;
  const last = points.at(-1);
  const late = p95Limit === null ? 0 : points.filter(({ p95 }) => (p95 ?? 0) > p95Limit).length;
  return [
    `Latency of ${scenario} over ${seriesText(series)}.`,
    last && `Last: p50 ${msText(last.p50)}, p95 ${msText(last.p95)}, p99 ${msText(last.p99)}.`,
    p95Limit !== null && `${late} of ${points.length} with p95 above the objective of ${msText(p95Limit)}.`,
  ]
    .filter(Boolean)
    .join(" ");
}
