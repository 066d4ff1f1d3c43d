import { componentsGeneric, type FunctionReference } from "convex/server";
import { convexTest } from "convex-test";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SliPast, SliStore } from "../../core/slis.js";
import { StoreFailure } from "../../core/store.js";
import { madeOf } from "../../kernel/sli/stretches.js";
import { convexStore } from "./convex-store.js";
import type { ActionPlace, KeelsonComponent } from "./ctx.js";
import { register } from "./test.js";

const { keelson } = componentsGeneric() as unknown as { keelson: KeelsonComponent };
const { cleanup } = keelson as unknown as {
  cleanup: { run: FunctionReference<"mutation", "internal", Record<string, never>, { readonly slis: number }> };
};
const START = 1_764_000_000_000;
const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
const CALL = { kind: "endpoint", name: "chat" } as const;
/** Documents that one run of the clean-up takes on. */
const AT_ONCE = 500;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function deployment(transactionLimits = false) {
  const t = convexTest({ modules: { "./_generated/api.ts": () => Promise.resolve({}) }, transactionLimits });
  register(t);
  const store = convexStore(t as unknown as ActionPlace, keelson).slis("shop");
  return {
    t,
    record: (bad: boolean, bucket = 7) => store.record([{ ...CALL, counts: [1, bad ? 1 : 0, bucket, 1] }]),
    read: async (days = 30) => {
      const past = await store.read(madeOf(days * DAY_MS, Date.now()).since);
      if (past instanceof StoreFailure) throw new Error(past.reason);
      return past;
    },
    /** One run: what is left after it is scheduled. */
    cleanUp: () => t.mutation(cleanup.run, {}),
  };
}

/** Valid and bad calls of a window. */
function window(past: readonly SliPast[], ms: number): number[] {
  const { longestMs, since } = madeOf(ms, Date.now());
  const sum = [0, 0];
  for (const { stretchMs, start, counts } of past[0]?.stretches ?? []) {
    if (stretchMs > longestMs || start < since) continue;
    sum[0] = (sum[0] ?? 0) + (counts[0] ?? 0);
    sum[1] = (sum[1] ?? 0) + (counts[1] ?? 0);
  }
  return sum;
}

