import type { Verdict } from "../../verdict.js";
import { type Html, html } from "./html.js";

/** How a verdict looks: by its colour and, for those who don't see that, by its shape. */
export type Tone = "good" | "warn" | "bad" | "open" | "none";

const TONES: Readonly<Record<Verdict, Tone>> = {
  pass: "good",
  release: "good",
  promote: "good",
  warn: "warn",
  hold: "open",
  inconclusive: "open",
  interrupted: "open",
  error: "bad",
  fail: "bad",
  block: "bad",
  rollback: "bad",
  skipped: "none",
};

export function toneOf(verdict: Verdict): Tone {
  return TONES[verdict];
}

const SHAPES: Readonly<Record<Tone, Html>> = {
  good: html`<circle cx="8" cy="8" r="7.5" class="fill"/><path d="m4.7 8.3 2.3 2.3 4.3-4.9" class="mark"/>`,
  warn: html`<path d="M8 .9 15.6 14.6H.4Z" class="fill" stroke-linejoin="round"/><path d="M8 5.6v4M8 12v.1" class="mark"/>`,
  bad: html`<path d="M4.9.5h6.2l4.4 4.4v6.2l-4.4 4.4H4.9L.5 11.1V4.9Z" class="fill"/><path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" class="mark"/>`,
  open: html`<circle cx="8" cy="8" r="6.6" class="ring"/><path d="M8 4.4V8l2.3 1.7" class="line"/>`,
  none: html`<circle cx="8" cy="8" r="6.6" class="ring"/><path d="M5 8h6" class="line"/>`,
};

/** The sign of a verdict. It says nothing to a screen reader: the word stands beside it, or is given as `label`. */
export function glyph(tone: Tone, label?: string): Html {
  return label === undefined
    ? html`<svg class="glyph ${tone}" viewBox="0 0 16 16" aria-hidden="true">${SHAPES[tone]}</svg>`
    : html`<svg class="glyph ${tone}" viewBox="0 0 16 16" role="img" aria-label="${label}"><title>${label}</title>${SHAPES[tone]}</svg>`;
}

/** A verdict in its colour, with its sign. */
export function badge(verdict: Verdict, word: string = verdict): Html {
  const tone = toneOf(verdict);
  return html`<span class="badge ${tone}">${glyph(tone)}${word}</span>`;
}
