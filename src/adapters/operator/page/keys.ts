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
  const parts = keys.sections.map(({ node }) => node).filter((node) => node.id !== "");
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !keys.enabled()) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (target instanceof HTMLElement && target.closest("input, textarea, select") !== null) return;
    const part = /^[1-9]$/.test(key) ? parts[Number(key) - 1] : undefined;
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
