import type { OutcomeBar } from "../../data.js";
import { countText, shareText } from "../../format.js";
import { OUTCOMES, type Outcome } from "../../sources.js";
import { type Html, html } from "../html.js";
import type { Tone } from "../verdict.js";
import { percent } from "./scale.js";

/** A part that is there is seen, however small. */
const LEAST = 0.5;

/** How outcomes are called on the page. */
export const OUTCOME_NAMES: Readonly<Record<Outcome, string>> = {
  success: "success",
  expected4xx: "expected 4xx",
  "5xx": "5xx",
  network: "network",
  timeout: "time-out",
  unknown: "unknown",
  unsent: "unsent",
  aborted: "aborted",
};

/** All requests of a bar. */
export function totalOf({ counts }: Pick<OutcomeBar, "counts">): number {
  return OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}

/**
 * Outcomes one beside the other.
 *
 * @param outcomes which
 * @param scale share of all requests that the whole width stands for
 */
export function outcomeStack(bar: OutcomeBar, outcomes: readonly Outcome[], scale: number): Html {
  const total = totalOf(bar);
  const parts = outcomes.filter((outcome) => bar.counts[outcome] > 0);
  const widths = fitted(parts.map((outcome) => (bar.counts[outcome] / total / scale) * 100));
  const rects = parts.map((outcome, at) => {
    const left = widths.slice(0, at).reduce((sum, width) => sum + width, 0);
    return html`<rect class="o-${outcome}" x="${percent(left)}" width="${percent(widths[at] ?? 0)}" height="100%"><title>${OUTCOME_NAMES[outcome]}: ${countText(bar.counts[outcome])} (${shareText(bar.counts[outcome] / total)})</title></rect>`;
  });
  return html`<svg class="stack" height="14" role="img" aria-label="${outcomesText(bar, outcomes)}">${rects}</svg>`;
}

/** Widths in per cent, none too small to be seen; the largest gives what the others need beyond 100. */
function fitted(widths: readonly number[]): number[] {
  const seen = widths.map((width) => Math.max(LEAST, width));
  const over = seen.reduce((sum, width) => sum + width, 0) - 100;
  const largest = seen.indexOf(Math.max(...seen));
  return seen.map((width, at) => (over > 0 && at === largest ? Math.max(LEAST, width - over) : width));
}

/** `success 99.2 %, 5xx 0.3 %` */
export function outcomesText(bar: OutcomeBar, outcomes: readonly Outcome[] = OUTCOMES): string {
  const total = totalOf(bar);
  const parts = outcomes.filter((outcome) => bar.counts[outcome] > 0);
  return parts.length === 0
    ? "none"
    : parts.map((outcome) => `${OUTCOME_NAMES[outcome]} ${shareText(bar.counts[outcome] / total)}`).join(", ");
}

/** A figure against its limit, which is a line at four fifths of the width: what is over it sticks out. */
export function bullet(values: readonly (number | null)[], threshold: number | null, tone: Tone): Html {
  const height = 10;
  const known = values.filter((value) => value !== null);
  if (threshold === null || threshold <= 0 || known.length === 0)
    return html`<svg class="bullet" height="${height}" aria-hidden="true"><rect class="rest" width="100%" height="100%"/></svg>`;
  const each = known.length === 1 ? 6 : 3;
  return html`<svg class="bullet" height="${height}" aria-hidden="true">${known.map((value, at) => {
    const width = Math.min(100, Math.max(value > 0 ? 1.5 : 0, (value / threshold) * 80));
    const y = known.length === 1 ? 2 : 1 + at * 5;
    return html`<rect class="rest" y="${y}" width="100%" height="${each}"/><rect class="${tone}" y="${y}" width="${percent(width)}" height="${each}"/>`;
  })}<line class="tick" x1="80%" x2="80%" y1="0" y2="${height}"/></svg>`;
}
