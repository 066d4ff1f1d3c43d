import { describe, expect, it, onTestFinished } from "vitest";
import { createKit } from "../../kit/kit.js";
import { snapshotSchema } from "../../schema.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { type LoopHistogram, type Machine, thisProcess } from "./machine.js";
import { processUsage, RecentUsage } from "./process-usage.js";

/** A process whose figures a test sets; each of its loop histograms counts how often it was reset. */
class SetMachine implements Machine {
  cpu = 5;
  stopped = 0;
  readonly resets: number[] = [];

  memory() {
    return { rssBytes: 100, heapUsedBytes: 40, heapLimitBytes: 400 };
  }

  cpuSec(): number {
    return this.cpu;
  }

  uptimeMs(): number {
    return 60_000;
  }

  loop(): LoopHistogram {
    const at = this.resets.push(0) - 1;
    return {
      // Says which one was read, and how often it had begun anew.
      read: () => ({ p50Ms: at, p99Ms: this.resets[at] ?? Number.NaN, maxMs: 0 }),
      reset: () => {
        this.resets[at] = (this.resets[at] ?? 0) + 1;
      },
      stop: () => void this.stopped++,
    };
  }
}

function measured() {
  const clock = new ManualClock();
  const machine = new SetMachine();
  const meter = new RecentUsage(clock, 10_000, machine);
  /** So much later, with so much of the processor used. */
  const later = async (ms: number, cpuSec: number) => {
    await clock.advance(ms);
    machine.cpu += cpuSec;
    return meter.read();
  };
  return { machine, meter, later };
}

describe("processUsage", () => {
  it("says how busy the processor was lately, and knows nothing before any time has passed", async () => {
    const { meter, later } = measured();
    expect(meter.read()).toMatchObject({ rssBytes: 100, cpuSec: 5, cpuShare: null, recentSec: 0 });
    expect(await later(4_000, 2)).toMatchObject({ cpuSec: 7, cpuShare: 0.5, recentSec: 4 });
    // An hour of nothing, in which nobody asked, then a busy while.
    expect(await later(3_596_000, 0)).toMatchObject({ cpuShare: 2 / 3600, recentSec: 3600 });
    // That hour is nothing to those who ask now.
    expect(await later(10_000, 10)).toMatchObject({ cpuShare: 1, recentSec: 10 });
  });

  it("answers about at least the last ten seconds, and twice that at most while it is asked, however many ask", async () => {
    const { machine, later } = measured();
    const lengths: number[] = [];
    const read: (number | undefined)[] = [];
    for (let at = 0; at < 100; at++) {
      const { recentSec, loopDelay, cpuShare } = await later(700, 0.35);
      expect(cpuShare).toBeCloseTo(0.5, 9);
      if (at > 20) lengths.push(recentSec);
      read.push(loopDelay?.p50Ms);
    }
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(20.7);
    // Both histograms took turns.
    expect([...new Set(read)].sort()).toEqual([0, 1]);
    expect(machine.resets.every((times) => times >= 2)).toBe(true);
  });

  it("is in a kit's snapshot, and stops with the kit", async () => {
    const clock = new ManualClock();
    const machine = new SetMachine();
    const kit = createKit({ service: "shop", env: {}, clock, process: () => new RecentUsage(clock, 1_000, machine) });
    await clock.advance(2_000);
    const snapshot = await kit.snapshot();
    expect(snapshot.process).toEqual({
      uptimeMs: 60_000,
      rssBytes: 100,
      heapUsedBytes: 40,
      heapLimitBytes: 400,
      cpuSec: 5,
      cpuShare: 0,
      loopDelay: { p50Ms: 1, p99Ms: 0, maxMs: 0 },
      recentSec: 2,
    });
    expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
    expect(clock.pending("held")).toBe(0);
    await kit.close();
    expect(machine.stopped).toBe(2);
  });

  it("measures this process", async () => {
    const kit = createKit({ service: "shop", env: {}, process: processUsage({ over: "1s" }) });
    onTestFinished(async () => void (await kit.close()));
    const { process: usage, ...rest } = await kit.snapshot();
    expect(snapshotSchema.parse({ ...rest, process: usage }).process).toEqual(usage);
    expect(usage?.rssBytes).toBeGreaterThan(10e6);
    expect(usage?.heapUsedBytes).toBeGreaterThan(1e6);
    expect(usage?.heapLimitBytes).toBeGreaterThan(usage?.heapUsedBytes ?? Infinity);
    expect(usage?.cpuSec).toBeGreaterThan(0);
    expect(usage?.uptimeMs).toBeGreaterThan(0);
  });

  it("takes what the event loop was late, and not how often it is looked at", async () => {
    const loop = thisProcess.loop();
    onTestFinished(() => loop.stop());
    expect(loop.read()).toBe(null);
    const turn = () => new Promise<void>((resolve) => void setTimeout(resolve, 1));
    while (loop.read() === null) await turn();
    loop.reset();
    expect(loop.read()).toBe(null);
    while (loop.read() === null) await turn();
    // One turn of more than a hundred milliseconds.
    const began = performance.now();
    while (performance.now() < began + 120);
    while ((loop.read()?.maxMs ?? 0) < 60) await turn();
    expect(loop.read()?.maxMs).toBeLessThanOrEqual(performance.now() - began);
  });

  it("names an option that is wrong", () => {
    expect(() => processUsage({ over: 10 })).toThrow("processUsage.over");
    expect(() => processUsage({ every: "1s" } as never)).toThrow("processUsage.every");
  });
});
