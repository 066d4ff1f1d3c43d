import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Store, StoreFailure } from "../../core/store.js";
import { sliCell } from "../../kernel/sli/sli-cell.js";
import { memoryStore } from "../../stores/memory/memory-store.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { CountRing, type SloCounts } from "./counts.js";
import { Patience } from "./patient.js";
import { SharedTier, type SliStep } from "./shared-tier.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const one = (bad: boolean): SloCounts => ({ valid: 1, bad: bad ? 1 : 0, slow: 0 });

function steps(store: Store, clock: ManualClock): SliStep {
  return new Patience(clock).with(store.open(sliCell, "slis"));
}
const tier = (step: SliStep) => new SharedTier(step, "endpoint:chat", HOUR, 7, new CountRing(MINUTE, 361));

describe("SharedTier", () => {
  it("shows every process what all of them have written, as a list of all calls would", async () => {
    const action = fc.record({
      waitMs: fc.oneof(fc.nat(2 * MINUTE), fc.nat(40 * MINUTE)),
      who: fc.nat(2),
      bad: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const clock = new ManualClock();
        const step = steps(memoryStore({ clock }), clock);
        const tiers = [tier(step), tier(step), tier(step)];
        const seen: { at: number; bad: boolean }[] = [];
        for (const { waitMs, who, bad } of actions) {
          // Every process writes once a minute, or may miss the time of a cell to write to.
          for (let left = waitMs; left > 0; left -= MINUTE) {
            clock.tick(Math.min(left, MINUTE));
            for (const each of tiers) await each.refresh(clock.wall());
          }
          tiers[who]?.add(clock.wall(), one(bad));
          seen.push({ at: clock.wall(), bad });
        }
        // Once to write, and once to read what those after it have written.
        for (let round = 0; round < 2; round++) for (const each of tiers) await each.refresh(clock.wall());
        for (const ms of [5 * MINUTE, HOUR, 6 * HOUR]) {
          const since = Math.floor((clock.wall() - ms) / MINUTE) * MINUTE;
          const inside = seen.filter(({ at }) => at >= since);
          const expected = { valid: inside.length, bad: inside.filter(({ bad }) => bad).length, slow: 0 };
          for (const each of tiers) expect(each.sum(clock.wall() - ms, clock.wall())).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("reads what was there before it came, and then each cell that is over once", async () => {
    const clock = new ManualClock();
    const step = steps(memoryStore({ clock }), clock);
    const before = tier(step);
    before.add(clock.wall(), { valid: 9, bad: 4, slow: 2 });
    await before.refresh(clock.wall());
    clock.tick(2 * HOUR + 10 * MINUTE);
    let asked = 0;
    const after = tier((...args) => {
      asked++;
      return step(...args);
    });
    await after.refresh(clock.wall());
    expect(after.sum(clock.wall() - 3 * HOUR, clock.wall())).toEqual({ valid: 9, bad: 4, slow: 2 });
    expect(after.since).toBe(clock.wall() - 2 * HOUR - 10 * MINUTE);
    expect(asked).toBe(7);
    await after.refresh(clock.wall());
    expect(asked).toBe(8);
  });

  it("keeps what surely was not written for the next time, and writes nothing twice that may have been", async () => {
    const clock = new ManualClock();
    const real = steps(memoryStore({ clock }), clock);
    let trouble: StoreFailure | undefined;
    const own = tier((...args) => (trouble === undefined ? real(...args) : Promise.resolve(trouble)));
    const other = tier(real);
    own.add(clock.wall(), one(true));
    trouble = new StoreFailure("unavailable", "no");
    expect(await own.refresh(clock.wall())).toBe(trouble);
    expect(own.sum(clock.wall() - HOUR, clock.wall())).toEqual(one(true));
    trouble = new StoreFailure("timeout", "unknown");
    own.add(clock.wall(), one(false));
    expect(await own.refresh(clock.wall())).toBe(trouble);
    trouble = undefined;
    own.add(clock.wall(), one(false));
    expect(await own.refresh(clock.wall())).toBeUndefined();
    await other.refresh(clock.wall());
    expect(other.sum(clock.wall() - HOUR, clock.wall())).toEqual(one(false));
  });

  it("drops what no cell is left for, however long the store is away", async () => {
    const clock = new ManualClock();
    const failing = tier(() => Promise.resolve(new StoreFailure("unavailable", "no")));
    for (let minute = 0; minute < 24 * 60; minute++) {
      failing.add(clock.wall(), one(true));
      await failing.refresh(clock.wall());
      clock.tick(MINUTE);
    }
    const { valid } = failing.sum(0, clock.wall());
    expect(valid).toBeLessThanOrEqual(7 * 60);
    expect(valid).toBeGreaterThan(6 * 60 - 1);
  });
});
