import { el, put } from "../dom.js";
import { count, millis, percent, plural, rate } from "../format.js";
import { breakerLevel, firing, type Level } from "../health.js";
import { breakersOf, deadIn, type Sample, waitingIn } from "../history.js";
import type { Section, State } from "../parts.js";
import { spark } from "../spark.js";

interface Tile {
  readonly label: string;
  readonly href: string;
  readonly figure: (state: State, last: Sample) => string;
  readonly note: (state: State, last: Sample) => string;
  readonly level: (state: State, last: Sample) => Level;
  readonly noteLevel?: (state: State) => Level;
  readonly line?: (sample: Sample) => number | null;
}

const TILES: readonly Tile[] = [
  {
    label: "Requests",
    href: "#traffic",
    figure: (_, { total }) => rate(total.rate),
    note: ({ now }) => plural(Object.keys(now.slis.endpoints).length, "endpoint"),
    level: () => "idle",
    line: ({ total }) => total.rate,
  },
  {
    label: "Errors",
    href: "#endpoints",
    figure: (_, { total }) => percent(total.errors ?? 0),
    note: () => "of requests, last 10 s",
    level: (_, { total }) => ((total.errors ?? 0) >= 0.05 ? "bad" : (total.errors ?? 0) > 0 ? "warn" : "ok"),
    line: ({ total }) => total.errors ?? 0,
  },
  {
    label: "Slowest p95",
    href: "#endpoints",
    figure: (_, { total }) => millis(total.p95),
    note: () => "of an endpoint, 5 min",
    level: () => "idle",
    line: ({ total }) => total.p95,
  },
  {
    label: "Alerts",
    href: "#alerts",
    figure: ({ now }) => String(firing(now).length),
    note: ({ now }) => (firing(now).length === 0 ? "none firing" : "firing"),
    level: ({ now }) =>
      firing(now).length === 0 ? "ok" : firing(now).some(({ severity }) => severity === "page") ? "bad" : "warn",
  },
  {
    label: "Breakers",
    href: "#upstreams",
    figure: ({ now }) => {
      const states = Object.values(breakersOf(now));
      return `${states.filter((state) => breakerLevel(state) !== "bad").length}/${states.length}`;
    },
    note: ({ now }) =>
      Object.values(breakersOf(now)).some((state) => breakerLevel(state) === "bad")
        ? "some are cut off"
        : "let calls through",
    level: ({ now }) => (Object.values(breakersOf(now)).some((state) => breakerLevel(state) === "bad") ? "bad" : "ok"),
  },
  {
    label: "Jobs waiting",
    href: "#queues",
    figure: ({ now }) => count(waitingIn(now)),
    note: ({ now }) => (deadIn(now) === 0 ? "none dead" : `${deadIn(now)} dead`),
    level: () => "idle",
    noteLevel: ({ now }) => (deadIn(now) > 0 ? "warn" : "idle"),
    line: ({ queued }) => queued,
  },
];

/** Everything in six figures. */
export function glance(): Section {
  const tiles = TILES.map((tile) => {
    const figure = el("strong");
    const note = el("small");
    const drawn = tile.line === undefined ? undefined : spark("first");
    const node = el(
      "a",
      { class: "tile", href: tile.href },
      el("span", { class: "label" }, tile.label),
      figure,
      note,
      drawn?.node,
    );
    return {
      node,
      update: (state: State) => {
        const last = state.history.samples.at(-1);
        if (last === undefined) return;
        put(figure, tile.figure(state, last));
        put(note, tile.note(state, last));
        node.dataset.level = tile.level(state, last);
        if (tile.noteLevel !== undefined) note.dataset.level = tile.noteLevel(state);
        const { line } = tile;
        if (line !== undefined) drawn?.draw(state.history.samples.map(line));
      },
    };
  });
  return {
    node: el("div", { class: "tiles" }, ...tiles.map(({ node }) => node)),
    update: (state) => {
      for (const tile of tiles) tile.update(state);
    },
  };
}
