import { mark, svg } from "./dom.js";

const WIDTH = 120;
const HEIGHT = 28;
/** Points that a line has at most: more than it has pixels say nothing. */
const POINTS = 150;
/** So many it has room for at least: the first few don't fill it. */
const ROOM = 45;

/** A small line, or several on one scale, without axes: how something went lately. */
export interface Spark {
  readonly node: SVGSVGElement;
  draw(...lines: readonly (readonly (number | null)[])[]): void;
}

/** Makes one; `names` are the classes of its lines. */
export function spark(...names: readonly string[]): Spark {
  const paths = names.map((name) => svg("path", { class: `line ${name}`, "vector-effect": "non-scaling-stroke" }));
  const node = svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...paths,
  );
  return {
    node,
    draw: (...lines) => {
      const shown = lines.map((line) => line.slice(-POINTS));
      const top = Math.max(Number.MIN_VALUE, ...shown.flat().map((value) => value ?? 0));
      shown.forEach((line, at) => {
        const path = paths[at];
        if (path !== undefined) mark(path, "d", pathOf(line, top, Math.max(ROOM, line.length)));
      });
    },
  };
}

function pathOf(line: readonly (number | null)[], top: number, room: number): string {
  const step = WIDTH / (room - 1);
  const offset = WIDTH - (line.length - 1) * step;
  let text = "";
  let drawing = false;
  line.forEach((value, at) => {
    if (value !== null) {
      const y = HEIGHT - 2 - (value / top) * (HEIGHT - 4);
      text += `${drawing ? "L" : "M"}${(offset + at * step).toFixed(1)} ${y.toFixed(1)}`;
    }
    drawing = value !== null;
  });
  return text;
}

/** How states followed each other: a strip, as wide as what is remembered. */
export function strip(): { readonly node: SVGSVGElement; draw(states: readonly string[]): void } {
  const node = svg("svg", { class: "strip", preserveAspectRatio: "none", role: "img" });
  return {
    node,
    draw: (states) => {
      const shown = states.slice(-POINTS);
      const room = Math.max(ROOM, shown.length);
      mark(node, "viewBox", `0 0 ${room} 10`);
      const runs: { state: string; from: number; length: number }[] = [];
      shown.forEach((state, at) => {
        const last = runs.at(-1);
        if (last?.state === state) last.length++;
        else runs.push({ state, from: room - shown.length + at, length: 1 });
      });
      const said = runs
        .map(({ state }) => state)
        .slice(-6)
        .join(", then ");
      mark(node, "aria-label", said === "" ? "no history yet" : `history: ${said}`);
      node.replaceChildren(
        ...runs.map(({ state, from, length }) =>
          svg("rect", { class: `state ${state}`, x: String(from), y: "0", width: String(length), height: "10" }),
        ),
      );
    },
  };
}
