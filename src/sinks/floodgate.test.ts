import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.js";
import { Floodgate, type FloodgateOptions } from "./floodgate.js";

function gateOf(options: Partial<FloodgateOptions<string>> = {}) {
  const clock = new ManualClock();
  const passed: [item: string, suppressed: number][] = [];
  const gate = new Floodgate<string>({
    clock,
    burst: 1,
    everyMs: 10_000,
    perMinute: 100,
    maxKeys: 3,
    timers: true,
    pass: (item, suppressed) => void passed.push([item, suppressed]),
    ...options,
  });
  return { clock, passed, gate };
}

describe("a floodgate", () => {
  it("lets the first of a kind through, and tells at the end of its time how many came after it", async () => {
    const { clock, passed, gate } = gateOf();
    for (let n = 0; n < 1000; n++) gate.offer("a", () => `a${n}`);
    gate.offer("b", () => "b");
    expect(passed).toEqual([
      ["a0", 0],
      ["b", 0],
    ]);
    await clock.advance(10_000);
    expect(passed.slice(2)).toEqual([["a0", 999]]);
    await clock.advance(60_000);
    expect([passed.length, gate.suppressed, clock.pending()]).toEqual([3, 999, 0]);
  });

  it("builds nothing of what is held back", () => {
    const { gate } = gateOf();
    let built = 0;
    for (let n = 0; n < 1000; n++) gate.offer("a", () => `${built++}`);
    expect(built).toBe(1);
  });

  it("tells without timers when the next one comes", async () => {
    const { clock, passed, gate } = gateOf({ timers: false });
    for (let n = 0; n < 5; n++) gate.offer("a", () => `a${n}`);
    await clock.advance(10_000);
    gate.offer("a", () => "later");
    expect([passed, clock.pending()]).toEqual([
      [
        ["a0", 0],
        ["later", 4],
      ],
      0,
    ]);
  });

  it("lets so many of all kinds through in a minute", async () => {
    const { clock, passed, gate } = gateOf({ perMinute: 2, maxKeys: 100 });
    for (let n = 0; n < 10; n++) gate.offer(`${n}`, () => `${n}`);
    expect(passed.length).toBe(2);
    await clock.advance(60_000);
    expect(passed.length).toBeLessThanOrEqual(4);
    await clock.advance(600_000);
    // Each of the others is told in the end, once there is room.
    expect(new Set(passed.map(([item]) => item)).size).toBe(10);
  });

  it("tells so many kinds apart, and forgets those that are over", async () => {
    const { clock, passed, gate } = gateOf();
    for (const key of ["a", "b", "c", "d", "e"]) gate.offer(key, () => key);
    expect(passed.map(([item]) => item)).toEqual(["a", "b", "c", "d"]);
    await clock.advance(20_000);
    gate.offer("e", () => "e again");
    expect(passed.at(-1)).toEqual(["e again", 0]);
  });

  it("tells what it held back when it is closed", async () => {
    const { clock, passed, gate } = gateOf();
    for (let n = 0; n < 3; n++) gate.offer("a", () => "a");
    gate.close();
    expect([passed, clock.pending()]).toEqual([
      [
        ["a", 0],
        ["a", 2],
      ],
      0,
    ]);
  });

  it("never lets more through than it may, and accounts for all in the end", async () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 15_000 })), {
      maxLength: 100,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const { clock, passed, gate } = gateOf({ burst: 2, perMinute: 6 });
        const times: number[] = [];
        let seen = 0;
        for (const [key, wait] of script) {
          gate.offer(key, () => key);
          while (seen < passed.length) {
            seen++;
            times.push(clock.monotonic());
          }
          await clock.advance(wait);
        }
        const inAMinute = times.map((at) => times.filter((other) => other >= at && other < at + 60_000).length);
        // A full bucket, and what runs into it meanwhile.
        expect(Math.max(0, ...inAMinute)).toBeLessThanOrEqual(12);
        await clock.advance(3_600_000);
        const told = passed.reduce((sum, [, suppressed]) => sum + suppressed, 0);
        // A summary stands for those it counts and is none itself.
        const summaries = passed.length - (script.length - gate.suppressed);
        expect([summaries >= 0, told]).toEqual([true, gate.suppressed]);
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
