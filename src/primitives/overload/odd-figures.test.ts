import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoopDelaySource } from "../../core/front-door.js";
import { runtime } from "../../core/runtime.js";
import { seeded } from "../../core/seeded.js";
import { snapshotSchema } from "../../schema.js";
import { ManualClock } from "../../testing/manual-clock.js";
import { OverloadGuard } from "./overload-guard.js";

const PRIORITIES = ["critical", "high", "normal", "low"] as const;

/** Times as nobody should measure them, and some that anybody may. */
const odd = fc.oneof(
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 0, Number.MIN_VALUE, Number.MAX_VALUE),
  fc.double({ min: 0, max: 1000, noNaN: true }),
);

const step = fc.record({
  priority: fc.constantFrom(...PRIORITIES),
  waitedMs: fc.option(odd, { nil: undefined }),
  lateMs: odd,
  tookMs: fc.option(odd, { nil: undefined }),
  /** Calls that came before end in the order they came. */
  leaves: fc.boolean(),
  passesMs: fc.oneof(fc.constantFrom(0, 100, 1e7), fc.nat(300)),
});

describe.each([1, 2, 3, 5, 8, 13])("an overload guard that is told odd figures (seed %i)", (seed) => {
  it("has none in its snapshot, and lets everybody in again once all is well", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new ManualClock();
        const loop = { lateMs: 0, heard: (_now: number, _lateMs: number): void => undefined };
        const source: LoopDelaySource = (_, heard) => {
          loop.heard = heard;
          return { lateMs: () => loop.lateMs, stop: () => undefined };
        };
        const guard = new OverloadGuard("shop", { loop: source }, runtime({ clock, random: seeded(seed) }));
        const inside: (() => void)[] = [];
        const sound = () => {
          const snapshot = guard.snapshot();
          expect(snapshotSchema.shape.overload.parse(snapshot)).toEqual(snapshot);
        };
        for (const { priority, waitedMs, lateMs, tookMs, leaves, passesMs } of steps) {
          loop.lateMs = lateMs;
          loop.heard(clock.monotonic(), lateMs);
          const gate = guard.gate(priority, priority);
          if (gate.enter(clock.monotonic(), waitedMs) === undefined)
            inside.push(() => gate.leave(clock.monotonic(), tookMs));
          if (leaves) inside.shift()?.();
          await clock.advance(passesMs);
          sound();
        }
        for (const leave of inside) leave();
        loop.lateMs = 0;
        const refused: number[] = [];
        for (let at = 0; at < 200; at++) {
          loop.heard(clock.monotonic(), 0);
          for (const priority of PRIORITIES) {
            const gate = guard.gate(priority, priority);
            const asked = gate.enter(clock.monotonic());
            if (asked === undefined) gate.leave(clock.monotonic() + 5, 5);
            else if (at >= 150) refused.push(asked);
          }
          await clock.advance(100);
        }
        sound();
        expect(refused).toEqual([]);
        expect(guard.snapshot()).toMatchObject({ inFlight: 0, overloaded: false, admits: { low: 1 } });
      }),
      { seed, numRuns: 40 },
    );
  });
});
