import type { LiveSnapshot } from "./fetch.js";

type Usage = NonNullable<LiveSnapshot["process"]>;

/** A snapshot in a few lines, for people: what is not as it should be comes with it. */
export function snapshotText(snapshot: LiveSnapshot): string[] {
  const { service, uptimeMs, process: usage, store, upstreams, breakers, limiters, queues, slis } = snapshot;
  const state = [
    ...Object.entries(upstreams).flatMap(([name, { breaker }]) =>
      breaker === null ? [] : [`${name} ${breaker.state}`],
    ),
    ...Object.entries(breakers).map(([name, breaker]) => `${name} ${breaker.state}`),
  ];
  const limits = Object.entries(limiters).map(
    ([name, { allowed, denied }]) => `${name} ${allowed} allowed, ${denied} denied`,
  );
  const tools = Object.entries(queues).flatMap(([queue, { byTool, pressureByTool }]) =>
    Object.entries(byTool).map(
      ([tool, { stats }]) =>
        `${queue}.${tool} ${stats?.queued ?? "?"} queued, ${stats?.dead ?? "?"} dead, pressure ${(pressureByTool[tool] ?? 0).toFixed(2)}`,
    ),
  );
  const indicators = [
    ...Object.entries(slis.endpoints).map(([name, { windows }]) => indicator(`endpoint ${name}`, windows)),
    ...Object.entries(slis.upstreams).map(([name, { windows }]) => indicator(`upstream ${name}`, windows)),
  ].filter((line) => line !== undefined);
  return [
    `${service}, up for ${Math.round(uptimeMs / 1000)} s, state in ${store.kind}`,
    ...(usage === null ? [] : [usageText(usage)]),
    ...section("breakers", state),
    ...section("limiters", limits),
    ...section("queues", tools),
    ...section("in the last minutes", indicators),
  ];
}

/** `212 MB of memory, heap 84 of 4144 MB, 0.12 processors, event loop 3 ms late (p99)` */
function usageText({ rssBytes, heapUsedBytes, heapLimitBytes, cpuShare, loopDelay }: Usage): string {
  const mb = (bytes: number) => Math.round(bytes / 1e6);
  return [
    `${mb(rssBytes)} MB of memory`,
    `heap ${mb(heapUsedBytes)}${heapLimitBytes === null ? "" : ` of ${mb(heapLimitBytes)}`} MB`,
    ...(cpuShare === null ? [] : [`${cpuShare.toFixed(2)} processors`]),
    ...(loopDelay === null ? [] : [`event loop ${Math.round(loopDelay.p99Ms)} ms late (p99)`]),
  ].join(", ");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** By its shortest window, when anything was counted in it. */
function indicator(name: string, windows: LiveSnapshot["slis"]["endpoints"][string]["windows"]): string | undefined {
  const [window] = windows;
  if (window === undefined || window.valid === 0) return undefined;
  return `${name}: ${window.valid} calls in ${window.sec} s, ${window.bad} bad, p95 ${window.p95 ?? "–"} ms`;
}
