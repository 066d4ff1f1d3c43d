import type { SliSnapshot, Snapshot } from "../../../observe/snapshot.js";

/** Calls of one endpoint, or to one upstream, around one moment. */
export interface Flow {
  /** Calls a second that count. */
  readonly rate: number | null;
  /** Share of them that were bad; `null` without calls. */
  readonly errors: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** What is kept of a snapshot. */
export interface Sample {
  readonly at: number;
  /** A process that began after the sample before: what counted from 0 again. */
  readonly restart: boolean;
  readonly endpoints: Readonly<Record<string, Flow>>;
  readonly upstreams: Readonly<Record<string, Flow>>;
  /** State of each breaker, see {@link breakersOf}. */
  readonly breakers: Readonly<Record<string, string>>;
  readonly total: Flow;
  readonly queued: number;
}

/** Half an hour at a snapshot every two seconds. */
export const MOST_SAMPLES = 900;
/** Rates are over about so long: over two seconds they would only jump. */
const RATE_OVER_MS = 10_000;
const MOST_RECENT = 24;

/** What the page remembers: the server keeps no past for it. */
export class History {
  readonly samples: Sample[] = [];
  readonly #recent: Snapshot[] = [];

  /** Takes a snapshot in. */
  add(now: Snapshot): Sample {
    const last = this.#recent.at(-1);
    const restart = last !== undefined && last.bootId !== now.bootId && now.at - now.uptimeMs > last.at;
    const before = this.before(now);
    const flows = (kind: "endpoints" | "upstreams") =>
      Object.fromEntries(
        Object.entries(now.slis[kind]).map(([name, sli]) => [
          name,
          flow(sli, before?.slis[kind][name], seconds(now, before)),
        ]),
      );
    const endpoints = flows("endpoints");
    const sample: Sample = {
      at: now.at,
      restart,
      endpoints,
      upstreams: flows("upstreams"),
      breakers: breakersOf(now),
      total: totalOf(Object.values(endpoints)),
      queued: waitingIn(now),
    };
    this.samples.push(sample);
    if (this.samples.length > MOST_SAMPLES) this.samples.shift();
    this.#recent.push(now);
    if (this.#recent.length > MOST_RECENT) this.#recent.shift();
    return sample;
  }

  /** A snapshot of the same process from some seconds ago, for differences of counters. */
  before(now: Snapshot): Snapshot | undefined {
    return this.#recent.find(
      ({ bootId, at }) => bootId === now.bootId && at < now.at && now.at - at <= RATE_OVER_MS + 500,
    );
  }

  /** How fast a counter has risen, a second; `null` while that can't be said. */
  rate(now: Snapshot, read: (snapshot: Snapshot) => number | undefined): number | null {
    const before = this.before(now);
    const was = before === undefined ? undefined : read(before);
    const is = read(now);
    return was === undefined || is === undefined ? null : Math.max(0, is - was) / seconds(now, before);
  }
}

function seconds(now: Snapshot, before: Snapshot | undefined): number {
  return before === undefined ? 0 : (now.at - before.at) / 1000;
}

function flow(now: SliSnapshot, before: SliSnapshot | undefined, sec: number): Flow {
  const [shortest] = now.windows;
  const { p50 = null, p95 = null, p99 = null } = shortest ?? {};
  if (before === undefined || sec <= 0) return { rate: null, errors: null, p50, p95, p99 };
  const valid = risen(now, before, "valid");
  const bad = risen(now, before, "bad");
  return { rate: valid / sec, errors: valid === 0 ? null : Math.min(1, bad / valid), p50, p95, p99 };
}

/**
 * What came in since: each window has gained that and lost what left it, at another moment each, so the one that gained
 * the most is the nearest.
 */
function risen(now: SliSnapshot, before: SliSnapshot, field: "valid" | "bad"): number {
  return Math.max(0, ...now.windows.map((window, at) => window[field] - (before.windows[at]?.[field] ?? 0)));
}

function totalOf(flows: readonly Flow[]): Flow {
  let rate: number | null = null;
  let bad = 0;
  let p50: number | null = null;
  let p95: number | null = null;
  let p99: number | null = null;
  const higher = (one: number | null, other: number | null) => (one === null ? other : Math.max(one, other ?? one));
  for (const one of flows) {
    if (one.rate !== null) rate = (rate ?? 0) + one.rate;
    bad += (one.rate ?? 0) * (one.errors ?? 0);
    p50 = higher(p50, one.p50);
    p95 = higher(p95, one.p95);
    p99 = higher(p99, one.p99);
  }
  return { rate, errors: rate === null || rate === 0 ? null : bad / rate, p50, p95, p99 };
}

/** The state of every breaker there is: an upstream's by that one's name, others as `breaker:name`. */
export function breakersOf({ upstreams, breakers }: Snapshot): Record<string, string> {
  const states: Record<string, string> = {};
  for (const [name, { breaker }] of Object.entries(upstreams)) if (breaker !== null) states[name] = breaker.state;
  for (const [name, { state }] of Object.entries(breakers)) states[`breaker:${name}`] = state;
  return states;
}

/** Jobs that wait, in all queues. */
export function waitingIn({ queues }: Snapshot): number {
  return Object.values(queues)
    .flatMap(({ byTool }) => Object.values(byTool))
    .reduce((sum, { stats }) => sum + (stats === null ? 0 : stats.queued + stats.delayed), 0);
}

/** Dead jobs that are kept, in all queues. */
export function deadIn({ queues }: Snapshot): number {
  return Object.values(queues)
    .flatMap(({ byTool }) => Object.values(byTool))
    .reduce((sum, { stats }) => sum + (stats?.dead ?? 0), 0);
}
