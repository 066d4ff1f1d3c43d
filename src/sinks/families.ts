import type { ProcessUsage } from "../core/process-usage.js";
import type { Snapshot } from "../observe/snapshot.js";
import type { BreakerSnapshot } from "../primitives/breaker/snapshot.js";
import type { BulkheadSnapshot } from "../primitives/bulkhead/snapshot.js";

/** One figure. Labels are names of definitions and words of Keelson's, never keys. */
export interface Point {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Figures of one kind, as exporters name them after their own fashion. */
export interface Family {
  /** `limiter.decisions`. */
  readonly name: string;
  /** A counter never goes down while a process lives. */
  readonly kind: "counter" | "gauge";
  /** As UCUM writes it: `s`, `1`, `{call}`. */
  readonly unit: string;
  readonly help: string;
  readonly read: (snapshot: Snapshot) => readonly Point[];
}

type Labels = Record<string, string>;
type Named<T> = Readonly<Record<string, T>>;

const STATES = ["closed", "open", "half-open", "isolated", "disabled", "metrics-only"] as const;

function point(labels: Labels, value: number): Point {
  return { labels, value };
}

/** One figure for each name. */
function each<T>(all: Named<T>, value: (one: T) => number): Point[] {
  return Object.entries(all).map(([name, one]) => point({ name }, value(one)));
}

/** Several figures for each name, told apart by one more label. */
function split<T>(all: Named<T>, label: string, values: (one: T) => Named<number>): Point[] {
  return Object.entries(all).flatMap(([name, one]) =>
    Object.entries(values(one)).map(([word, value]) => point({ name, [label]: word }, value)),
  );
}

function breakers({ breakers, upstreams }: Snapshot): (readonly [labels: Labels, breaker: BreakerSnapshot])[] {
  return [
    ...Object.entries(breakers).map(([name, breaker]) => [{ name, of: "breaker" }, breaker] as const),
    ...Object.entries(upstreams).flatMap(([name, { breaker }]) =>
      breaker === null ? [] : [[{ name, of: "upstream" }, breaker] as const],
    ),
  ];
}

type Slots = Pick<BulkheadSnapshot, "limit" | "running" | "queued" | "rejected">;

function bulkheads({ bulkheads, sharedBulkheads, upstreams }: Snapshot): (readonly [labels: Labels, slots: Slots])[] {
  return [
    ...Object.entries(bulkheads).map(([name, slots]) => [{ name, of: "bulkhead" }, slots] as const),
    ...Object.entries(sharedBulkheads).map(([name, slots]) => [{ name, of: "shared_bulkhead" }, slots] as const),
    ...Object.entries(upstreams).flatMap(([name, { bulkhead }]) =>
      bulkhead === null ? [] : [[{ name, of: "upstream" }, bulkhead] as const],
    ),
  ];
}

const ofBulkheads = (value: (slots: Slots) => number) => (snapshot: Snapshot) =>
  bulkheads(snapshot).map(([labels, slots]) => point(labels, value(slots)));

function tools({ queues }: Snapshot) {
  return Object.entries(queues).flatMap(([name, { byTool }]) =>
    Object.entries(byTool).map(([tool, one]) => [{ name, tool }, one] as const),
  );
}

/** Nothing where the process isn't measured, or doesn't know. */
const ofProcess = (value: (usage: ProcessUsage, snapshot: Snapshot) => number | null | undefined) => {
  return (snapshot: Snapshot): Point[] => {
    const figure = snapshot.process === null ? null : value(snapshot.process, snapshot);
    return figure === null || figure === undefined ? [] : [point({}, figure)];
  };
};

const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);

function slis({ slis }: Snapshot, value: (window: { readonly valid: number; readonly bad: number }) => number) {
  return (["endpoints", "upstreams"] as const).flatMap((kind) =>
    Object.entries(slis[kind]).flatMap(([name, { windows }]) =>
      windows.map((window) => point({ name, of: kind.slice(0, -1), window: `${window.sec}s` }, value(window))),
    ),
  );
}

const counter = (name: string, unit: string, help: string, read: Family["read"]): Family => {
  return { name, kind: "counter", unit, help, read };
};
const gauge = (name: string, unit: string, help: string, read: Family["read"]): Family => {
  return { name, kind: "gauge", unit, help, read };
};

