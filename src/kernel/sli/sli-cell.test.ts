import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATENCY_BUCKETS } from "./latency.js";
import { mergeCounts, type SliCounts, sliCell } from "./sli-cell.js";

const config = { ttlMs: 259_200_000 };
const add = (state: SliCounts | undefined, counts: SliCounts) => sliCell.step(state, 0, config, { counts });

/** Calls as they came: whether bad, and the latency's bucket. */
const calls = fc.array(fc.record({ bad: fc.boolean(), bucket: fc.nat(LATENCY_BUCKETS - 1) }), { maxLength: 60 });

function counted(list: readonly { bad: boolean; bucket: number }[]): SliCounts {
  const byBucket = new Map<number, number>();
  for (const { bucket } of list) byBucket.set(bucket, (byBucket.get(bucket) ?? 0) + 1);
  const pairs = [...byBucket].sort(([a], [b]) => a - b).flat();
  return [list.length, list.filter((call) => call.bad).length, ...pairs];
}

describe("sliCell", () => {
  it("holds what all processes counted, however they slice it and whoever comes first", () => {
    fc.assert(
      fc.property(calls, fc.array(fc.nat(60), { maxLength: 5 }), fc.boolean(), (list, cuts, backwards) => {
        const edges = [0, ...cuts.filter((cut) => cut < list.length).sort((a, b) => a - b), list.length];
        const slices = edges.slice(1).map((end, i) => list.slice(edges[i], end));
        if (backwards) slices.reverse();
        let state: SliCounts | undefined;
        for (const slice of slices) state = add(state, counted(slice)).state ?? state;
        expect(state ?? [0, 0]).toEqual(counted(list));
      }),
      { numRuns: 300 },
    );
  });

  it("keeps what it was given for as long as the longest window", () => {
    const step = add([1, 0, 7, 1], [2, 1, 7, 1, 9, 1]);
    expect(step).toEqual({
      granted: true,
      state: [3, 1, 7, 2, 9, 1],
      ttlMs: 259_200_000,
      decision: { counts: [3, 1, 7, 2, 9, 1] },
    });
  });

  it("only reads when there is nothing to add", () => {
    expect(add([1, 0, 7, 1], [0, 0])).toEqual({
      granted: true,
      state: undefined,
      ttlMs: 0,
      decision: { counts: [1, 0, 7, 1] },
    });
    expect(add(undefined, [0, 0]).decision).toEqual({ counts: [0, 0] });
  });

  it("leaves its arguments as they were", () => {
    const a = Object.freeze([1, 1, 0, 1]);
    const b = Object.freeze([1, 0, 143, 1]);
    expect(mergeCounts(a, b)).toEqual([2, 1, 0, 1, 143, 1]);
    expect(a).toEqual([1, 1, 0, 1]);
  });
});
