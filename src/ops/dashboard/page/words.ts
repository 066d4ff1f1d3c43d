import type { ShownKind, SloRow } from "../data.js";
import { counted } from "../format.js";
import type { Tone } from "./verdict.js";

/** Names of the kinds of runs, and the command that makes one. */
export const KINDS: Readonly<Record<ShownKind, { readonly name: string; readonly command: string }>> = {
  "release-gate": { name: "Release gate", command: "npx keelson gate" },
  "canary-check": { name: "Canary", command: "npx keelson canary" },
  "synthetic-probes": { name: "Probes", command: "npx keelson probe" },
  "load-drill": { name: "Load drill", command: "npx keelson drill" },
  "game-day": { name: "Game day", command: "npx keelson gameday" },
};

/** How the objectives stand, in a sentence. */
export function headline(slos: readonly Pick<SloRow, "id" | "verdict">[]): {
  readonly text: string;
  readonly tone: Tone;
} {
  const of = (...verdicts: SloRow["verdict"][]) => slos.filter(({ verdict }) => verdicts.includes(verdict));
  const names = (rows: readonly Pick<SloRow, "id">[]) => listed(rows.map(({ id }) => id));
  if (slos.length === 0) return { text: "No objectives are declared yet.", tone: "none" };
  const missed = of("fail", "error");
  if (missed.length > 0)
    return { text: `${names(missed)} ${missed.length === 1 ? "misses its" : "miss their"} objective.`, tone: "bad" };
  const near = of("warn");
  if (near.length > 0)
    return { text: `${names(near)} ${near.length === 1 ? "asks" : "ask"} for a look.`, tone: "warn" };
  const unproven = of("inconclusive", "skipped");
  if (unproven.length === slos.length) return { text: "No objective is proven yet.", tone: "open" };
  if (unproven.length > 0) return { text: `Nothing is missed; ${names(unproven)} isn't proven.`, tone: "open" };
  return {
    text: slos.length === 1 ? "The objective is met." : `All ${counted(slos.length, "objective")} are met.`,
    tone: "good",
  };
}

function listed(names: readonly string[]): string {
  if (names.length > 3) return `${names.slice(0, 2).join(", ")} and ${names.length - 2} others`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
