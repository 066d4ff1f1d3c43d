import { el } from "../dom.js";

const KEYS: readonly (readonly [key: string, what: string])[] = [
  ["?", "this help"],
  ["L", "pull a lever"],
  ["P", "hold the page still, or let it go on"],
  ["1 – 9", "go to a part of the page"],
  ["J, K", "go to the next part, or the one before"],
  ["Esc", "close a dialog"],
];

/** What the page's keys and signs mean. Single keys can be switched off, for those who speak to their machine. */
export function helpDialog() {
  const keys = el("input", { type: "checkbox", checked: true });
  const close = el("button", { type: "button", click: () => node.close() }, "Close");
  const node = el(
    "dialog",
    { "aria-labelledby": "help-title" },
    el("h2", { id: "help-title" }, "Help"),
    el(
      "dl",
      { class: "keys" },
      ...KEYS.map(([key, what]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, what))),
    ),
    el("label", { class: "check" }, keys, "Single-key shortcuts"),
    el(
      "p",
      {},
      "● fine  ▲ look at it  ■ something is wrong  ○ nothing to say. Rates are over ten seconds, percentiles over five minutes. The page remembers half an hour, for as long as it is open.",
    ),
    el("footer", {}, close),
  );
  document.body.append(node);
  return { open: () => node.showModal(), shortcuts: () => keys.checked };
}