describe("counts of indicators in Convex", () => {
  it("come to what a list of all calls would, whenever they are rolled up", async () => {
    const action = fc.record({
      waitMs: fc.oneof(fc.nat(3 * MINUTE_MS), fc.nat(3 * HOUR_MS), fc.nat(3 * DAY_MS)),
      what: fc.constantFrom("good", "bad", "clean up"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        vi.setSystemTime(START);
        const { record, read, cleanUp } = deployment();
        const calls: { at: number; bad: boolean }[] = [];
        for (const { waitMs, what } of actions) {
          vi.setSystemTime(Date.now() + waitMs);
          if (what === "clean up") await cleanUp();
          else {
            await record(what === "bad");
            calls.push({ at: Date.now(), bad: what === "bad" });
          }
          const past = await read();
          for (const ms of [5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS]) {
            const within = calls.filter(({ at }) => at >= madeOf(ms, Date.now()).since);
            expect([ms, window(past, ms)]).toEqual([ms, [within.length, within.filter(({ bad }) => bad).length]]);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("lose nothing where an hour is rolled up together with some of its own minutes", async () => {
    vi.setSystemTime(Math.floor(START / HOUR_MS) * HOUR_MS);
    const { record, read, cleanUp } = deployment();
    await record(true);
    vi.setSystemTime(Date.now() + 50 * MINUTE_MS);
    await record(false);
    vi.setSystemTime(Date.now() + 30 * MINUTE_MS);
    expect(await cleanUp()).toMatchObject({ slis: 1 });
    // Nobody cleans up for a while.
    vi.setSystemTime(Date.now() + 4 * DAY_MS);
    expect(await cleanUp()).toMatchObject({ slis: 2 });
    expect(window(await read(), 30 * DAY_MS)).toEqual([2, 1]);
    expect(await cleanUp()).toMatchObject({ slis: 1 });
    expect(window(await read(), 30 * DAY_MS)).toEqual([2, 1]);
    expect(await cleanUp()).toMatchObject({ slis: 0 });
  });

  it("keep their latencies and when they began, and are gone after the longest window", async () => {
    const { t, record, read, cleanUp } = deployment();
    vi.setSystemTime(START + 17 * MINUTE_MS);
    const first = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    await record(false, 7);
    await record(true, 40);
    vi.setSystemTime(Date.now() + 2 * HOUR_MS);
    await record(false, 7);
    for (const days of [0, 1, 4, 1]) {
      vi.setSystemTime(Date.now() + days * DAY_MS);
      await cleanUp();
    }
    const day = { stretchMs: DAY_MS, start: Math.floor(first / DAY_MS) * DAY_MS };
    expect(await read()).toEqual([{ ...CALL, stretches: [{ ...day, first, counts: [3, 1, 7, 2, 40, 1] }] }]);
    vi.setSystemTime(day.start + 32 * DAY_MS - 1);
    expect(await t.mutation(cleanup.run, {})).toMatchObject({ slis: 0 });
    vi.setSystemTime(day.start + 32 * DAY_MS);
    expect(await t.mutation(cleanup.run, {})).toMatchObject({ slis: 1 });
    expect(await read(40)).toEqual([]);
  });

  it("are rolled up a bounded number at a time, and are the same between", async () => {
    const { t, record, read, cleanUp } = deployment();
    const minutes = AT_ONCE + 90;
    for (let n = 0; n < minutes; n++) {
      await record(n % 2 === 0);
      vi.setSystemTime(Date.now() + MINUTE_MS);
    }
    vi.setSystemTime(Date.now() + 2 * HOUR_MS);
    // (The hours are those of the calls' minutes; ten are begun.)
    const metrics = await t.mutation(async (ctx) => {
      await ctx.runMutation(cleanup.run as never, {});
      return ctx.meta.getTransactionMetrics();
    });
    expect(metrics.documentsWritten.used).toBeLessThanOrEqual(AT_ONCE + 10);
    expect(metrics.functionsScheduled.used).toBe(1);
    expect(window(await read(), 3 * DAY_MS)).toEqual([minutes, minutes / 2]);
    expect(await cleanUp()).toMatchObject({ slis: 90 });
    expect(window(await read(), 3 * DAY_MS)).toEqual([minutes, minutes / 2]);
    expect((await read())[0]?.stretches.map(({ stretchMs }) => stretchMs)).toEqual(Array(10).fill(HOUR_MS));
  });

  it("cost a call one document, and a look 430 at most, however many calls there were in 31 days", async () => {
    const { t, record, read, cleanUp } = deployment();
    const used = async (act: (slis: SliStore) => unknown) => {
      const metrics = await t.mutation(async (ctx) => {
        await act(convexStore(ctx, keelson).slis("shop"));
        return ctx.meta.getTransactionMetrics();
      });
      return [metrics.documentsRead.used, metrics.documentsWritten.used];
    };
    for (let hour = 0; hour < 31 * 24; hour++) {
      await record(false);
      vi.setSystemTime(Date.now() + HOUR_MS);
      if (hour % 3 === 0) await cleanUp();
    }
    // As busy as it can be: every minute in all of its documents, and a clean-up that is about to come.
    const shards = [0, 0.25, 0.5, 0.75];
    for (let minute = 0; minute < 80; minute++) {
      vi.setSystemTime(Date.now() + MINUTE_MS);
      for (const shard of shards) {
        vi.spyOn(Math, "random").mockReturnValue(shard);
        await record(true);
      }
      if (minute === 69) await cleanUp();
    }
    const one = { ...CALL, counts: [1, 0, 7, 1] };
    // (Reading it, and changing it, which convex-test counts as reading it once more.)
    expect(await used((slis) => slis.record([one]))).toEqual([2, 1]);
    const stretches = (await read())[0]?.stretches ?? [];
    const of = (ms: number) => stretches.filter(({ stretchMs }) => stretchMs === ms).length;
    const documents = [of(MINUTE_MS) * shards.length, of(HOUR_MS), of(DAY_MS)] as const;
    expect(documents).toEqual([320, 72, 28]);
    const { since } = madeOf(30 * DAY_MS, Date.now());
    expect(await used((slis) => slis.read(since))).toEqual([320 + 72 + 28, 0]);
  });
});
