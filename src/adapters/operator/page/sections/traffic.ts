import uPlot from "uplot";
import { el } from "../dom.js";
import { millis, percent, rate } from "../format.js";
import type { Flow, Sample } from "../history.js";
import { type Section, type State, section } from "../parts.js";

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly read: (flow: Flow) => number | null;
  readonly text: (value: number | null) => string;
  readonly fill?: boolean;
}

const CALLS: readonly Line[] = [
  { label: "Requests", colour: "--line-1", read: ({ rate: calls }) => calls, text: rate, fill: true },
  {
    label: "Errors",
    colour: "--bad",
    read: ({ rate: calls, errors }) => (calls === null ? null : calls * (errors ?? 0)),
    text: rate,
    fill: true,
  },
];
const LATENCY: readonly Line[] = [
  { label: "p50", colour: "--line-3", read: ({ p50 }) => p50, text: millis },
  { label: "p95", colour: "--line-2", read: ({ p95 }) => p95, text: millis },
  { label: "p99", colour: "--line-1", read: ({ p99 }) => p99, text: millis },
];
const ALL = "All endpoints";

/** How many requests, how many of them failed, and how long they took: over the time that the page is open. */
export function traffic(): Section {
  const calls = el("figure", {}, el("figcaption", {}, "Requests and errors a second"));
  const latency = el("figure", {}, el("figcaption", {}, "Latency, 5 min percentiles"));
  const which = el("select", { "aria-label": "Of which endpoint", change: () => draw() }, el("option", {}, ALL));
  const { node } = section("traffic", "Traffic", el("div", { class: "charts" }, calls, latency));
  node.querySelector("header")?.append(which);
  let state: State | undefined;
  const charts = [chart(calls, CALLS), chart(latency, LATENCY)];

  function draw(): void {
    if (state === undefined) return;
    const { samples } = state.history;
    const flows = samples.map((sample) => flowOf(sample, which.value));
    for (const one of charts) one.draw(samples, flows);
    const last = flows.at(-1);
    calls.setAttribute("aria-label", `Now ${rate(last?.rate)}, errors ${percent(last?.errors ?? 0)}`);
    latency.setAttribute("aria-label", `p50 ${millis(last?.p50)}, p95 ${millis(last?.p95)}, p99 ${millis(last?.p99)}`);
  }

  return {
    node,
    update: (now) => {
      state = now;
      const names = Object.keys(now.now.slis.endpoints);
      const known = new Set([...which.options].map(({ value }) => value));
      for (const name of names) if (!known.has(name)) which.append(el("option", {}, name));
      draw();
    },
  };
}

const NONE: Flow = { rate: null, errors: null, p50: null, p95: null, p99: null };

function flowOf(sample: Sample, name: string): Flow {
  return name === ALL ? sample.total : (sample.endpoints[name] ?? NONE);
}

/** A chart that fits its figure, and takes on the colours of the theme when that changes. */
function chart(figure: HTMLElement, lines: readonly Line[]) {
  const holder = el("div", { class: "chart" });
  figure.append(holder);
  let plot: uPlot | undefined;
  let restarts: number[] = [];
  let data: uPlot.AlignedData = [[], ...lines.map(() => [])];
  const size = () => ({ width: Math.max(200, holder.clientWidth), height: 180 });

  function make(): void {
    plot?.destroy();
    plot = new uPlot({ ...options(lines, () => restarts), ...size() }, data, holder);
    // (A new plot first says that nothing is pointed at.)
    requestAnimationFrame(tellLatest);
  }
  /** Nobody points at anything: the figures are the latest. */
  function tellLatest(): void {
    if (plot?.cursor.idx == null) plot?.setLegend({ idx: data[0].length - 1 });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot !== undefined && make());
  new ResizeObserver(() => plot?.setSize(size())).observe(holder);
  return {
    draw: (samples: readonly Sample[], flows: readonly Flow[]) => {
      restarts = samples.filter(({ restart }) => restart).map(({ at }) => at / 1000);
      data = [samples.map(({ at }) => at / 1000), ...lines.map(({ read }) => flows.map(read))];
      if (plot === undefined) make();
      else plot.setData(data);
      tellLatest();
    },
  };
}

function timeOf(sec: number): string {
  return new Date(sec * 1000).toLocaleTimeString(undefined, { hour12: false });
}

function options(lines: readonly Line[], restarts: () => readonly number[]): Omit<uPlot.Options, "width" | "height"> {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--muted"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
  };
  const text = lines[0]?.text ?? String;
  return {
    padding: [8, 26, 0, 0],
    legend: { show: true, live: true },
    cursor: { sync: { key: "traffic" }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      // A page that was just opened shows one minute, so that the first points don't fill it.
      x: { time: true, range: (_, min, max) => [Math.min(min, max - 60), max] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [
      { ...axis, space: 80, size: 28, values: (_, splits) => splits.map(timeOf) },
      { ...axis, size: 52, values: (_, splits) => splits.map((value) => text(value)) },
    ],
    series: [
      { value: (_, at) => (at === null ? "–" : timeOf(at)) },
      ...lines.map(
        (line): uPlot.Series => ({
          label: line.label,
          stroke: colour(line.colour),
          width: 1.5,
          points: { show: false },
          value: (_, value) => line.text(value),
          ...(line.fill === true && { fill: `${colour(line.colour)}22` }),
        }),
      ),
    ],
    hooks: {
      draw: [
        ({ ctx, bbox, valToPos }) => {
          ctx.save();
          ctx.strokeStyle = colour("--muted");
          ctx.setLineDash([4, 4]);
          for (const at of restarts()) {
            const x = valToPos(at, "x", true);
            ctx.beginPath();
            ctx.moveTo(x, bbox.top);
            ctx.lineTo(x, bbox.top + bbox.height);
            ctx.stroke();
          }
          ctx.restore();
        },
      ],
    },
  };
}
