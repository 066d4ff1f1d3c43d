import { describe, expect, it } from "vitest";
import { eventLoopDelay } from "../../adapters/node/loop-delay.js";
import type { Gate } from "../../core/front-door.js";
import { type Runtime, runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import type { OverloadOptions } from "./options.js";
import { OverloadGuard } from "./overload-guard.js";
import { LoopClock, simulated } from "./simulated-server.fixture.js";

/** A handler that keeps the processor busy for two milliseconds: 500 a second are all that can be done. */
const CPU_MS = 2;
const CAPACITY = 500;

function guarded(options: OverloadOptions<never> = {}, parts: Partial<Runtime> = {}) {
  const clock = new LoopClock();
  const rt = runtime({ clock, random: seeded(7), ...parts });
  return { clock, guard: new OverloadGuard("shop", { loop: eventLoopDelay(), ...options }, rt) };
}

const always = (rate: number) => () => rate;

describe("a server whose handler keeps the processor busy, in virtual time", () => {
  it("answers hardly anybody in time at three times its capacity, on its own", () => {
    const told = simulated(new LoopClock(), [{ gate: undefined, rate: always(3 * CAPACITY), cpuMs: CPU_MS }], 10_000);
    expect(told(0, 2000, 10_000).good).toBe(0);
  });

  it.each([1, 1.5, 2, 3, 5])("keeps its goodput at %s times its capacity", (times) => {
    const { clock, guard } = guarded();
    const flow = { gate: guard.gate("work", "normal"), rate: always(times * CAPACITY), cpuMs: CPU_MS };
    const told = simulated(clock, [flow], 10_000)(0, 2000, 10_000);
    expect(told.good / 8).toBeGreaterThanOrEqual(0.85 * CAPACITY);
    expect(told.good + told.refused).toBe(told.came);
    expect(told.slowest).toBeLessThan(300);
  });

  it("refuses nobody at half of its capacity, nor for a pause that passes", () => {
    const { clock, guard } = guarded();
    const rate = always(CAPACITY / 2);
    const pauses = { gate: undefined, rate: always(0.5), cpuMs: 90 };
    const told = simulated(clock, [{ gate: guard.gate("work", "normal"), rate, cpuMs: CPU_MS }, pauses], 20_000);
    expect(told(1, 0, 20_000).came).toBeGreaterThan(3);
    expect(told(0, 0, 20_000).refused).toBe(0);
  });

  it("takes everybody in again soon after the load has fallen", () => {
    const { clock, guard } = guarded();
    const rate = (at: number) => (at > 3000 && at < 8000 ? 3 : 0.6) * CAPACITY;
    const told = simulated(clock, [{ gate: guard.gate("work", "normal"), rate, cpuMs: CPU_MS }], 14_000);
    expect(told(0, 0, 3000).refused).toBe(0);
    expect(told(0, 4000, 8000).refused).toBeGreaterThan(0);
    expect(told(0, 10_000, 14_000)).toMatchObject({ refused: 0 });
    expect(guard.snapshot()).toMatchObject({ overloaded: false, admits: { low: 1 } });
  });

  it("remembers no overload of before a silence", () => {
    const { clock, guard } = guarded();
    // Very many at once, most of whom are refused. The last of them is followed by nobody for some seconds.
    const rate = (at: number) => (at < 90 ? 20 * CAPACITY : at < 100 ? 0.02 : 0.6 * CAPACITY);
    const told = simulated(clock, [{ gate: guard.gate("work", "normal"), rate, cpuMs: CPU_MS }], 60_000);
    expect(told(0, 0, 100).refused).toBeGreaterThan(0);
    expect(told(0, 100, 2000).came).toBe(0);
    expect(told(0, 2000, 60_000).came).toBeGreaterThan(1000);
    expect(told(0, 2000, 60_000)).toMatchObject({ refused: 0 });
  });

  it.each([
    [5, 120],
    [10, 60],
    [3, 200],
    [1, 300],
  ])("goes on answering while something else takes the processor, %s times a second for %s ms", (rate, takesMs) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { clock, guard } = guarded();
      // A tenth of the processor is all it needs, and refusing is of no use.
      const flows = (gate: Gate | undefined) => [
        { gate, rate: always(500), cpuMs: 0.2 },
        { gate: undefined, rate: always(rate), cpuMs: takesMs },
      ];
      const told = simulated(clock, flows(guard.gate("work", "normal")), 30_000, seed)(0, 5000, 30_000);
      const alone = simulated(new LoopClock(), flows(undefined), 30_000, seed)(0, 5000, 30_000);
      expect(told.good).toBeGreaterThan(0.6 * alone.good);
    }
  });

  it("refuses those who matter least, and nobody above them", () => {
    const { clock, guard } = guarded();
    const flow = (priority: "critical" | "normal" | "low", share: number) => ({
      gate: guard.gate(priority, priority),
      rate: always(share * CAPACITY),
      cpuMs: CPU_MS,
    });
    const told = simulated(clock, [flow("critical", 0.4), flow("normal", 1), flow("low", 1.6)], 12_000);
    const [critical, normal, low] = [told(0, 2000, 12_000), told(1, 2000, 12_000), told(2, 2000, 12_000)];
    expect(critical.good / critical.came).toBeGreaterThan(0.99);
    expect(low.good / low.came).toBeLessThan(0.05);
    expect((critical.good + normal.good + low.good) / 10).toBeGreaterThan(0.85 * CAPACITY);
  });

  it("repeats itself to the letter from the same seed", () => {
    const run = () => {
      const { clock, guard } = guarded();
      simulated(clock, [{ gate: guard.gate("work", "normal"), rate: always(1500), cpuMs: CPU_MS }], 3000);
      return guard.snapshot();
    };
    expect(run()).toEqual(run());
  });
});

describe("a server that waits for something that is overloaded, in virtual time", () => {
  // Twenty at a time take 50 ms; more than that only wait for each other.
  const waitMs = (others: number) => 50 * Math.max(1, others / 20);

  it("finds by latency alone how many calls at a time are of use", () => {
    const { clock, guard } = guarded({ loop: undefined as never });
    const gate = guard.gate("work", "normal");
    const rate = (at: number) => (at < 5000 ? 200 : 1200);
    const told = simulated(clock, [{ gate, rate, cpuMs: 0.1, waitMs }], 15_000);
    expect(told(0, 1000, 5000).refused).toBe(0);
    const { good, slowest } = told(0, 7000, 15_000);
    expect(good / 8).toBeGreaterThan(0.85 * 400);
    expect(slowest).toBeLessThan(400);
    expect(guard.snapshot()).toMatchObject({ overloaded: false, loopDelayMs: null });
  });

  it("soon believes that what it waits for has become slower for everybody, and refuses nobody for it", () => {
    const { clock, guard } = guarded({ loop: undefined as never });
    const gate = guard.gate("work", "normal");
    const slower = () => (clock.monotonic() < 20_000 ? 50 : 250);
    const told = simulated(clock, [{ gate, rate: always(200), cpuMs: 0.1, waitMs: slower }], 60_000);
    expect(told(0, 0, 20_000).refused).toBe(0);
    expect(told(0, 30_000, 60_000).refused).toBe(0);
  });
});
