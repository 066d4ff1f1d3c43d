import type { SliRecorder, SliRecorders } from "../core/runtime.js";
import type { SliCount, SliName, SliPast, SliStore, SliStretch } from "../core/slis.js";
import { StoreFailure } from "../core/store.js";
import { LATENCY_BUCKETS, latencyBucket, latencyPercentile } from "../kernel/sli/latency.js";
import { mergeCounts } from "../kernel/sli/sli-cell.js";
import { madeOf } from "../kernel/sli/stretches.js";
import { SLI_WINDOWS } from "./sli-windows.js";
import { PERIOD_SEC } from "./slo/readings.js";
import type { SliSnapshot, SliSnapshots, SliWindow } from "./snapshot.js";

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

/** What a store has counted. */
export interface SliReadings {
  /** By `endpoint:chat`. */
  readonly past: ReadonlyMap<string, SliPast>;
  /** When the first of it began. */
  readonly began: number;
  /** Why there is nothing, where the store could not say. */
  readonly failure: StoreFailure | undefined;
}

/**
 * Reads all that windows are made of, from the store in one go.
 *
 * @param budgets whether there are objectives, whose budgets go back further than the windows of indicators
 */
export async function sliReadings(store: SliStore | undefined, now: number, budgets: boolean): Promise<SliReadings> {
  const longestSec = budgets ? PERIOD_SEC : (SLI_WINDOWS.at(-1) as number);
  const answer = (await store?.read(madeOf(longestSec * 1000, now).since)) ?? [];
  const failure = answer instanceof StoreFailure ? answer : undefined;
  const past = answer instanceof StoreFailure ? [] : answer;
  let began = now;
  for (const { stretches } of past) for (const { first } of stretches) began = Math.min(began, first);
  return { past: new Map(past.map((one) => [idOf(one), one])), began, failure };
}

/** The stretches that a window of an indicator is made of. */
export function stretchesOf({ past }: SliReadings, of: SliName, sec: number, now: number): readonly SliStretch[] {
  const { longestMs, since } = madeOf(sec * 1000, now);
  const stretches = past.get(idOf(of))?.stretches ?? [];
  return stretches.filter(({ stretchMs, start }) => stretchMs <= longestMs && start >= since);
}

/** What a store has counted, over the windows that alerts look at. */
export function countedSlis(read: SliReadings, now: number): SliSnapshots {
  const all: { readonly [K in SliName["kind"]]: Record<string, SliSnapshot> } = { endpoint: {}, upstream: {} };
  for (const one of read.past.values()) {
    const windows = SLI_WINDOWS.map((sec): SliWindow => {
      const counts = stretchesOf(read, one, sec, now).reduce<readonly number[]>(
        (sum, stretch) => mergeCounts(sum, stretch.counts),
        [0, 0],
      );
      return { sec, coveredSec: Math.min(sec, Math.floor((now - read.began) / 1000)), ...counted(counts) };
    });
    all[one.kind][one.name] = { windows };
  }
  return { endpoints: all.endpoint, upstreams: all.upstream };
}

function idOf({ kind, name }: SliName): string {
  return `${kind}:${name}`;
}

function counted([valid = 0, bad = 0, ...sparse]: readonly number[]) {
  const buckets = new Float64Array(LATENCY_BUCKETS);
  for (let i = 0; i < sparse.length; i += 2) buckets[sparse[i] as number] = sparse[i + 1] as number;
  const percentile = (share: number) => latencyPercentile(buckets, valid, share);
  return { valid, bad, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
}
