import type { SliRecorder, SliRecorders } from "../core/runtime.js";
import type { SliCount, SliStore, SliStretch } from "../core/slis.js";
import { StoreFailure } from "../core/store.js";
import { LATENCY_BUCKETS, latencyBucket, latencyPercentile } from "../kernel/sli/latency.js";
import { mergeCounts } from "../kernel/sli/sli-cell.js";
import { SLI_WINDOWS } from "./sli-windows.js";
import type { SliSnapshot, SliSnapshots, SliWindow } from "./snapshot.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Counts what happens within one call, to be written at its end in one go. */
export class CallSlis {
  readonly #counts = new Map<string, SliCount>();
  readonly #recorders = new Map<string, SliRecorder>();

  readonly recorder: SliRecorders = (kind, name) => {
    const id = `${kind}:${name}`;
    let recorder = this.#recorders.get(id);
    if (recorder === undefined) {
      recorder = {
        record: (bad, durationMs) => {
          if (bad === undefined) return;
          const one = [1, bad ? 1 : 0, latencyBucket(durationMs), 1];
          const counts = mergeCounts(this.#counts.get(id)?.counts ?? [0, 0], one);
          this.#counts.set(id, { kind, name, counts });
        },
      };
      this.#recorders.set(id, recorder);
    }
    return recorder;
  };

  /** Writes what was counted so far. Where the store fails it is lost: indicators must not fail what they watch. */
  async flush(store: SliStore | undefined): Promise<void> {
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    if (counts.length > 0) await store?.record(counts);
  }
}

/** What a store has counted lately. */
export interface SliReadings {
  /** Of the last hour. */
  readonly minutes: readonly SliStretch[];
  /** Of the longest window of an indicator. */
  readonly hours: readonly SliStretch[];
  /** When the first of them began. */
  readonly began: number;
  /** Why there is nothing, where the store could not say. */
  readonly failure: StoreFailure | undefined;
}

/** Reads all that windows are made of. */
export async function sliReadings(store: SliStore | undefined, now: number): Promise<SliReadings> {
  const answers = await Promise.all([
    read(store, MINUTE_MS, now - HOUR_MS),
    read(store, HOUR_MS, now - (SLI_WINDOWS.at(-1) as number) * 1000),
  ]);
  const [minutes, hours] = answers.map((answer) => (answer instanceof StoreFailure ? [] : answer)) as [
    readonly SliStretch[],
    readonly SliStretch[],
  ];
  const failure = answers.find((answer) => answer instanceof StoreFailure);
  return { minutes, hours, began: Math.min(now, ...hours.map(({ start }) => start)), failure };
}

/** The stretches that a window is made of, and when it begins: with the one that its first moment falls into. */
export function stretchesOf({ minutes, hours }: SliReadings, sec: number, now: number) {
  const byMinutes = sec * 1000 <= HOUR_MS;
  const stretchMs = byMinutes ? MINUTE_MS : HOUR_MS;
  const since = Math.floor((now - sec * 1000) / stretchMs) * stretchMs;
  return { since, stretches: byMinutes ? minutes : hours };
}

/** What a store has counted, over the windows that alerts look at. Those up to an hour go by minutes, others by hours. */
export function countedSlis(read: SliReadings, now: number): SliSnapshots {
  const { minutes, hours, began } = read;
  const all: { readonly [K in SliCount["kind"]]: Record<string, SliSnapshot> } = { endpoint: {}, upstream: {} };
  for (const { kind, name } of [...minutes, ...hours]) {
    if (all[kind][name] !== undefined) continue;
    const windows = SLI_WINDOWS.map((sec): SliWindow => {
      const { since, stretches } = stretchesOf(read, sec, now);
      const counts = stretches
        .filter((one) => one.kind === kind && one.name === name && one.start >= since)
        .reduce<readonly number[]>((sum, one) => mergeCounts(sum, one.counts), [0, 0]);
      return { sec, coveredSec: Math.min(sec, Math.floor((now - began) / 1000)), ...counted(counts) };
    });
    all[kind][name] = { windows };
  }
  return { endpoints: all.endpoint, upstreams: all.upstream };
}

async function read(store: SliStore | undefined, stretchMs: number, since: number) {
  return (await store?.read(stretchMs, Math.floor(since / stretchMs) * stretchMs)) ?? [];
}

function counted([valid = 0, bad = 0, ...sparse]: readonly number[]) {
  const buckets = new Float64Array(LATENCY_BUCKETS);
  for (let i = 0; i < sparse.length; i += 2) buckets[sparse[i] as number] = sparse[i + 1] as number;
  const percentile = (share: number) => latencyPercentile(buckets, valid, share);
  return { valid, bad, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
}
