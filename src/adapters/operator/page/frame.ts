import type { Snapshot } from "../../../observe/snapshot.js";
import { el, mark, put, svg } from "./dom.js";
import { healthOf, type Level } from "./health.js";
import type { Link } from "./live.js";
import { badge, type Section } from "./parts.js";
import { running } from "./running.js";

const LINKS: Readonly<Record<Link, readonly [Level, string]>> = {
  connecting: ["idle", "Connecting"],
  live: ["ok", "Live"],
  polling: ["ok", "Polling"],
  lost: ["bad", "No news"],
  refused: ["bad", "Signed out"],
};

/** What the bar's buttons do. */
export interface Actions {
  levers(): void;
  help(): void;
  pause(): void;
}

/** The page around its sections: the bar that says how the service is, and what is read out. */
export function frame(left: readonly Section[], right: readonly Section[], top: readonly Section[], actions: Actions) {
  const name = el("h1", {}, "…");
  const health = badge();
  const why = el("span", { class: "why" });
  const link = badge();
  const up = el("span", { class: "up" });
  const pause = el(
    "button",
    { type: "button", class: "quiet", "aria-pressed": "false", click: () => actions.pause() },
    "Hold",
  );
  const voice = el("p", { class: "hidden", role: "status" });
  const bar = el(
    "header",
    { class: "masthead" },
    logo(),
    name,
    el("span", { class: "health" }, health.node, why),
    el("span", { class: "gap" }),
    up,
    link.node,
    el(
      "span",
      { class: "buttons" },
      pause,
      el("button", { type: "button", class: "quiet", click: () => actions.levers() }, "Levers"),
      el("button", { type: "button", class: "quiet", "aria-label": "Help", click: () => actions.help() }, "?"),
    ),
  );
  const main = el(
    "main",
    { id: "main" },
    ...top.map(({ node }) => node),
    el(
      "div",
      { class: "columns" },
      el("div", { class: "column" }, ...left.map(({ node }) => node)),
      el("div", { class: "column" }, ...right.map(({ node }) => node)),
    ),
  );
  const node = el(
    "div",
    { class: "page" },
    el("a", { class: "skip", href: "#main" }, "Skip to content"),
    bar,
    main,
    voice,
  );
  let said = "";
  return {
    node,
    /** Says something to those who listen. */
    say: (text: string) => put(voice, text),
    show: (now: Snapshot) => {
      const { level, word, why: reasons } = healthOf(now);
      document.title = level === "ok" ? `${now.service} · operator` : `${word}: ${now.service}`;
      put(name, now.service);
      health.show(level, word);
      put(why, reasons);
      mark(bar, "data-level", level);
      put(up, running(now));
      // Only a change is worth interrupting somebody for.
      if (said !== "" && said !== word) put(voice, `${word}: ${reasons}`);
      said = word;
    },
    link: (state: Link) => link.show(...LINKS[state]),
    paused: (paused: boolean) => {
      mark(pause, "aria-pressed", String(paused));
      put(pause, paused ? "Go on" : "Hold");
    },
  };
}

function logo(): SVGElement {
  return svg(
    "svg",
    { class: "logo", viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: "M2 8h20c-1.4 7-5.6 11-10 11S3.4 15 2 8z" }),
    svg("path", { class: "beam", d: "M12 8v11" }),
  );
}
