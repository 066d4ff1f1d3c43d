import type { Artefact, ArtefactKind } from "../artefact/envelope.js";
import type { Check, CheckVerdict } from "../verdict.js";

/** What a kind of artefact is called at the head of a report. */
export const TITLES: Readonly<Record<ArtefactKind, string>> = {
  "synthetic-probes": "Synthetic probes",
  "load-drill": "Load drill",
  "release-gate": "Release gate",
  "canary-check": "Canary",
  "game-day": "Game day",
  "slo-dashboard": "SLO dashboard",
  comparison: "Comparison",
};

export const MARKS: Readonly<Record<CheckVerdict, string>> = {
  pass: "✓",
  warn: "!",
  fail: "✗",
  inconclusive: "?",
  error: "✗",
  skipped: "–",
};

/** Checks that somebody has to look at. */
export function needsAttention({ verdict }: Pick<Check, "verdict">): boolean {
  return verdict !== "pass" && verdict !== "skipped";
}

/** `12 passed, 1 failed`. */
export function tally(checks: readonly Pick<Check, "verdict">[]): string {
  const words: readonly (readonly [CheckVerdict, string])[] = [
    ["pass", "passed"],
    ["warn", "with a warning"],
    ["fail", "failed"],
    ["inconclusive", "inconclusive"],
    ["error", "in error"],
    ["skipped", "skipped"],
  ];
  const parts = words.flatMap(([verdict, word]) => {
    const count = checks.filter((check) => check.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return parts.length === 0 ? "no checks" : parts.join(", ");
}

/** `p95Ms 812, at most 500 (n = 1200)`, as far as that is known. */
export function figures({ metric, observed, threshold, n }: Check): string {
  const parts = [
    observed === null ? undefined : `${metric === null ? "" : `${metric} `}${number(observed)}`,
    threshold === null ? undefined : `limit ${number(threshold)}`,
    n === null ? undefined : `n = ${n}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

/** At most four digits that matter. */
export function number(value: number | string): string {
  return typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(4))) : String(value);
}

/** `http://127.0.0.1:8080`, of an artefact that has one target. */
export function targetText({ target }: Artefact): string {
  return [...new Set(Object.values(target))].join(", ");
}