/** Every figure of a snapshot that exporters export. */
export const FAMILIES: readonly Family[] = [
  gauge("info", "1", "Always 1; says which service this is", (s) => [point({ service: s.service }, 1)]),
  gauge("uptime", "s", "Time since the kit was made", (s) => [point({}, s.uptimeMs / 1000)]),
  gauge(
    "process.start_time",
    "s",
    "When the process began, in Unix time",
    ofProcess(({ uptimeMs }, { at }) => seconds(at - uptimeMs)),
  ),
  counter(
    "process.cpu",
    "s",
    "Processor time that the process has used",
    ofProcess((usage) => usage.cpuSec),
  ),
  gauge(
    "process.memory",
    "By",
    "Memory that the process has of the machine",
    ofProcess((usage) => usage.rssBytes),
  ),
  gauge(
    "process.heap.used",
    "By",
    "JavaScript values on the heap",
    ofProcess((usage) => usage.heapUsedBytes),
  ),
  gauge(
    "process.heap.limit",
    "By",
    "What the heap may grow to",
    ofProcess((usage) => usage.heapLimitBytes),
  ),
  gauge(
    "process.loop_delay.p50",
    "s",
    "How late the event loop was lately, half of the time at most",
    ofProcess(({ loopDelay }) => seconds(loopDelay?.p50Ms)),
  ),
  gauge(
    "process.loop_delay.p99",
    "s",
    "How late the event loop was lately, 99 % of the time at most",
    ofProcess(({ loopDelay }) => seconds(loopDelay?.p99Ms)),
  ),
  gauge("store.cells", "{cell}", "Cells that the store holds", ({ store }) =>
    store.cells === null ? [] : [point({ kind: store.kind }, store.cells)],
  ),
  counter("limiter.decisions", "{decision}", "Decisions of limiters", ({ limiters }) =>
    split(limiters, "decision", ({ allowed, denied }) => ({ allowed, denied })),
  ),
  counter("limiter.degraded", "{decision}", "Decisions that the store could not make, by policy", ({ limiters }) =>
    split(limiters, "policy", ({ degraded }) => ({ ...degraded })),
  ),
  counter("upstream.calls", "{call}", "Calls of upstreams that have ended", ({ upstreams }) =>
    split(upstreams, "outcome", ({ successes, failures, ignored, cancelled, rejected }) => {
      return { success: successes, failure: failures, ignored, cancelled, rejected };
    }),
  ),
  counter("upstream.retries", "{call}", "Further attempts", ({ upstreams }) => each(upstreams, (u) => u.retries)),
  counter("upstream.hedges", "{call}", "Hedged attempts", ({ upstreams }) => each(upstreams, (u) => u.hedges)),
  counter("upstream.timeouts", "{call}", "Time-outs of attempts and calls", ({ upstreams }) =>
    each(upstreams, (u) => u.timeouts),
  ),
  counter("upstream.fallbacks", "{call}", "Calls answered by a fallback", ({ upstreams }) =>
    each(upstreams, (u) => u.fallbacks),
  ),
  gauge("upstream.running", "{call}", "Calls under way", ({ upstreams }) => each(upstreams, (u) => u.running)),
  gauge("breaker.state", "1", "1 for the state that a breaker is in, 0 for the others", (s) =>
    breakers(s).flatMap(([labels, breaker]) =>
      STATES.map((state) => point({ ...labels, state }, breaker.state === state ? 1 : 0)),
    ),
  ),
  counter("breaker.rejected", "{call}", "Calls that breakers refused", (s) =>
    breakers(s).map(([labels, { rejected }]) => point(labels, rejected)),
  ),
  gauge(
    "bulkhead.limit",
    "{slot}",
    "Slots there are",
    ofBulkheads((slots) => slots.limit),
  ),
  gauge(
    "bulkhead.running",
    "{slot}",
    "Slots taken",
    ofBulkheads((slots) => slots.running),
  ),
  gauge(
    "bulkhead.queued",
    "{call}",
    "Calls that wait for a slot",
    ofBulkheads((slots) => slots.queued),
  ),
  counter(
    "bulkhead.rejected",
    "{call}",
    "Calls that got no slot",
    ofBulkheads((slots) => slots.rejected),
  ),
  counter("cache.reads", "{read}", "Reads of caches", ({ caches }) =>
    split(caches, "result", ({ hits, staleHits, misses }) => ({ hit: hits, stale: staleHits, miss: misses })),
  ),
  counter("cache.loads", "{load}", "Loads begun", ({ caches }) => each(caches, (c) => c.loads)),
  counter("cache.failures", "{load}", "Loads that failed", ({ caches }) => each(caches, (c) => c.failures)),
  gauge("cache.entries", "{entry}", "Values held", ({ caches }) => each(caches, (c) => c.entries)),
  counter("idempotency.requests", "{request}", "Requests with an idempotency key", ({ idempotency }) =>
    split(idempotency, "outcome", ({ inFlight, ...others }) => ({ ...others, in_flight: inFlight })),
  ),
  counter("replay.items", "{item}", "Items that replay guards looked at", ({ replayGuards }) =>
    split(replayGuards, "outcome", ({ inFlight, ...others }) => ({ ...others, in_flight: inFlight })),
  ),
  counter("queue.jobs", "{job}", "What this process did with jobs", (s) =>
    tools(s).flatMap(([labels, { here }]) => {
      if (here === null) return [];
      const { enqueued, duplicates, saturated, started, succeeded, retried, failed, dead, released, lost } = here;
      const counts = { enqueued, duplicates, saturated, started, succeeded, retried, failed, dead, released, lost };
      return Object.entries(counts).map(([event, value]) => point({ ...labels, event }, value));
    }),
  ),
  gauge("queue.depth", "{job}", "Jobs in all processes, as the store last said", (s) =>
    tools(s).flatMap(([labels, { stats }]) => {
      if (stats === null) return [];
      const { queued, delayed, running, dead } = stats;
      return Object.entries({ queued, delayed, running, dead }).map(([state, value]) =>
        point({ ...labels, state }, value),
      );
    }),
  ),
  gauge("queue.oldest", "s", "Since when the oldest job could have begun", (s) =>
    tools(s).flatMap(([labels, { stats }]) => (stats === null ? [] : [point(labels, stats.oldestMs / 1000)])),
  ),
  gauge("queue.pressure", "1", "Waiting jobs as a part of what may wait", ({ queues }) =>
    Object.entries(queues).flatMap(([name, { pressureByTool }]) =>
      Object.entries(pressureByTool).map(([tool, value]) => point({ name, tool }, value)),
    ),
  ),
  gauge("sli.valid", "{call}", "Calls that count, over a window", (s) => slis(s, ({ valid }) => valid)),
  gauge("sli.bad", "{call}", "Bad calls, over a window", (s) => slis(s, ({ bad }) => bad)),
];
