import type { Surface } from "../../../../boundary/surface/surface.js";
import { el, list, put } from "../dom.js";
import { type Column, row, type Section, table } from "../parts.js";

const COLUMNS: readonly Column[] = [["Way in"], ["Auth"], ["Limits"], ["Checks"], ["Body", "num"]];

/** Every way into the service with its protections; folded, for nobody on call reads it first. */
export function surface(): Section {
  const { node: rows, body } = table("Ways into the service", COLUMNS);
  const title = el("h2", { id: "surface-title" }, "Surface");
  const note = el("span", { class: "note" });
  const node = el(
    "section",
    { id: "surface", "aria-labelledby": "surface-title", tabindex: "-1" },
    el("details", {}, el("summary", {}, title, note), rows),
  );
  const show = list<Surface>(body, () => {
    const { node: line, cells } = row(COLUMNS);
    return {
      node: line,
      update: (one) => {
        const texts = [
          one.kind === "http" ? `${one.method} ${one.path}` : one.name,
          one.auth.kind === "anonymous" ? `anyone: ${one.auth.why}` : (one.auth.by ?? "declared"),
          one.limits.kind === "unlimited"
            ? `none: ${one.limits.why}`
            : one.limits.by.map(({ limiter, key }) => `${limiter} by ${key}`).join(", "),
          one.validates.join(", "),
          one.maxBytes === undefined ? "–" : `${Math.round(one.maxBytes / 1024)} kB`,
        ];
        cells.forEach((cell, at) => {
          put(cell, texts[at] ?? "");
        });
      },
    };
  });
  return {
    node,
    update: ({ now }) => {
      put(note, `${now.surface.length} ways in`);
      show(now.surface.map((one) => [`${one.name} ${one.method ?? ""} ${one.path ?? ""}`, one]));
    },
  };
}
