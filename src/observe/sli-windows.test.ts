import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latencyBucket, latencyOf } from "../kernel/sli/latency.js";
import { ManualClock } from "../testing/manual-clock.js";
import { SLI_WINDOWS, SliWindows } from "./sli-windows.js";

const MINUTE = 60_000;

/** The length of the rows that a window is added up from. */
const stretch = (sec: number) => MINUTE * (sec <= 7_200 ? 1 : sec <= 21_600 ? 15 : 60);

function windowsOf(slis: SliWindows, name: string) {
  return slis.snapshot().endpoints[name]?.windows ?? [];
}

describe("SliWindows", () => {
  it("counts what a list of all calls would have counted", () => {
    const call = fc.record({
      waitMs: fc.oneof(
        fc.nat(5_000),
        fc.nat(10 * MINUTE),
        fc.integer({ min: 0, max: 26 * 60 * MINUTE }),
        fc.constant(MINUTE),
      ),
      bad: fc.constantFrom(true, false, undefined),
      ms: fc.double({ min: 0, max: 150_000, noNaN: true }),
      look: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 60 }), (calls) => {
        const clock = new ManualClock();
        const slis = new SliWindows(clock);
        const sli = slis.recorder("endpoint", "chat");
        const startedAt = clock.monotonic();
        const seen: { at: number; bad: boolean; ms: number }[] = [];
        for (const { waitMs, bad, ms, look } of calls) {
          clock.tick(waitMs);
          sli.record(bad, ms);
          if (bad !== undefined) seen.push({ at: clock.monotonic(), bad, ms });
          if (!look) continue;
          const now = clock.monotonic();
          for (const window of windowsOf(slis, "chat")) {
            const since = Math.floor((now - window.sec * 1000) / stretch(window.sec)) * stretch(window.sec);
            const inside = seen.filter(({ at }) => at >= since);
            const latencies = inside.map((one) => one.ms).sort((a, b) => a - b);
            const percentile = (share: number) => {
              const exact = latencies[Math.ceil(share * latencies.length) - 1];
              return exact === undefined ? null : latencyOf(latencyBucket(exact));
            };
            expect(window).toEqual({
              sec: window.sec,
              valid: inside.length,
              bad: inside.filter((one) => one.bad).length,
              coveredSec: Math.min(window.sec, Math.floor((now - startedAt) / 1000)),
              p50: percentile(0.5),
              p95: percentile(0.95),
              p99: percentile(0.99),
            });
          }
        }
        expect(windowsOf(slis, "chat")).toHaveLength(SLI_WINDOWS.length);
      }),
      { numRuns: 200 },
    );
  });

  it("forgets the quiet past and covers no more than the window", () => {
    const clock = new ManualClock();
    const slis = new SliWindows(clock);
    slis.recorder("endpoint", "chat").record(true, 10);
    clock.tick(4 * 24 * 60 * MINUTE);
    for (const window of windowsOf(slis, "chat")) {
      expect(window).toMatchObject({ valid: 0, bad: 0, coveredSec: window.sec, p95: null });
    }
  });

  it("says how little it has seen soon after the start", () => {
    const clock = new ManualClock();
    const slis = new SliWindows(clock);
    slis.recorder("endpoint", "chat");
    clock.tick(90_500);
    expect(windowsOf(slis, "chat").map((window) => window.coveredSec)).toEqual(SLI_WINDOWS.map(() => 90));
  });

  it("leaves calls out that are neither good nor bad", () => {
    const slis = new SliWindows(new ManualClock());
    slis.recorder("endpoint", "chat").record(undefined, 10);
    expect(windowsOf(slis, "chat")[0]).toMatchObject({ valid: 0, bad: 0, p50: null });
  });

  it("keeps endpoints, upstreams and names apart, and gives the same recorder for the same name", () => {
    const slis = new SliWindows(new ManualClock());
    slis.recorder("endpoint", "chat").record(false, 1);
    slis.recorder("endpoint", "search").record(true, 1);
    slis.recorder("upstream", "chat").record(true, 1);
    slis.recorder("upstream", "chat").record(true, 1);
    const { endpoints, upstreams } = slis.snapshot();
    expect(endpoints.chat?.windows[0]).toMatchObject({ valid: 1, bad: 0 });
    expect(endpoints.search?.windows[0]).toMatchObject({ valid: 1, bad: 1 });
    expect(upstreams.chat?.windows[0]).toMatchObject({ valid: 2, bad: 2 });
  });

  it("reads the clock once a minute, not once a call", () => {
    const clock = new ManualClock();
    let reads = 0;
    const counting = {
      monotonic: () => {
        reads++;
        return clock.monotonic();
      },
      wall: () => clock.wall(),
      alarm: clock.alarm.bind(clock),
    };
    const sli = new SliWindows(counting).recorder("upstream", "search");
    const before = reads;
    for (let minute = 0; minute < 3; minute++) {
      for (let i = 0; i < 1000; i++) sli.record(false, 3);
      clock.tick(MINUTE);
    }
    expect(reads - before).toBe(3);
  });

  it("has one alarm while calls come, however many indicators there are, and none without calls", () => {
    const clock = new ManualClock();
    const slis = new SliWindows(clock);
    for (const name of ["a", "b", "c"]) slis.recorder("endpoint", name).record(false, 1);
    expect(clock.pending()).toBe(1);
    clock.tick(MINUTE);
    expect(clock.pending()).toBe(0);
    slis.recorder("endpoint", "a").record(false, 1);
    expect(clock.pending()).toBe(1);
    slis.close();
    expect(clock.pending()).toBe(0);
    expect(windowsOf(slis, "a")[0]).toMatchObject({ valid: 2 });
  });

  it("goes on counting after it was closed", () => {
    const clock = new ManualClock();
    const slis = new SliWindows(clock);
    const sli = slis.recorder("endpoint", "a");
    sli.record(false, 1);
    slis.close();
    clock.tick(3 * MINUTE);
    sli.record(true, 1);
    expect(windowsOf(slis, "a")[0]).toMatchObject({ valid: 2, bad: 1 });
  });
});
