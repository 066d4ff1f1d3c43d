import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.js";
import { Deadlines, type Expirable } from "./deadlines.js";

class Entry implements Expirable {
  deadline = 0;
  previous: Expirable | undefined = undefined;
  next: Expirable | undefined = undefined;
  constructor(readonly expire: () => void) {}
}

describe("deadlines", () => {
  it("expire each at its own moment, in their order, with one timer for all", async () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock, 100);
    const expired: string[] = [];
    for (const [name, at] of [
      ["a", 0],
      ["b", 0],
      ["c", 40],
    ] as const) {
      await clock.advance(at - clock.monotonic());
      deadlines.add(new Entry(() => expired.push(`${name} ${clock.monotonic()}`)), clock.monotonic());
    }
    expect(clock.pending()).toBe(1);
    await clock.advance(1000);
    expect(expired).toEqual(["a 100", "b 100", "c 140"]);
    expect(clock.pending()).toBe(0);
  });

  it("keep a process alive only while there is one", () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock, 100);
    const entry = new Entry(() => undefined);
    deadlines.add(entry, 0);
    expect(clock.pending("held")).toBe(1);
    deadlines.remove(entry);
    expect([clock.pending("held"), clock.pending("background")]).toEqual([0, 1]);
    deadlines.add(new Entry(() => undefined), 50);
    expect(clock.pending("held")).toBe(1);
  });

  it("may be added to and taken from by those that expire", async () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock, 10);
    const expired: string[] = [];
    const other = new Entry(() => expired.push("other"));
    const again = new Entry(() => expired.push("again"));
    deadlines.add(
      new Entry(() => {
        deadlines.remove(other);
        deadlines.add(again, clock.monotonic());
      }),
      0,
    );
    deadlines.add(other, 0);
    await clock.advance(100);
    expect(expired).toEqual(["again"]);
    expect(clock.pending()).toBe(0);
  });

  it("never ring too early, whatever is added and taken", async () => {
    const operation = fc.record({ wait: fc.nat(60), remove: fc.option(fc.nat(5), { nil: undefined }) });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        const clock = new ManualClock();
        const deadlines = new Deadlines(clock, 100);
        const model = new Map<Entry, number>();
        for (const { wait, remove } of operations) {
          await clock.advance(wait);
          for (const until of model.values()) expect(until).toBeGreaterThan(clock.monotonic());
          const taken = remove === undefined ? undefined : [...model.keys()][remove];
          if (taken !== undefined) {
            deadlines.remove(taken);
            model.delete(taken);
          }
          const entry: Entry = new Entry(() => {
            expect(model.get(entry)).toBe(clock.monotonic());
            model.delete(entry);
          });
          model.set(entry, clock.monotonic() + 100);
          deadlines.add(entry, clock.monotonic());
        }
        await clock.advance(200);
        expect(model.size).toBe(0);
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
