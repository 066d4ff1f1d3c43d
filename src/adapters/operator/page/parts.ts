import type { Snapshot } from "../../../observe/snapshot.js";
import type { Levers } from "./api.js";
import { type Child, el, mark, put, type View } from "./dom.js";
import { percent } from "./format.js";
import { budgetLevel, type Level } from "./health.js";
import type { History } from "./history.js";

/** What every section is shown. */
export interface State {
  readonly now: Snapshot;
  readonly history: History;
  readonly levers: Levers;
  /** Opens the dialog to pull a lever of these kinds on this target. */
  readonly act: (kinds: string, target: string) => void;
  /** Opens the dialog to release one. */
  readonly release: (id: string) => void;
}

/** A part of the page. */
export type Section = View<State>;

/** A section's frame: what it is called, and a line beside that. */
export function section(id: string, title: string, ...children: readonly Child[]) {
  const note = el("span", { class: "note" });
  const node = el(
    "section",
    { id, "aria-labelledby": `${id}-title`, tabindex: "-1" },
    el("header", {}, el("h2", { id: `${id}-title` }, title), note),
    ...children,
  );
  return { node, note };
}

/** One column of a table: numbers, what was lately (a line of its own on a phone), or the row's levers. */
export type Column = readonly [title: string, kind?: "" | "num" | "past" | "act"];

/**
 * A table; rows go into `body`. On a phone each row is a card, and no longer laid out as a table: roles say that it still
 * is one.
 */
export function table(caption: string, columns: readonly Column[]) {
  const body = el("tbody", { role: "rowgroup" });
  const heads = columns.map(([title, kind = ""]) =>
    el(
      "th",
      { scope: "col", role: "columnheader", class: kind },
      kind === "act" ? el("span", { class: "hidden" }, "Levers") : title,
    ),
  );
  const node = el(
    "div",
    { class: "scroll" },
    el(
      "table",
      { role: "table" },
      el("caption", { class: "hidden" }, caption),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads)),
      body,
    ),
  );
  return { node, body };
}

/** Cells of a row, the first being what the row is about. */
export function row(columns: readonly Column[]) {
  const cells = columns.map(([title, kind = ""], at) =>
    at === 0
      ? el("th", { scope: "row", role: "rowheader", class: kind })
      : el("td", { role: "cell", class: kind, ...(title !== "" && { "data-label": title }) }),
  );
  return { node: el("tr", { role: "row" }, ...cells), cells };
}

const SHAPES: Readonly<Record<Level, string>> = { ok: "●", warn: "▲", bad: "■", idle: "○" };

/** Says how something is by shape, colour and word. */
export function badge() {
  const shape = el("span", { "aria-hidden": "true", class: "shape" });
  const word = el("span");
  const node = el("span", { class: "badge" }, shape, word);
  return {
    node,
    show: (level: Level, text: string) => {
      mark(node, "data-level", level);
      put(shape, SHAPES[level]);
      put(word, text);
    },
  };
}

/** A bar that is filled in part, with its figure. */
export function bar(label: string) {
  const fill = el("span", { class: "fill" });
  const figure = el("span", { class: "figure" });
  const track = el(
    "span",
    { class: "track", role: "meter", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100" },
    fill,
  );
  const node = el("span", { class: "bar" }, track, figure);
  return {
    node,
    show: (share: number | null, level: Level, text: string) => {
      const hundred = Math.round(Math.min(1, Math.max(0, share ?? 0)) * 100);
      mark(node, "data-level", level);
      mark(track, "aria-valuenow", String(hundred));
      mark(track, "aria-valuetext", text);
      fill.style.width = `${hundred}%`;
      put(figure, text);
    },
  };
}

/** The button of a row that leads to its levers; not there where there are none for it. */
export function leverButton(kinds: string, target: string, called: string = target) {
  let act: State["act"] | undefined;
  const node = el(
    "button",
    { type: "button", class: "quiet", "aria-label": `Levers of ${called}`, click: () => act?.(kinds, target) },
    "Levers…",
  );
  node.hidden = true;
  return {
    node,
    update: (state: State) => {
      act = state.act;
      node.hidden = !state.levers.catalogue.some(
        ({ lever, targets }) => kindOf(lever, kinds) && targets.some((one) => concerns(one, target)),
      );
    },
  };
}

/** Whether a lever is of these kinds: `breaker|bulkhead`. */
export function kindOf(lever: string, kinds: string): boolean {
  return kinds.split("|").some((kind) => lever.startsWith(`${kind}.`));
}

/** Whether a lever's target is this, a part of it, or what it is a part of. */
export function concerns(target: string, name: string): boolean {
  // `upstream:serper`: the row says only the name.
  const bare = target.replace(/^(?:upstream|breaker|bulkhead):/, "");
  return target === "*" || target === name || partOf(bare, name) || partOf(name, bare);
}

function partOf(part: string, whole: string): boolean {
  return part === whole || (part.startsWith(whole) && /^[/:.]/.test(part.slice(whole.length)));
}

/** A name that may be broken after what divides it, and nowhere else. */
export function named(cell: Element | undefined, name: string): void {
  cell?.append(...name.split(/(?<=[/:._-])/).flatMap((part, at) => (at === 0 ? [part] : [el("wbr"), part])));
}

/** The bar of an error budget. */
export function budgetBar(name: string) {
  const { node, show } = bar(`Error budget left of ${name}`);
  return {
    node,
    show: (left: number | null) =>
      show(left, budgetLevel(left), left !== null && left < 0 ? "overspent" : percent(left)),
  };
}

/** What stands where there is nothing. */
export function empty(text: string): HTMLElement {
  return el("p", { class: "empty" }, text);
}
