import type { Section } from "./parts.js";

/** What single keys do. */
export interface Keys {
  readonly sections: readonly Section[];
  /** Whether they are wanted. */
  enabled(): boolean;
  help(): void;
  levers(): void;
  pause(): void;
}

/** Listens for single keys, except where somebody writes. */
export function shortcuts(keys: Keys): void {
  const all = keys.sections.map(({ node }) => node).filter((node) => node.id !== "");
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !keys.enabled()) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (target instanceof HTMLElement && target.closest("input, textarea, select") !== null) return;
    const parts = all.filter((node) => !node.hasAttribute("hidden"));
    const part =
      parts[
        wanted(
          key,
          parts.findIndex((node) => node.contains(document.activeElement)),
        )
      ];
    if (part instanceof HTMLElement) {
      part.scrollIntoView({ block: "start" });
      part.focus({ preventScroll: true });
    } else if (key === "?") keys.help();
    else if (key === "l" || key === "L") keys.levers();
    else if (key === "p" || key === "P") keys.pause();
    else return;
    event.preventDefault();
  });
}

/** Which part a key leads to, from the one that has the focus; -1: none has, or none is wanted. */
function wanted(key: string, from: number): number {
  if (/^[1-9]$/.test(key)) return Number(key) - 1;
  if (key === "j" || key === "J") return from + 1;
  return key === "k" || key === "K" ? from - 1 : -1;
}
